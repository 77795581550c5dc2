// What a function gets that is called once per worker, and what becomes of its results.
import { mkdtempSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { type MapFunction, PatientDatabase, type ReduceFunction } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../support/child.js";
import { rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { generated } from "../support/generated.js";
import { scaled } from "../support/property.js";

let db: PatientDatabase;
let ids: bigint[];
beforeAll(() => {
  db = PatientDatabase.open(generated.store);
  ids = [...db.subjectIds];
});
afterAll(() => db.close());

const inOrder = (a: bigint, b: bigint) => ids.indexOf(a) - ids.indexOf(b);
const THREADS = [[0], [1], [2], [3]] as const;

describe("the patients of a worker", () => {
  it.each(THREADS)("are each patient once, in few calls (%i threads)", async (threads) => {
    const parts = await db.reduce((patients) => Array.from(patients, ({ subjectId }) => subjectId), {
      threads,
      initial: [] as bigint[][],
      merge: (all, part: bigint[]) => [...all, part],
    });
    expect(parts.length).toBeGreaterThan(0);
    expect(parts.length).toBeLessThanOrEqual(Math.max(1, threads));
    expect(parts.flat().sort(inOrder)).toEqual(ids);
    for (const part of parts) expect(part).toEqual([...part].sort(inOrder));
  });

  it.each(THREADS)("are the same in every loop, whole or left early (%i threads)", async (threads) => {
    const seen = await db
      .map(
        (patients, _, context) => {
          const take = (most: number) => {
            const found: bigint[] = [];
            for (const { subjectId } of patients) {
              found.push(subjectId);
              if (found.length === most) break;
            }
            return found;
          };
          const [few, more, all, again] = [take(1), take(70), take(1e9), take(1e9)];
          const [one, two] = [patients[Symbol.iterator](), patients[Symbol.iterator]()];
          const twins: boolean[] = [];
          for (let a = one.next(), b = two.next(); a.done !== true; a = one.next(), b = two.next())
            twins.push(a.value.subjectId === b.value!.subjectId);
          const isEqual = (part: bigint[]) => part.every((id, i) => id === all[i]);
          return [
            {
              ok:
                isEqual(few) &&
                isEqual(more) &&
                isEqual(again) &&
                again.length === all.length &&
                twins.length === all.length &&
                !twins.includes(false),
              all,
              last: context.chunk,
            },
          ];
        },
        { threads },
      )
      .toArray();
    expect(seen.map(({ ok }) => ok)).toEqual(seen.map(() => true));
    expect(seen.flatMap(({ all }) => all).sort(inOrder)).toEqual(ids);
  });

  it("are left to the other workers by a function that stops early", async () => {
    const some = await db.map((patients) => Array.from(patients, ({ subjectId }) => subjectId).slice(0, 3), { threads: 1 }).toArray();
    expect(some).toEqual(ids.slice(0, 3));
    const first = await db
      .map(
        function* (patients) {
          for (const { subjectId } of patients) {
            yield subjectId;
            return;
          }
        },
        { threads: 1 },
      )
      .toArray();
    expect(first).toEqual(ids.slice(0, 1));
    const rest = await db
      .map(
        function* (patients, _, { chunk }) {
          let rows = 0;
          for (const { subjectId } of patients) {
            yield subjectId;
            rows += 1;
            if (chunk === 0 && rows === 2) return;
          }
        },
        { threads: 2 },
      )
      .toArray();
    expect(new Set(rest).size).toBe(rest.length);
    expect(rest).toEqual([...rest].sort(inOrder));
  });

  it.each(THREADS)("know their chunk, and results come in the order of the chunks (%i threads)", async (threads) => {
    const found = await db
      .map(
        function* (patients, _, context) {
          for (const { subjectId } of patients) yield { subjectId, chunk: context.chunk, worker: context.worker };
        },
        { threads },
      )
      .toArray();
    expect(found.map(({ subjectId }) => subjectId)).toEqual(ids);
    const chunks = found.map(({ chunk }) => chunk);
    expect(chunks).toEqual([...chunks].sort((a, b) => a - b));
    expect(new Set(chunks).size).toBe(db.map(() => 1).report.chunks);
    // A chunk has one worker.
    expect(new Set(found.map(({ chunk, worker }) => `${chunk} ${worker}`)).size).toBe(new Set(chunks).size);
  });

  it("what a function returns comes after the chunk that it read last, unordered as it comes", async () => {
    const slow: MapFunction<bigint> = async (patients) => {
      const all: bigint[] = [];
      for (const { subjectId } of patients) all.push(subjectId);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return all;
    };
    for (const ordered of [true, false]) expect((await db.map(slow, { threads: 3, ordered }).toArray()).sort(inOrder)).toEqual(ids);
  });

  it("per chunk: calls once per chunk, in order", async () => {
    const options = { per: "chunk", initial: [] as bigint[], merge: (all: bigint[], part: bigint[]) => [...all, ...part] } as const;
    for (const threads of [0, 1, 3]) {
      expect(await db.reduce((patients) => Array.from(patients, ({ subjectId }) => subjectId), { ...options, threads })).toEqual(ids);
      const calls = await db.map((_, __, { chunk, chunks }) => ({ chunk, chunks }), { per: "chunk", threads }).toArray();
      expect(calls).toEqual(calls.map((___, chunk) => ({ chunk, chunks: calls.length })));
    }
    expect((await rejected(db.reduce(() => 0, 0 as never))).message).toContain("{ initial: 0, merge: (total, part) => total + part }");
    expect((await rejected(db.reduce(() => 0, { initial: 0, merge: () => 0, per: "patient" as never }))).code).toBe(
      "MEDS_INVALID_ARGUMENT",
    );
  });
});

describe("results", () => {
  it.each([[0], [2]])("are as they were when they were yielded (%i threads)", async (threads) => {
    const found = await db
      .map(
        function* (patients) {
          const counts = new Float64Array(2);
          const row = { rows: 0, nested: { list: [0], map: new Map([["a", 0]]), set: new Set([0]) }, counts, at: new Date(0) };
          for (const { length } of patients) {
            row.rows = length;
            row.nested.list[0] = length;
            row.nested.map.set("a", length);
            row.nested.set.clear();
            row.nested.set.add(length);
            row.at.setTime(length);
            counts[1] = length;
            yield row;
          }
        },
        { threads },
      )
      .toArray();
    expect(found).toEqual(
      Array.from(db, ({ length }) => ({
        rows: length,
        nested: { list: [length], map: new Map([["a", length]]), set: new Set([length]) },
        counts: Float64Array.of(0, length),
        at: new Date(length),
      })),
    );
  });

  it("are what a structured clone makes of any value, yielded and returned, here and in threads", async () => {
    const some = db.subset({ slots: [0] });
    const value = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      maxDepth: 4,
    });
    const merge = (_: unknown, part: unknown) => part;
    await fc.assert(
      fc.asyncProperty(value, fc.nat(1), async (given, threads) => {
        const wanted: unknown = structuredClone(given);
        const options = { args: { given }, threads };
        const yielded: MapFunction<unknown, typeof options.args> = function* (_, args) {
          yield args.given;
        };
        expect(await some.map(yielded, options).toArray()).toStrictEqual([wanted]);
        expect(await some.reduce((_, args) => args.given, { ...options, initial: null as unknown, merge })).toStrictEqual(wanted);
      }),
      { numRuns: 150, seed: 5 },
    );
  });

  it.each([[0], [1]])("keep cycles, holes and odd names (%i threads)", async (threads) => {
    const [yielded, returned] = await Promise.all([
      db
        .map(
          function* () {
            const loop: Record<string, unknown> = { list: new Array(3), ["__proto__"]: 7, error: new RangeError("x"), re: /a/g };
            loop.self = loop;
            yield loop;
          },
          { threads },
        )
        .toArray(),
      db.reduce(
        () => {
          const loop: Record<string, unknown> = { part: new Float64Array(8).subarray(2, 4) };
          loop.self = [loop];
          return loop;
        },
        { threads, initial: {} as Record<string, unknown>, merge: (_, part: Record<string, unknown>) => part },
      ),
    ]);
    const [loop] = yielded as [Record<string, unknown>];
    expect(loop.self).toBe(loop);
    expect([1 in (loop.list as unknown[]), (loop.list as unknown[]).length]).toEqual([false, 3]);
    expect(loop.error).toBeInstanceOf(RangeError);
    expect((returned.self as unknown[])[0]).toBe(returned);
    expect((returned.part as Float64Array).buffer.byteLength).toBe(16);
  });

  it.each([[0], [1]])("that are large typed arrays are moved, not the arguments' and not the store's (%i threads)", async (threads) => {
    const own = PatientDatabase.open(generated.store); // whose passes find the same thread
    const args = { weights: new Float64Array(10_000).fill(2) };
    const call: MapFunction<unknown, typeof args> = (patients, given) => {
      const large = new Float64Array(10_000).fill(1);
      const shared = new Float64Array(10_000).fill(3);
      (globalThis as Record<string, unknown>).kept = { large, given };
      const [first] = patients;
      return [
        { large, deep: [{ shared }], weights: given.weights },
        { shared, store: new Uint8Array(first!.times.buffer) },
      ];
    };
    const kept: MapFunction<unknown> = () => {
      const { large, given } = (globalThis as Record<string, unknown>).kept as { large: Float64Array; given: typeof args };
      return [{ moved: large.length, weights: given.weights.length }];
    };
    const [one, two] = (await own.map(call, { args, threads, per: "worker" }).toArray()) as [
      { large: Float64Array; deep: [{ shared: Float64Array }]; weights: Float64Array },
      { shared: Float64Array; store: Uint8Array },
    ];
    expect([one.large.at(-1), one.deep[0].shared.at(-1), one.weights.at(-1), two.shared.at(-1)]).toEqual([1, 3, 2, 3]);
    expect(two.store.length).toBeGreaterThan(10_000);
    expect(args.weights.length).toBe(10_000);
    // The same thread: its store is whole, and the array is gone.
    expect(await own.map(kept, { threads }).toArray()).toEqual([{ moved: 0, weights: 10_000 }]);
    const lengths = own.map((patients) => Array.from(patients, ({ times }) => times.length), { threads });
    expect(await lengths.toArray()).toEqual(Array.from(own, ({ length }) => length));
    Reflect.deleteProperty(globalThis, "kept");
    own.close();
  });

  it.each([[0], [1]])("that cannot be cloned are errors (%i threads)", async (threads) => {
    for (const how of ["symbol", "nested", "patient", "patients", "map", "port"]) {
      for (const returns of [false, true]) {
        const error = await rejected(
          db
            .map(
              function* (patients, given) {
                const [patient] = patients;
                const value = () =>
                  ({
                    symbol: Symbol("x"),
                    nested: [{ deep: () => 1 }],
                    patient,
                    patients: { list: [patient] },
                    map: new Map([[1, () => 1]]),
                    port: { port: new MessageChannel().port1 },
                  })[given.how];
                if (!given.returns) yield value();
              },
              { args: { how, returns }, threads },
            )
            .toArray()
            .then(() =>
              db.reduce(
                (patients, given) =>
                  ({
                    symbol: Symbol("x"),
                    nested: [{ deep: () => 1 }],
                    patient: Array.from(patients)[0],
                    patients: { list: Array.from(patients) },
                    map: new Map([[1, () => 1]]),
                    port: { port: new MessageChannel().port1 },
                  })[given.how],
                { args: { how }, threads, initial: null as unknown, merge: (_, part) => part },
              ),
            ),
        );
        expect([how, error.code, (error.cause as { code?: string }).code]).toEqual([how, "MEDS_PASS_FAILED", "MEDS_INVALID_ARGUMENT"]);
      }
    }
  });
});

