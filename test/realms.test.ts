// Values of another realm: what a program in a vm context (Jest, the vm pools of Vitest) has and receives.
// Each call is made with values of this realm and with those of another one. The answers must be equal.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import {
  filter,
  Labels,
  loader,
  MedsError,
  microsOf,
  PatientDatabase,
  predictionTimes,
  Splits,
  samples,
  TimeToEvent,
  timeAfter,
  timeBefore,
  transform,
  Vocabulary,
} from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clinic, IDS, T0 } from "./support/clinic.js";
import { folder } from "./support/folder.js";

type Realm = typeof globalThis;
const HERE: Realm = globalThis;
const OTHER = runInContext("globalThis", createContext()) as Realm;
const project = fileURLToPath(new URL("..", import.meta.url));

let store: string;
let db: PatientDatabase;
beforeAll(async () => {
  ({ store } = await clinic());
  db = PatientDatabase.open(store);
});
afterAll(() => db.close());

const patient = () => db.at(0)!;
/** 2020-01-01 and some milliseconds, as a Date of a realm. */
const date = ({ Date: Of }: Realm, millis = 2): Date => new Of(Number(T0 / 1000n) + millis);
const ids = ({ BigInt64Array: Of }: Realm) => new Of(IDS.slice(0, 3));
const times = ({ BigInt64Array: Of }: Realm) => new Of([T0 + 1n, T0 + 2000n, T0 + 3000n]);
const moments = (realm: Realm) => ({ subjectIds: ids(realm), times: times(realm), has: new realm.Uint8Array([1, 1, 1]) });
const labels = (realm: Realm) =>
  Labels.from(
    realm.Array.from(
      IDS.slice(0, 3),
      (subjectId) => new realm.Object({ subjectId, predictionTime: date(realm), booleanValue: true }),
    ) as never,
  );
const chosen = (realm: Realm) => samples(db, labels(realm), { maxLength: 4 });
const codesOf = (selection: Iterable<number>) => [...selection];
/** An answer as text, without the realm of its objects. */
const text = (answer: unknown) =>
  JSON.stringify(answer, (_, value: unknown) => {
    if (typeof value === "bigint") return `${value}n`;
    return ArrayBuffer.isView(value) ? [value.constructor.name, ...(value as Uint8Array)] : value;
  });

async function batchesOf(allocate: (name: string, bytes: number) => ArrayBufferLike) {
  const codes: unknown[] = [];
  for await (const { code } of loader(chosen(HERE), { batchSize: 2, allocate })) codes.push([...code]);
  return codes;
}

async function decoded({ Int32Array: Of }: Realm) {
  const vocabulary = await Vocabulary.fit(db.split("train"));
  return vocabulary.decode({ code: new Of([1, 2]), code_ids: [...loader(chosen(HERE), { batchSize: 9, vocabulary })][0]!.code_ids });
}

async function densed(realm: Realm) {
  const train = db.split("train");
  const tasks = await TimeToEvent.fit(train, { vocabulary: await Vocabulary.fit(train), tasks: 2, bins: 2, minFraction: 0 });
  return tasks.dense({
    index: new realm.Int32Array([0]),
    censor_time: new realm.Float32Array([100]),
    offsets: new realm.Int32Array([0, 1]),
    task: new realm.Int32Array([0]),
    time: new realm.Float32Array([10]),
  } as never);
}

/** What a pass returns that receives values of a realm as its arguments. */
async function mapped(realm: Realm, threads: number) {
  const args = { since: date(realm), ids: new realm.Set([1, 2]), names: new realm.Map([["a", new realm.Float32Array([1.5])]]) };
  const found: unknown[] = [];
  const pass = db.map(
    function* (patients, { since, ids, names }) {
      for (const patient of patients) yield [patient.from(since).length, [...ids], names.get("a")![0]];
    },
    { args, threads, ordered: true },
  );
  for await (const one of pass) found.push(one);
  return found;
}

async function transformed(realm: Realm) {
  const out = join(folder("realm"), "s.medsdb");
  const module = new URL("./support/realms/transform.mjs", import.meta.url);
  await transform(store, out, module, {
    args: new realm.Map([["at", date(realm)]]),
    threads: 1,
    columns: { seen: "timestamp[us]", raw: "binary" },
  });
  const changed = PatientDatabase.open(out);
  const rows = Array.from(changed.at(0)!, (event) => [event.timeMicros, event.get("seen"), event.get("raw")]);
  changed.close();
  return rows;
}

