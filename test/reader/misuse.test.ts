// Every argument of the public API, given values of every kind: a right value comes back or a MedsError, never a TypeError from inside, never a
// wrong answer.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { convert, generate, inspect as inspectSource, MedsError, PatientDatabase, verify } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { clinic, T0 } from "../support/clinic.js";
import { rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";

const ODD: readonly unknown[] = [
  ...[undefined, null, true, "", "x", "0", "1", "length", "__proto__", "train\0", "\ud800"],
  ...[0, 1, -1, 1.5, -0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 31, 2 ** 32, 2 ** 53, 1e300],
  ...[0n, 5n, -5n, 2n ** 63n, 2n ** 64n],
  ...[{}, Object.create(null), [], ["x"], [[]], new Map([[1, 2]]), new Date(0), new Date(Number.NaN), new Uint8Array(1), /x/],
  ...[Symbol("s"), Symbol.iterator, () => 1],
];

type Call = (value: never) => unknown;
/** What is called, and the odd values for which it has an answer. */
type Case = readonly [name: string, call: Call, answers: (value: unknown) => boolean];

const isText = (value: unknown) => typeof value === "string";
const isWhole = (value: unknown) => Number.isInteger(value);
const isId = (value: unknown) => typeof value === "bigint" || Number.isSafeInteger(value);
const isInfinite = (value: unknown) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY;
const isTime = (value: unknown) =>
  (typeof value === "bigint" && BigInt.asIntN(64, value) === value) ||
  Number.isSafeInteger(value) ||
  (value instanceof Date && !Number.isNaN(value.getTime()));
const isFlag = (value: unknown) => value === undefined || value === true;
const isCount = (value: unknown) => value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0);
/** An object that is taken as options, none of which it has: no list, map or set. */
const isOptions = (value: unknown) =>
  value === undefined || (typeof value === "object" && value !== null && !(Symbol.iterator in value) && !(value instanceof Date));
const oneOf =
  (...values: unknown[]) =>
  (value: unknown) =>
    values.includes(value);
const isEmpty = (value: unknown) => Array.isArray(value) && value.length === 0;
const isCodes = (value: unknown) =>
  isText(value) ||
  isWhole(value) ||
  isEmpty(value) ||
  value instanceof Uint8Array ||
  value instanceof RegExp ||
  (Array.isArray(value) && value[0] === "x");
/** An argument of first and last: a number of rows, or codes. */
const isHit = (value: unknown) =>
  typeof value === "number" ? (isWhole(value) && value >= 0) || value === Number.POSITIVE_INFINITY : isCodes(value);
const never = () => false;

let source: string;
let store: string;
let db: PatientDatabase;
beforeAll(async () => {
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  ({ source, store } = await clinic());
  db = PatientDatabase.open(store);
});
afterAll(() => db.close());

const patient = () => db.at(0)!;
const WINDOWS = {
  patient,
  run: () => patient().slice(3, 8),
  gap: () => patient().from(T0 + 2000n),
  chosen: () => patient().withCode("LAB//a", "LAB//b"),
};