describe("threads", () => {
  /** A number that is the same for the calls in one thread. */
  const thread: MapFunction<number> = () => {
    const own = globalThis as { number?: number };
    own.number ??= Math.random();
    return own.number;
  };
  const one = async (of: PatientDatabase = db) => (await of.map(thread, { threads: 1 }).toArray())[0]!;

  it("serve one pass after another, until they fail, are stopped or have unfinished business", async () => {
    const own = PatientDatabase.open(generated.store);
    const first = await one(own);
    expect(await one(own)).toBe(first);
    for await (const _ of own.map(function* (patients) { for (const { length } of patients) yield length; }, { threads: 1 })) break; // biome-ignore format: one line
    const second = await one(own);
    expect(second).not.toBe(first);
    await rejected(own.map(() => { throw new Error("x"); }, { threads: 1 }).toArray()); // biome-ignore format: one line
    const third = await one(own);
    expect(third).not.toBe(second);
    // A timer of this pass would fail the next one.
    const late: MapFunction = () => {
      setTimeout(() => {
        throw new Error("late");
      }, 30);
    };
    await own.map(late, { threads: 1 }).toArray();
    const fourth = await one(own);
    expect(fourth).not.toBe(third);
    await sleep(60);
    expect(await one(own)).toBe(fourth);
    // A function may close the database of its thread.
    await own.map((_, __, context) => context.db.close(), { threads: 1 }).toArray();
    expect(await one(own)).toBe(fourth);
    await own.map((_, __, context) => context.db.close(), { threads: 0 }).toArray();
    expect(own.size).toBe(300);
    expect(await own.map((patients) => [...patients].length, { threads: 0 }).toArray()).toEqual([300]);
    own.close();
  });

  it("run several passes at once", async () => {
    const sums = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        db
          .map(
            function* (patients, plus) {
              for (const { length } of patients) yield length + plus;
            },
            { args: i, threads: i % 3 },
          )
          .toArray(),
      ),
    );
    expect(sums).toEqual(sums.map((__, i) => Array.from(db, ({ length }) => length + i)));
  });

  it("lose and repeat nothing, and never hang, in many passes at once that end in every way", async () => {
    const count = scaled(200);
    const end = await run("passes-stress.mjs", [generated.store, String(count)], { timeout: 120_000 });
    expect(end).toEqual({ code: 0, signal: null, stdout: `${count} passes\n`, stderr: "" });
  }, 150_000);

  it("read a module anew that has changed", async () => {
    const path = join(mkdtempSync(join(folder("changing"), "m-")), "module.mjs");
    const url = pathToFileURL(path);
    for (const [i, value] of ["1", "2", "3"].entries()) {
      writeFileSync(path, `export default () => ${value};`);
      utimesSync(path, 1e9 + i, 1e9 + i);
      expect(await db.map(url, { threads: 1 }).toArray()).toEqual([Number(value)]);
    }
  });

  it("small passes run in this thread, where nothing can escape it", async () => {
    const small = db.subset({ slots: [0, 1, 2] });
    const where: MapFunction<boolean> = () => (globalThis as { here?: boolean }).here === true;
    // The globals of the test's own thread: `globalThis` itself sends a function to a thread.
    (globalThis as { here?: boolean }).here = true;
    Object.assign(Math, { here: true });
    const plain: MapFunction<boolean> = () => "here" in Math;
    try {
      expect(await small.map(plain).toArray()).toEqual([true]);
      expect(await small.map(plain, { threads: 0 }).toArray()).toEqual([true]);
      expect(await small.map(plain, { threads: 1 }).toArray()).toEqual([false]);
      expect(await small.map(plain, { signal: new AbortController().signal }).toArray()).toEqual([false]);
      expect(await small.map(async () => "here" in Math).toArray()).toEqual([false]);
      expect(await small.map(where).toArray()).toEqual([false]);
      expect(await small.map(where, { threads: 0 }).toArray()).toEqual([true]);
    } finally {
      Reflect.deleteProperty(Math, "here");
      Reflect.deleteProperty(globalThis, "here");
    }
  });

  it("a function runs where its last pass says: here if that was short, in threads if it was long", async () => {
    const own = PatientDatabase.open(generated.store);
    const options = { initial: [] as boolean[], merge: (all: boolean[], part: boolean) => [...all, part] };
    const short: ReduceFunction<boolean> = () => "here" in Math;
    const long: ReduceFunction<boolean> = () => {
      for (const end = Date.now() + 100; Date.now() < end; );
      return "here" in Math;
    };
    Object.assign(Math, { here: true });
    try {
      // Threads are ready, so 10,000 rows of a new function are too many.
      expect(await own.reduce(long, { ...options, threads: 2 })).toEqual([false, false]);
      expect(own.eventCount).toBeGreaterThan(10_000);
      expect(new Set(await own.reduce(short, options))).toEqual(new Set([false]));
      expect(await own.reduce(short, options)).toEqual([true]);
      expect(new Set(await own.reduce(long, options))).toEqual(new Set([false]));
    } finally {
      Reflect.deleteProperty(Math, "here");
      own.close();
    }
  });

  it("in this thread a long stream leaves the event loop free, and can be left and stopped", async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    const every: MapFunction<number> = function* (patients) {
      for (const { length } of patients) for (let i = 0; i < 100; i += 1) yield length;
    };
    const controller = new AbortController();
    let seen = 0;
    for await (const _ of db.map(every, { threads: 0 })) seen += 1;
    expect(seen).toBe(30_000);
    expect(turns).toBeGreaterThan(1);
    setTimeout(() => controller.abort(), 2);
    const stopped = await rejected(db.map(every, { threads: 0, signal: controller.signal }).toArray());
    expect(stopped.code).toBe("MEDS_CANCELLED");
    clearInterval(timer);
    const ended: MapFunction<number> = function* (patients) {
      try {
        for (const { length } of patients) for (let i = 0; i < 100; i += 1) yield length;
      } finally {
        (globalThis as { ended?: boolean }).ended = true;
      }
    };
    for await (const _ of db.map(ended, { threads: 0 })) break;
    await sleep(5);
    expect((globalThis as { ended?: boolean }).ended).toBe(true);
    Reflect.deleteProperty(globalThis, "ended");
  });

  it("in this thread the pass continues if the database is closed", async () => {
    const own = PatientDatabase.open(generated.store);
    const found: bigint[] = [];
    for await (const id of own.map(function* (patients) { for (const { subjectId } of patients) yield subjectId; }, { threads: 0 })) {
      if (found.length === 0) own.close();
      found.push(id);
    } // biome-ignore format: one line
    expect(found).toEqual(ids);
  });
});