/** Calls that take values of the realm of their caller. */
const CALLS: readonly (readonly [name: string, call: (realm: Realm) => unknown])[] = [
  ["microsOf", (realm) => microsOf(date(realm))],
  ["timeAfter", (realm) => timeAfter(date(realm), "1d")],
  ["timeBefore", (realm) => timeBefore(date(realm), new realm.Object({ years: 1 }) as never)],
  ["until", (realm) => patient().until(date(realm)).length],
  ["from", (realm) => patient().from(date(realm), new realm.Object({ static: false }) as never).length],
  ["between", (realm) => patient().between(date(realm, 0), date(realm, 3)).length],
  ["withCode RegExp", (realm) => patient().withCode(new realm.RegExp("^LAB")).length],
  ["withCode Set", (realm) => patient().withCode(new realm.Set(["LAB//a", "DX//1"])).length],
  ["withCode array", (realm) => patient().withCode(realm.Array.of<string | RegExp>("LAB//a", new realm.RegExp("dx", "i"))).length],
  ["some", (realm) => patient().some(new realm.RegExp("^DX"))],
  ["first", (realm) => patient().first(new realm.RegExp("^DX"))?.code],
  ["codes.select", (realm) => codesOf(db.codes.select(new realm.RegExp("b$")))],
  ["codes.select ids", (realm) => codesOf(db.codes.select(new realm.Uint32Array([1, 2])))],
  ["codes.select prefixes", (realm) => codesOf(db.codes.select({ prefix: realm.Array.of("LAB//", "DX//") }))],
  ["subset", (realm) => db.subset(ids(realm)).size],
  ["subset Set", (realm) => db.subset(new realm.Set(IDS.slice(0, 2))).size],
  ["subset slots", (realm) => db.subset({ slots: new realm.Uint32Array([0, 2]) }).size],
  ["copy", (realm) => patient().copy(realm.Array.of("unit"))],
  ["windows", (realm) => [...db.windows(ids(realm), times(realm)).codeIds]],
  [
    "windows of dates",
    (realm) => [...db.windows(realm.Array.from(ids(realm)), realm.Array.of(date(realm), date(realm), date(realm))).times],
  ],
  ["countCodes", (realm) => db.countCodes({ windows: { subjectIds: ids(realm), end: times(realm) } })],
  [
    "countCodes of dates",
    (realm) => db.countCodes({ windows: { subjectIds: ids(realm), start: realm.Array.of(date(realm), date(realm), date(realm)) } }),
  ],
  ["countCodesEach", (realm) => db.countCodesEach({ windows: { subjectIds: ids(realm), end: times(realm) } })],
  ["moments", (realm) => db.countCodes({ windows: { until: moments(realm) } })],
  ["firstOf", (realm) => db.firstOf(new realm.RegExp("^LAB"))],
  ["lastOf", (realm) => db.lastOf(new realm.Set(["LAB//a"]))],
  ["asof", (realm) => db.asof(moments(realm), "LAB//*")],
  ["asof labels", (realm) => db.asof(labels(realm), new realm.RegExp("LAB"))],
  ["asofEach", (realm) => db.asofEach(moments(realm), { labs: new realm.RegExp("LAB"), dx: "DX//*" })],
  ["rowsWithCode", (realm) => db.rowsWithCode(new realm.RegExp("LAB"))],
  ["searchNotes", (realm) => db.searchNotes(new realm.RegExp("a"), { columns: { text: "note" } }).then(({ matches }) => matches)],
  ["select", (realm) => db.select({ codes: new realm.RegExp("LAB"), columns: realm.Array.of("time", "dose"), as: "objects" })],
  ["prefetch", (realm) => db.prefetch(ids(realm)).then(() => "done")],
  ["prefetch windows", (realm) => db.prefetch({ subjectIds: ids(realm), end: times(realm) }).then(() => "done")],
  ["Labels.from", (realm) => [...labels(realm).predictionTimes]],
  ["Labels.from Set", (realm) => Labels.from(new realm.Set(realm.Array.from(labels(realm))) as never).size],
  ["Labels.select", (realm) => labels(realm).select(new realm.Set([0, 2])).size],
  ["Splits", (realm) => Splits.from({ train: ids(realm), held_out: new realm.Set([IDS[3]!]) }).ids("train")],
  ["samples", (realm) => chosen(realm).size],
  ["samples codes", (realm) => samples(db, labels(realm), { maxLength: 4, codes: new realm.RegExp("LAB") }).size],
  ["allocate", ({ ArrayBuffer: Of }) => batchesOf((_, bytes) => new Of(bytes))],
  ["allocate shared", ({ SharedArrayBuffer: Of }) => batchesOf((_, bytes) => new Of(bytes))],
  ["decode", (realm) => decoded(realm)],
  ["dense", (realm) => densed(realm)],
  ["db.label", async (realm) => [...(await db.label(predictionTimes({ codes: realm.Array.of("LAB//*") }))).predictionTimes]],
  ["map args", (realm) => mapped(realm, 0)],
  ["map args in threads", (realm) => mapped(realm, 2)],
  ["transform", (realm) => transformed(realm)],
  [
    "filter",
    async (realm) =>
      (await filter(store, join(folder("realm"), "s.medsdb"), { ids: ids(realm), withCode: new realm.RegExp("^LAB") })).patients,
  ],
];