/** Calls on one window, or column of one, whichever it is. */
const windowCases: Case[] = Object.entries(WINDOWS).flatMap(([name, window]): Case[] => [
  [`${name}.timeAt`, (x) => window().timeAt(x), oneOf(0, 1)],
  [`${name}.codeAt`, (x) => window().codeAt(x), oneOf(0, 1)],
  [`${name}.at`, (x) => window().at(x), (x) => isWhole(x) || isInfinite(x)],
  [`${name}.until`, (x) => window().until(x), isTime],
  [`${name}.from`, (x) => window().from(x), isTime],
  [`${name}.until options`, (x) => window().until(T0, x), isOptions],
  [`${name}.from options`, (x) => window().from(T0, x), isOptions],
  [`${name}.until inclusive`, (x) => window().until(T0, { inclusive: x }), isFlag],
  [`${name}.from static`, (x) => window().from(T0, { static: x }), isFlag],
  [`${name}.between start`, (x) => window().between(x, 2n ** 63n - 1n), isTime],
  [`${name}.between end`, (x) => window().between(-(2n ** 63n), x), isTime],
  [`${name}.between options`, (x) => window().between(T0, T0, x), isOptions],
  [`${name}.between inclusive`, (x) => window().between(T0, T0, { inclusive: x }), isFlag],
  [`${name}.between static`, (x) => window().between(T0, T0, { static: x }), isFlag],
  [`${name}.first`, (x) => window().first(x), isHit],
  [`${name}.first options`, (x) => window().first("LAB//a", x), isOptions],
  [`${name}.first with`, (x) => window().first("LAB//a", { with: x }), (x) => x === undefined],
  [`${name}.last`, (x) => window().last(x), isHit],
  [`${name}.last options`, (x) => window().last("LAB//a", x), isOptions],
  [`${name}.last with`, (x) => window().last("LAB//a", { with: x }), (x) => x === undefined],
  [`${name}.slice begin`, (x) => window().slice(x), (x) => x === undefined || isWhole(x) || isInfinite(x)],
  [`${name}.slice end`, (x) => window().slice(0, x), (x) => x === undefined || isWhole(x) || isInfinite(x)],
  [`${name}.withCode`, (x) => window().withCode(x), isCodes],
  [`${name}.some`, (x) => window().some(x), isCodes],
  [`${name}.find`, (x) => window().find(x), never],
  [`${name}.filter`, (x) => window().filter(x), never],
  [`${name}.groupBy`, (x) => window().groupBy(x), never],
  [`${name}.distinct`, (x) => window().distinct(x), never],
  [`${name}.visits`, (x) => window().visits({ column: x }), never],
  [`${name}.column`, (x) => window().column(x), never],
  [`${name}.copy`, (x) => window().copy(x), (x) => x === undefined || isEmpty(x)],
  [`${name}.copy one`, (x) => window().copy([x]), never],
  [`${name}.forEach`, (x) => window().forEach(x), (x) => typeof x === "function"],
  [`${name}[0].get`, (x) => window().at(0)!.get(x), never],
  ...["time", "code", "unit", "note", "dose", "given"].flatMap((column): Case[] => [
    [`${name}.${column}.at`, (x) => window().column(column).at(x), oneOf(0, 1, -1)],
    [`${name}.${column}.isNull`, (x) => window().column(column).isNull(x), oneOf(0, 1, -1)],
    [`${name}.${column}.at in a gap`, (x) => afterFirst(window().column(column)).at(x), oneOf(0, 1, -1)],
  ]),
]);

/** A column handle that stands in the gap after its first value, where a null costs two comparisons. */
function afterFirst<C extends { at(i: number): unknown }>(column: C): C {
  column.at(0);
  column.at(1);
  return column;
}

const cases: Case[] = [
  ["open", (x) => PatientDatabase.open(x), never],
  ["open options", (x) => PatientDatabase.open(store, x).close(), isOptions],
  ["open verify", (x) => PatientDatabase.open(store, { verify: x }).close(), isFlag],
  ["get", (x) => db.get(x), isId],
  ["has", (x) => db.has(x), isId],
  ["at", (x) => db.at(x), isWhole],
  ["subset", (x) => db.subset(x), (x) => isEmpty(x) || x instanceof Uint8Array],
  ["subset of one", (x) => db.subset([x]), oneOf(0, 0n)],
  ["subset ids", (x) => db.subset({ ids: x }), (x) => isEmpty(x) || x instanceof Uint8Array],
  ["subset slots", (x) => db.subset({ slots: x }), (x) => isEmpty(x) || x instanceof Uint8Array],
  ["subset of a slot", (x) => db.subset({ slots: [x] as never }), oneOf(0, 1)],
  ["split", (x) => db.split(x), never],
  ["codes.id", (x) => db.codes.id(x), isText],
  ["codes.withPrefix", (x) => db.codes.withPrefix(x), isText],
  ["codes.select", (x) => db.codes.select(x), isCodes],
  [
    "codes.select prefix",
    (x) => db.codes.select({ prefix: x }),
    (x) => (isText(x) && x !== "") || isEmpty(x) || (Array.isArray(x) && x[0] === "x"),
  ],
  ["codes.withAncestor", (x) => db.codes.withAncestor(x), isText],
  ["exportC", (x) => db.exportC(x).release(), (x) => isWhole(x) && (x as number) >= 0 && (x as number) < db.shardCount],
  ["codes.get", (x) => db.codes.get(x), (x) => typeof x === "number"],
  ["codes.value name", (x) => db.codes.value(x, 1), never],
  ["codes.value id", (x) => db.codes.value("description", x), (x) => typeof x === "number"],
  ["range.has", (x) => expect(db.codes.withPrefix("").has(x)).toBe(x === 1), () => true],
  ["dictionary.at", (x) => patient().column("unit").dictionary!.at(x), isWhole],
  ...windowCases,
];

