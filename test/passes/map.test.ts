// Passes in worker threads give what plain loops give, however they are cut, run and left.
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { convert, type MapOptions, MedsError, PatientDatabase } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../support/child.js";
import { type SimpleRow, writeSimple } from "../support/dataset.js";
import { codeOf, rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { generated } from "../support/generated.js";

const module = new URL("../support/passes/rows.mjs", import.meta.url);

interface Known {
  readonly id: bigint;
  readonly rows: number;
  readonly sum: number;
}

let db: PatientDatabase;
/** What a plain loop over the store finds. */
let plain: Known[];

beforeAll(() => {
  db = PatientDatabase.open(generated.store);
  plain = Array.from(db, (patient) => {
    let sum = 0;
    for (const { numericValue } of patient) sum += numericValue ?? 0;
    return { id: patient.subjectId, rows: patient.length, sum };
  });
});
afterAll(() => db.close());

const byId = (a: Known, b: Known) => (a.id < b.id ? -1 : 1);

describe("map", () => {
  it.each([0, 1, 2, 5])("returns what a plain loop returns, in order, with %i threads", async (threads) => {
    const pass = db.map<Known>(module, { threads });
    expect(pass.report.patients).toBe(300);
    expect(pass.report.chunks).toBeGreaterThan(20);
    expect(await pass.toArray()).toEqual(plain);
    // Every iteration begins anew.
    expect(await pass.toArray()).toEqual(plain);
  });

  it("returns the same results unordered", async () => {
    const found = await db.map<Known>(module, { threads: 2, ordered: false }).toArray();
    expect(found.sort(byId)).toEqual([...plain].sort(byId));
  });

  it.each(["array", "later"])("takes an array or async generator for many results (%s)", async (exportName) => {
    expect(await db.map<Known>(module, { exportName, per: "chunk" }).toArray()).toEqual(plain);
  });

  it("lets a function walk twice", async () => {
    expect(await db.map<boolean>(module, { exportName: "twice" }).toArray()).toEqual(plain.map(() => true));
  });

  it.each([
    ["text", (value: unknown) => (value as string).length],
    ["typed", (value: unknown) => (value as Float64Array).length],
    ["map", (value: unknown) => [...(value as Map<number, number>).keys()][0]],
    ["set", (value: unknown) => [...(value as Set<number>)][0]],
  ] as const)("takes a %s for one result", async (kind, countOf) => {
    const pass = db.map(module, { exportName: "single", args: { kind }, per: "chunk" });
    const found = await pass.toArray();
    expect(found.length).toBe(pass.report.chunks);
    expect(found.map(countOf).reduce<number>((sum, count) => sum + count!, 0)).toBe(300);
  });

  it("counts undefined as no result", async () => {
    expect(await db.map(module, { exportName: "single", args: { kind: "nothing" } }).toArray()).toEqual([]);
  });

  it("passes arguments, worker and store to the function", async () => {
    const args = { big: 2n ** 70n, date: new Date(5), list: new Uint8Array([1, 2]) };
    const pass = db.map(module, { exportName: "context", args, per: "chunk" });
    const { chunks } = pass.report;
    const split = [...db.splits.keys()][0];
    expect(await pass.toArray()).toEqual(Array.from({ length: chunks }, (_, chunk) => ({ args, chunk, chunks, size: 300, split })));
  });

  it("copies views instead of whole shards", async () => {
    const found = await db.map<{ id: bigint; all: [BigInt64Array, { values: Float32Array }] }>(module, { exportName: "views" }).toArray();
    expect(found.map(({ id }) => id)).toEqual(plain.map(({ id }) => id));
    for (const [slot, { all }] of found.entries()) {
      const [times, { values }] = all;
      const patient = db.at(slot)!;
      expect(times.buffer.byteLength).toBe(8 * patient.length);
      expect(Buffer.from(times.buffer).equals(Buffer.from(patient.times.buffer, patient.times.byteOffset, patient.times.byteLength))).toBe(
        true,
      );
      expect(values.length).toBe(patient.length);
      expect(values.buffer.byteLength).toBe(values.byteLength);
    }
  });

  it("reads splits and subsets only", async () => {
    const split = db.split([...db.splits.keys()][0]!);
    const ids = new Set(split.subjectIds);
    expect(await split.map<Known>(module, { threads: 2 }).toArray()).toEqual(plain.filter(({ id }) => ids.has(id)));
    const some = db.subset({ slots: [17, 3, 299] });
    expect(await some.map<Known>(module).toArray()).toEqual([plain[3], plain[17], plain[299]]);
    expect(await db.subset([]).map(module).toArray()).toEqual([]);
  });

  it("cuts chunks by events: a long patient has its own, the others are about equal", async () => {
    const sizes = [1, 1, 20_000, 1, 3, ...Array.from({ length: 2000 }, (_, i) => 1 + (i % 40))];
    const rows = sizes.flatMap((size, id) => Array.from({ length: size }, (_, i): SimpleRow => [BigInt(id), BigInt(i), "A"]));
    const store = join(folder("skew"), "skew.medsdb");
    await convert(await writeSimple(folder("skew-source"), rows), store);
    const skew = PatientDatabase.open(store);
    const chunks: bigint[][] = [];
    const merge = (count: number, part: bigint[]) => count + chunks.push(part);
    await skew.reduce<number, bigint[]>(module, { exportName: "ids", per: "chunk", initial: 0, merge });
    skew.close();
    expect(chunks.flat()).toEqual(sizes.map((_, id) => BigInt(id)));
    // A patient costs eight events beside its own.
    const costs = chunks.map((ids) => ids.reduce((sum, id) => sum + sizes[Number(id)]! + 8, 0));
    expect(chunks).toContainEqual([2n]);
    expect(Math.max(...costs.filter((cost) => cost < 20_000))).toBeLessThanOrEqual(4096);
    // All but the last, and the one before the long patient, are nearly full.
    expect(costs.slice(2, -1).every((cost) => cost > 4000)).toBe(true);
  });

  it("makes workers wait for a slow reader", async () => {
    const shared = new SharedArrayBuffer(4);
    const count = new Int32Array(shared);
    const many = Array.from({ length: 20_000 }, (_, i): SimpleRow => [BigInt(i), 0n, "A"]);
    const store = join(folder("many"), "many.medsdb");
    await convert(await writeSimple(folder("many-source"), many), store);
    const crowd = PatientDatabase.open(store);
    const results = crowd.map<bigint>(module, { exportName: "counted", args: { shared }, threads: 2 })[Symbol.asyncIterator]();
    expect((await results.next()).value).toBe(0n);
    await sleep(500);
    const waiting = count[0]!;
    await sleep(500);
    // Two threads, two chunks each, five batches of 64: nobody reads on however long the reader takes.
    expect(count[0]).toBe(waiting);
    expect(waiting).toBeLessThanOrEqual(2 * 2 * 5 * 64);
    let last = 0n;
    for await (const id of results) last = id;
    expect(last).toBe(19_999n);
    expect(count[0]).toBe(20_000);
    crowd.close();
  });

  it("continues if the database is closed during the pass, and does not begin if it was closed before", async () => {
    const own = PatientDatabase.open(generated.store);
    const pass = own.map<Known>(module, { threads: 2 });
    const found: Known[] = [];
    for await (const result of pass) {
      if (found.length === 0) own.close();
      found.push(result);
    }
    expect(found).toEqual(plain);
    expect(codeOf(() => own.map(module))).toBe("MEDS_CLOSED");
    expect((await rejected(own.reduce(module, { initial: 0, merge: (a: number) => a }))).code).toBe("MEDS_CLOSED");
  });

  it("refuses a store that was replaced since it was opened", async () => {
    const path = join(folder("replaced"), "s.medsdb");
    await convert(await writeSimple(folder("old"), [[1n, 1n, "A"]]), path);
    const old = PatientDatabase.open(path);
    await convert(await writeSimple(folder("new"), [[2n, 1n, "B"]]), path, { force: true });
    expect((await rejected(old.map(module).toArray())).code).toBe("MEDS_STORE_REPLACED");
    old.close();
  });
});

describe("reduce", () => {
  it("returns the same floating-point sum for any number of threads", async () => {
    const options = { exportName: "total", per: "chunk", initial: 0, merge: (a: number, b: number) => a + b } as const;
    const sumWith = (threads: number) => db.reduce<number>(module, { ...options, threads });
    const sums = [await sumWith(1), await sumWith(2), await sumWith(7), await sumWith(0)];
    expect(new Set(sums).size).toBe(1);
    const plainSum = plain.reduce((sum, patient) => sum + patient.sum / 3, 0);
    expect(sums[0]! / plainSum).toBeCloseTo(1, 9);
  });

  it("merges arrays in order of the patients, and returns the initial value without patients", async () => {
    const merge = (all: bigint[], part: bigint[]) => [...all, ...part];
    const options = { exportName: "ids", per: "chunk", initial: [] as bigint[], merge } as const;
    expect(await db.reduce(module, options)).toEqual(plain.map(({ id }) => id));
    expect(await db.subset([]).reduce(module, options)).toEqual([]);
  });

  it("throws what merge throws", async () => {
    const merge = (): number => {
      throw new RangeError("no room");
    };
    await expect(db.reduce(module, { exportName: "total", initial: 0, merge })).rejects.toThrow(new RangeError("no room"));
  });
});

describe("what goes wrong", () => {
  const subject = () => plain[150]!.id;
  const failure = (how: string, options: MapOptions = {}) =>
    rejected(db.map(module, { exportName: "failing", args: { subject: subject(), how }, threads: 2, ...options }).toArray());

  it("names the patient and the module; the cause keeps its name, code and causes", async () => {
    const error = await failure("error");
    expect(error).toBeInstanceOf(MedsError);
    expect(error.code).toBe("MEDS_PASS_FAILED");
    expect(error.message).toContain(`subject ${subject()}: TypeError: boom`);
    expect(error.path).toMatch(/rows\.mjs$/);
    const cause = error.cause as Error & { code: string };
    expect([cause.name, cause.message, cause.code]).toEqual(["TypeError", "boom", "E_OWN"]);
    expect(cause.stack).toContain("rows.mjs");
    expect((cause.cause as Error).message).toBe("inner");
    expect((await failure("error", { ordered: false })).message).toContain(`subject ${subject()}: TypeError: boom`);
  });

  it("comes after the results before it, in order", async () => {
    const seen: unknown[] = [];
    const pass = db.map(module, { exportName: "failing", args: { subject: subject() }, threads: 3 });
    const reading = (async () => {
      for await (const id of pass) seen.push(id);
    })();
    await rejected(reading);
    const { length } = seen;
    expect(seen).toEqual(plain.slice(0, length).map(({ id }) => id));
    expect(length).toBeLessThanOrEqual(150);
    expect(length).toBeGreaterThan(100);
  });

  it.each([
    ["value", "a text", undefined],
    ["meds", "MedsError: of ours", "MEDS_IO"],
    ["column", "no_such_column", "MEDS_UNKNOWN_COLUMN"],
    ["clone", "cloned to the caller", "MEDS_INVALID_ARGUMENT"],
    ["patient", "patient.copy()", "MEDS_INVALID_ARGUMENT"],
  ])("reports a failure: %s", async (how, text, code) => {
    for (const threads of [0, 2]) {
      const error = await failure(how, { threads });
      expect(error.code).toBe("MEDS_PASS_FAILED");
      expect(error.message).toContain(text);
      expect(error.message).toContain(`subject ${subject()}`);
      if (code !== undefined) expect(error.cause).toMatchObject({ code });
    }
  });

  // The pass waited for an answer that never came.
  it.each([
    ["unreadable", "no code"],
    ["wordless", "primitive value"],
  ])("fails where the error cannot be sent (%s)", { timeout: 20_000 }, async (how, text) => {
    for (const threads of [0, 2]) {
      const error = await failure(how, { threads });
      expect([error.code, error.message]).toEqual(["MEDS_PASS_FAILED", expect.stringContaining(text)]);
    }
  });

  it("a thread that exits is an error", async () => {
    const error = await failure("exit");
    expect([error.code, error.message]).toEqual(["MEDS_PASS_FAILED", expect.stringContaining("process.exit")]);
  });

  it("a promise that rejects is an error, also one that was not awaited", async () => {
    const later = await rejected(db.map(module, { exportName: "failingLater", args: { subject: subject() } }).toArray());
    expect(later.message).toContain(`subject ${subject()}: Error: later`);
    const left = await rejected(db.map(module, { exportName: "leftBehind" }).toArray());
    expect([left.code, (left.cause as Error).message]).toEqual(["MEDS_PASS_FAILED", "left behind"]);
  });

  // A second failing thread ended the process, now and then, while the first one's pass was being left.
  it("threads that fail at once are an error, each time", async () => {
    for (let i = 0; i < 15; i += 1) {
      const error = await rejected(db.map(module, { exportName: "failingAtOnce", threads: 4 }).toArray());
      expect([error.code, (error.cause as Error).message]).toEqual(["MEDS_PASS_FAILED", "at once"]);
    }
  });

  it("a module that cannot be loaded or lacks the function is an error", async () => {
    const broken = await rejected(db.map(new URL("../support/passes/broken.mjs", import.meta.url)).toArray());
    expect(broken.code).toBe("MEDS_PASS_FAILED");
    expect(broken.message).toMatch(/broken\.mjs could not be loaded: Error: not today/);
    for (const exportName of ["number", "absent"]) {
      const error = await rejected(db.map(module, { exportName }).toArray());
      expect(error.cause).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
      expect(error.message).toContain(exportName);
    }
  });

  it("refuses wrong modules, options and arguments", () => {
    const scratch = mkdtempSync(join(folder("modules"), "m-"));
    const codes = (...calls: (() => unknown)[]) => calls.map(codeOf);
    const odd = (value: unknown) => value as never;
    expect(
      codes(
        () => db.map("./rows.mjs"),
        () => db.map("rows.mjs"),
        () => db.map("data:text/javascript,export default () => 1"),
        () => db.map("https://example.org/rows.mjs"),
        () => db.map(new URL("./map.test.ts", import.meta.url)),
        () => db.map(odd(null)),
        () => db.map(odd(7)),
        () => db.map(odd(class {})),
        () => db.map(module, { args: () => 1 }),
        () => db.map(module, { args: Symbol("x") }),
        () => db.map(module, { threads: -1 }),
        () => db.map(module, { threads: 1.5 }),
        () => db.map(module, { threads: Number.NaN }),
        () => db.map(module, odd({ thread: 1 })),
        () => db.map(module, odd({ ordered: "yes" })),
        () => db.map(module, odd({ exportName: 3 })),
        () => db.map(module, odd({ signal: {} })),
        () => db.map(module, odd(3)),
        () => db.mapWithLabels(module, odd([])),
      ),
    ).toEqual(Array(19).fill("MEDS_INVALID_ARGUMENT"));
    expect(codeOf(() => db.map(pathToFileURL(join(scratch, "absent.mjs"))))).toBe("MEDS_NOT_FOUND");
    rmSync(scratch, { recursive: true });
  });

  it("refuses a reduce without merge or initial", async () => {
    const odd = (value: unknown) => value as never;
    for (const options of [undefined, { initial: 0 }, { merge: () => 0 }, { initial: 0, merge: 3 }])
      expect((await rejected(db.reduce(module, odd(options)))).code).toBe("MEDS_INVALID_ARGUMENT");
  });
});

describe("leaving", () => {
  it("is possible by a signal, whatever the workers are doing", async () => {
    const controller = new AbortController();
    const endless = rejected(db.map(module, { exportName: "endless", signal: controller.signal }).toArray());
    await sleep(200);
    controller.abort("enough");
    const error = await endless;
    expect([error.code, error.cause]).toEqual(["MEDS_CANCELLED", "enough"]);
    expect((await rejected(db.map(module, { signal: controller.signal }).toArray())).code).toBe("MEDS_CANCELLED");
  });

  it("is possible by a signal from within the loop", async () => {
    const controller = new AbortController();
    let seen = 0;
    const reading = (async () => {
      for await (const _ of db.map(module, { signal: controller.signal })) {
        seen += 1;
        controller.abort();
      }
    })();
    expect((await rejected(reading)).code).toBe("MEDS_CANCELLED");
    expect(seen).toBe(1);
  });

  it("in every other way leaves no worker, no handle and no memory", async () => {
    const end = await run("passes-child.mjs", [generated.store, "160"], { node: ["--expose-gc"], timeout: 200_000 });
    expect({ code: end.code, signal: end.signal, stderr: end.stderr }).toEqual({ code: 0, signal: null, stderr: "" });
    const { seen, marks, resources } = JSON.parse(end.stdout) as { seen: string[]; marks: number[]; resources: string[] };
    expect(seen).toEqual([String(plain[0]!.id), "the reader's own", "MEDS_CANCELLED", "MEDS_PASS_FAILED"]);
    expect(resources.filter((name) => name === "Worker" || name === "MessagePort")).toEqual([]);
    // After 40 passes, the heaps of the threads have their size.
    expect((marks.at(-1)! - marks[0]!) >> 20).toBeLessThan(40);
  }, 240_000);
});