describe("values of another realm", () => {
  it.each(CALLS)("%s", async (_, call) => {
    const usual = text(await call(HERE));
    expect(usual).toBeDefined();
    expect(text(await call(OTHER))).toBe(usual);
  });

  it("are refused where those of this realm are", () => {
    const { Date: Of, Array: List } = OTHER;
    expect(() => microsOf(new Of(Number.NaN))).toThrow(/The Date is invalid/);
    expect(() => patient().until(T0, new Of() as never)).toThrow(MedsError);
    expect(() => patient().until(T0, List.of() as never)).toThrow(MedsError);
  });
});

const POOL = join(project, "test", "support", "realms");

describe.each(["vmThreads", "vmForks"])("Vitest with --pool %s", (pool) => {
  it("runs a program of all parts of the package", () => {
    const place = folder("pool");
    const args = ["run", "--root", POOL, "--pool", pool, "--reporter", "json", "--outputFile", join(place, "report.json")];
    const { stdout, stderr } = spawnSync(process.execPath, [join(project, "node_modules", "vitest", "vitest.mjs"), ...args], {
      encoding: "utf8",
      env: { ...process.env, MEDS_POOL_STORE: store, MEDS_POOL_FOLDER: place, VITEST: undefined, NODE_ENV: undefined } as never,
    });
    interface Result {
      readonly status: string;
      readonly title: string;
      readonly failureMessages: readonly string[];
    }
    let report: { numPassedTests: number; testResults: readonly { assertionResults: readonly Result[] }[] };
    try {
      report = JSON.parse(readFileSync(join(place, "report.json"), "utf8"));
    } catch {
      expect.fail(`${stdout}\n${stderr}`);
    }
    const failed = report.testResults.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status !== "passed"));
    expect(failed.map(({ title, failureMessages }) => `${title}: ${failureMessages[0]}`)).toEqual([]);
    expect(report.numPassedTests).toBeGreaterThan(15);
  });
});

// A check for the code that a test of one call cannot be: `instanceof` of a class that each realm has of its own.
describe("src/", () => {
  /** Files whose arrays are this package's own: made by its own classes, never by a caller. */
  const OWN =
    /^(store\/(field|shard|dictionary|values\/.*)|timeline\/(arrow|column)|batches\/(prefetch|fields\/filler)|labelers\/(times|value)|cli\/.*|support\/realm)\.ts$/;
  const CLASS = /instanceof (Date|RegExp|Map|Set|\w*Error|\w*Array|\w*ArrayBuffer|DataView|Promise|URL|AbortSignal|Object)\b/g;

  it("does not ask for the realm of a value of the caller", () => {
    const src = join(project, "src");
    const found = readdirSync(src, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !OWN.test(name))
      .flatMap((name) => [...readFileSync(join(src, name), "utf8").matchAll(CLASS)].map(([what]) => `${name}: ${what}`))
      .filter((line) => !/: instanceof (MedsError|CommanderError)$/.test(line));
    expect(found).toEqual([]);
  });
});