describe("a value of the wrong kind", () => {
  it.each(cases)("%s", (name, call, answers) => {
    for (const value of ODD) {
      const what = `${name}(${inspect(value)})`;
      let error: unknown;
      try {
        call(value as never);
      } catch (thrown) {
        error = thrown;
      }
      if (answers(value)) expect(error, what).toBeUndefined();
      else {
        expect(error, what).toBeInstanceOf(MedsError);
        expect((error as MedsError).message.length, what).toBeGreaterThan(20);
      }
    }
  });

  it("is an error that says what the value must be", () => {
    const message = (call: () => unknown) => {
      try {
        call();
      } catch (error) {
        return error instanceof MedsError ? `${error.code}: ${error.message}` : error;
      }
      return undefined;
    };
    expect(message(() => db.subset("1" as never))).toBe(
      'MEDS_INVALID_ARGUMENT: The choice of patients is "1". It must be an iterable of subject ids, { ids } or { slots }.',
    );
    expect(message(() => db.codes.id(5 as never))).toBe(
      "MEDS_INVALID_ARGUMENT: `code` is 5. It must be a code, as a string; codes.get(id) takes an id.",
    );
    expect(message(() => patient().until(null as never))).toMatch(/^MEDS_INVALID_ARGUMENT: The time is null\. It must be microseconds/);
    expect(message(() => patient().column("dose").at(1.5))).toMatch(/^MEDS_OUT_OF_RANGE: There is no row 1.5/);
  });
});

const target = folder("target");
/** Strings would name files; what is at a path is tested elsewhere. */
const isPath = (value: unknown) => isText(value) && value !== "" && !(value as string).includes("\0");

const converting =
  (name: string): Call =>
  (x) =>
    convert(source, join(target, "c.medsdb"), { force: true, [name]: x });

let made = 0;
const generating =
  (name: string): Call =>
  (x) => {
    // A good number, and hours of work.
    if (name === "events" && typeof x === "number" && x > 1e6 && x < 2 ** 40) return 0;
    made += 1;
    return generate(join(target, `generated${made}`), { patients: 5, events: 30, codes: 100, [name]: x });
  };

/** Windows of no subject, but for what is given. */
const asking =
  (name: string): Call =>
  (x) =>
    db.countCodes({ windows: { subjectIds: [], [name]: x } });
const isNone = (value: unknown) => isEmpty(value) || value === undefined;

const asyncCases: Case[] = [
  ["query options", (x) => db.countCodes(x), isOptions],
  ["query threads", (x) => db.countCodes({ threads: x }), (x) => isCount(x) && ((x as number | undefined) ?? 0) <= 1024],
  ["query signal", (x) => db.countCodes({ signal: x }), (x) => x === undefined],
  ["query windows", (x) => db.countCodes({ windows: x }), (x) => x === undefined],
  ["query subjectIds", asking("subjectIds"), (x) => isEmpty(x) || x instanceof Uint8Array],
  ["query start", asking("start"), isNone],
  ["query end", asking("end"), isNone],
  ["query inclusive", asking("inclusive"), isFlag],
  ["query static", asking("static"), isFlag],
  ["query last", asking("last"), (x) => isCount(x) || x === 2 ** 53 || x === 1e300 || x === Number.POSITIVE_INFINITY],
  ["query codes", (x) => db.countCodesEach({ codes: x }), (x) => x === undefined || isCodes(x)],
  ["rowsWithCode", (x) => db.rowsWithCode(x), isCodes],
  ["firstOf", (x) => db.firstOf(x), isCodes],
  ["from", (x) => PatientDatabase.from(x), never],
  ["from options", async (x) => (await PatientDatabase.from(source, x)).close(), isOptions],
  ["from verify", async (x) => (await PatientDatabase.from(source, { verify: x })).close(), isFlag],
  [
    "from store",
    async (x) => (isPath(x) ? 0 : (await PatientDatabase.from(source, { store: x })).close()),
    (x) => isPath(x) || x === undefined,
  ],
  ["convert source", (x) => convert(x, join(target, "a.medsdb")), never],
  ["convert store", (x) => (isPath(x) ? 0 : convert(source, x)), isPath],
  ["convert options", (x) => convert(source, join(target, "b.medsdb"), x), isOptions],
  ...["columns", "exclude"].map((name): Case => [`convert ${name}`, converting(name), (x) => x === undefined || isEmpty(x)]),
  ...["repair", "force", "reuse"].map((name): Case => [`convert ${name}`, converting(name), isFlag]),
  ...["threads", "memory", "shardBytes"].map((name): Case => [`convert ${name}`, converting(name), isCount]),
  ["convert temp", (x) => (isPath(x) ? 0 : converting("temp")(x)), (x) => isPath(x) || x === undefined],
  ["convert onProgress", converting("onProgress"), (x) => x === undefined || typeof x === "function"],
  ["convert signal", converting("signal"), (x) => x === undefined],
  ["convert unknown", converting("colums"), (x) => x === undefined],
  ["verify store", (x) => verify(x), never],
  ["verify source", (x) => verify(store, x), (x) => x === undefined],
  ["verify options", (x) => verify(store, undefined, x), isOptions],
  ...["limit", "threads"].map((name): Case => [`verify ${name}`, (x) => verify(store, source, { [name]: x }), isCount]),
  ["verify signal", (x) => verify(store, source, { signal: x }), (x) => x === undefined],
  ["generate out", (x) => (isPath(x) ? 0 : generate(x)), isPath],
  ["generate options", (x) => (isOptions(x) ? 0 : generate(join(target, "g"), x)), isOptions],
  ...["patients", "events", "codes", "seed", "files", "threads"].map((name): Case => [`generate ${name}`, generating(name), isCount]),
  ...["preset", "ids", "compression"].map((name): Case => [`generate ${name}`, generating(name), (x) => x === undefined]),
];

describe("a value of the wrong kind, in asynchronous functions", () => {
  it.each(asyncCases)("%s", async (name, call, answers) => {
    for (const value of ODD) {
      const what = `${name}(${inspect(value)})`;
      // Not awaited: a promise that is rejected, and no error thrown, is what callers of asynchronous functions expect.
      const error = await Promise.resolve(call(value as never)).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      // Whether a number is a good one, or the store may be there, is not the matter here.
      if (error !== undefined || !answers(value)) expect(error, what).toBeInstanceOf(MedsError);
      expect(String(error), what).not.toContain("MEDS_INTERNAL");
    }
  });

  const unknown = async (call: () => unknown) => {
    const error = await rejected((async () => call())());
    expect(error.code).toBe("MEDS_INVALID_ARGUMENT");
    return error.message;
  };
  it.each<[string, () => unknown, string, string]>([
    ["inspect", () => inspectSource(source, { thread: 1 } as never), "thread", "threads, memory, vocabulary"],
    ["verify", () => verify(store, undefined, { thread: 1 } as never), "thread", "limit, threads, memory"],
    ["generate", () => generate(join(target, "unknown"), { patient: 1 } as never), "patient", "preset, patients, events"],
    ["open", () => PatientDatabase.open(store, { verfy: true } as never), "verfy", "verify"],
    ["countCodes", () => db.countCodes({ thread: 1 } as never), "thread", "by, codes, windows, threads, signal"],
    ["aggregate", () => db.aggregate({ code: [] } as never), "code", "codes, windows, threads, signal"],
    ["windows", () => db.countCodes({ windows: { subjectIds: [], inclusiv: false } as never }), "inclusiv", "subjectIds, start, end"],
    ["a window by time", () => patient().until(T0, { inclusiv: false } as never), "inclusiv", "inclusive, static"],
    ["a window by time", () => patient().from(T0, { inclusiv: false } as never), "inclusiv", "inclusive, static"],
    ["a window by time", () => patient().between(T0, T0, { statc: false } as never), "statc", "inclusive, static"],
    ["from", () => PatientDatabase.from(source, { thread: 1 } as never), "thread", "columns, exclude, repair, threads, memory"],
    ["from", () => PatientDatabase.from(source, { force: true } as never), "force", "columns, exclude, repair, threads, memory"],
  ])("%s refuses an unknown option", async (what, call, name, known) => {
    expect(await unknown(call)).toContain(`"${name}" is not an option of ${what}. The options are ${known}`);
  });

  it("writes nothing if the path is not a path", () => {
    for (const name of ["undefined", "null", "[object Object]", "NaN"]) expect(existsSync(name), name).toBe(false);
  });
});
