// Functions that are given themselves: sent by their text, and refused where they use what is around them.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type MapFunction, type MedsError, PatientDatabase } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../support/child.js";
import { codeOf, rejected, thrown } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { generated } from "../support/generated.js";

let db: PatientDatabase;
let lengths: number[];
beforeAll(() => {
  db = PatientDatabase.open(generated.store);
  lengths = Array.from(db, ({ length }) => length);
});
afterAll(() => db.close());

const odd = (value: unknown) => value as never;
/** A function of a text, as its author wrote it. */
const written = (text: string) => odd(new Function(`return (${text}\n)`)());
const adding = { initial: 0, merge: (total: number, part: number) => total + part };

/** In this thread and in threads. */
const both = [[0], [1], [2], [undefined]] as const;

describe("a function that is passed inline", () => {
  it.each(both)("returns what a plain loop returns, with %s threads", async (threads) => {
    const pass = db.map(
      function* (patients, { plus }) {
        for (const patient of patients) yield patient.length + plus;
      },
      { args: { plus: 1 }, threads },
    );
    expect(await pass.toArray()).toEqual(lengths.map((length) => length + 1));
    expect(await pass.toArray()).toEqual(lengths.map((length) => length + 1));
    const rows = await db.reduce(
      (patients) => {
        let count = 0;
        for (const { length } of patients) count += length;
        return count;
      },
      { ...adding, threads },
    );
    expect(rows).toBe(db.eventCount);
  });

  const forms: Record<string, unknown> = {
    arrow: (patients: Iterable<{ length: number }>) => Array.from(patients, ({ length }) => length),
    function: function named(patients: Iterable<{ length: number }>) {
      return Array.from(patients, ({ length }) => length);
    },
    "async arrow": async (patients: Iterable<{ length: number }>) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return Array.from(patients, ({ length }) => length);
    },
    generator: function* (patients: Iterable<{ length: number }>) {
      for (const { length } of patients) yield length;
    },
    "async generator": async function* (patients: Iterable<{ length: number }>) {
      for (const { length } of patients) yield await Promise.resolve(length);
    },
    method: {
      *short(patients: Iterable<{ length: number }>) {
        for (const { length } of patients) yield length;
      },
    }.short,
    "computed method": written(
      '({ async *["with spaces"](patients) { for (const { length } of patients) yield length; } })["with spaces"]',
    ),
    "static method": written("(class { static of(patients) { return Array.from(patients, ({ length }) => length); } }).of"),
    recursive: function again(patients: Iterable<{ length: number }>, _args: unknown, _context: unknown, isInner = false): unknown {
      return isInner ? Array.from(patients, ({ length }) => length) : again(patients, _args, _context, true);
    },
    comment: written("(patients) => Array.from(patients, ({ length }) => length) // the end"),
    sloppy: written("function (patients) { var a = []; for (var p of patients) a.push(p.length); return a; }"),
    esbuild: written(
      'function f(patients) { const rows = /* @__PURE__ */ __name((p) => p.length, "rows"); if (rows.name !== "rows") throw 1; return Array.from(patients, rows); }',
    ),
    shadowed: written(
      "(lengths) => { const db = 1; class A { static x = db; m() { return super.toString; } } return Array.from(lengths, (p) => p.length * A.x); }",
    ),
    globals: written(
      "(patients) => { const b = Buffer.from(structuredClone(new Uint8Array(1))); return Array.from(patients, (p) => Math.max(p.length, b.length, process.pid * 0)); }",
    ),
  };
  it.each(Object.keys(forms).flatMap((form) => [[form, 0] as const, [form, 1] as const]))(
    "may be written as %s (%i threads)",
    async (form, threads) => {
      expect(await db.map(odd(forms[form]), { threads }).toArray()).toEqual(lengths);
    },
  );

  it("may import packages and read its context", async () => {
    const found = await db
      .map(
        // As text, because vitest rewrites imports.
        written(`async (patients, _, { db, worker, workers, chunk, chunks }) => {
          const { basename } = await import("node:path");
          const { default: fc } = await import("fast-check"); // a package of this folder
          return { name: basename(db.path), rows: [...patients].length, worker, workers, chunk, chunks, fc: typeof fc.assert };
        }`) as MapFunction<Record<string, unknown>>,
        { threads: 2 },
      )
      .toArray();
    expect(found.reduce((total, { rows }) => total + Number(rows), 0)).toBe(300);
    for (const one of found) expect(one).toMatchObject({ workers: 2, fc: "function", name: expect.stringMatching(/medsdb$/) });
  });

  it("gets labels, and makes labels", async () => {
    const labels = await db.label(
      (patient, { least }) =>
        patient.lastTime === null ? null : { predictionTime: patient.lastTime, booleanValue: patient.length >= least },
      {
        args: { least: 100 },
        task: "long",
      },
    );
    expect(labels.size).toBe(300);
    const pairs = db.mapWithLabels(
      function* (given) {
        for (const [patient, own] of given) yield own.map(({ booleanValue }) => booleanValue === patient.length >= 100);
      },
      labels,
      { threads: 0 },
    );
    expect(await pairs.toArray()).toEqual(lengths.map(() => [true]));
  });
});

describe("a function that cannot be sent", () => {
  const outside = 3;
  const helper = (patient: { length: number }) => patient.length;

  it("is refused before anything runs, with the names of what it uses", () => {
    const error = thrown(() =>
      db.map(function* counted(patients) {
        for (const patient of patients) yield helper(patient) + outside + lengths.length;
      }),
    ) as MedsError;
    expect(error.code).toBe("MEDS_INVALID_ARGUMENT");
    expect(error.message).toMatch(
      /^The function `counted` uses `helper`, `outside`, `lengths` of the program around it, which do not exist in worker threads\. Pass them as `args`, or put the function into a module\.$/,
    );
  });

  it.each([
    ["a default parameter", "(patients, n = outside) => 1", "`outside`"],
    ["an assignment", "(patients) => { total = 1; }", "`total`"],
    ["typeof", "(patients) => typeof missing", "`missing`"],
    ["a template", `(patients) => \`$${"{missing}"}\``, "`missing`"],
    ["destructuring", "(patients) => { const { [key]: a } = {}; return a; }", "`key`"],
    ["a class", "(patients) => class extends Base {}", "`Base`"],
    ["a shorthand property", "(patients) => ({ outside })", "`outside`"],
    ["CommonJS", "(patients) => require('node:fs')", "`require`"],
    ["itself by its variable", "(patients) => self(patients)", "`self`"],
    ["several, each once", "(patients) => a + a + b", "`a`, `b`"],
    ["this of an arrow", "(patients) => this.rows", "`this`"],
    ["this in an arrow of an arrow", "(patients) => () => this", "`this`"],
  ])("refuses %s", (_, text, named) => {
    const error = thrown(() => db.map(written(text))) as MedsError;
    expect([error.code, error.message]).toEqual(["MEDS_INVALID_ARGUMENT", expect.stringContaining(named)]);
    expect(error.message).toContain("put the function into a module");
  });

  it.each([
    ["native", Math.max, "native"],
    ["bound", (() => {}).bind(null), "native or bound"],
    ["a proxy", new Proxy(() => 1, {}), "native"],
    ["a class", class Foo {}, "is a class"],
    ["a getter", Object.getOwnPropertyDescriptor({ get x() { return 1; } }, "x")!.get, "getter"], // biome-ignore format: one line
    ["super", { m() { return super.toString(); } }.m, "super"], // biome-ignore format: one line
  ])("refuses %s", (_, value, word) => {
    const error = thrown(() => db.map(odd(value))) as MedsError;
    expect([error.code, error.message]).toEqual(["MEDS_INVALID_ARGUMENT", expect.stringContaining(word)]);
  });

  it("refuses exportName beside a function, and reduce rejects", async () => {
    expect(codeOf(() => db.map(() => 1, { exportName: "x" }))).toBe("MEDS_INVALID_ARGUMENT");
    expect((await rejected(db.reduce(() => outside, adding))).code).toBe("MEDS_INVALID_ARGUMENT");
    expect((await rejected(db.label(() => (outside ? null : null)))).code).toBe("MEDS_INVALID_ARGUMENT");
  });
});

describe("what goes wrong in a function", () => {
  it.each([[0], [2]])("names the subject, the function and its line (%i threads)", async (threads) => {
    const subject = db.at(150)!.subjectId;
    const error = await rejected(
      db
        .map(
          function* careless(patients, { id }) {
            for (const patient of patients) {
              if (patient.subjectId === id)
                throw new RangeError("too far");
              yield patient.length;
            }
          }, // biome-ignore format: the lines count
          { args: { id: subject }, threads },
        )
        .toArray(),
    );
    expect(error.code).toBe("MEDS_PASS_FAILED");
    expect(error.message).toBe(`The function \`careless\` failed at subject ${subject}: RangeError: too far`);
    expect((error.cause as Error).stack).toMatch(/careless \(inline function careless:\d+:\d+\)/);
  });

  it("calls the function without `this`: objects of this package cannot be reached through it", async () => {
    const [found] = await db.map(written("function () { return [this === undefined]; }"), { threads: 0 }).toArray();
    expect(found).toBe(true);
  });
});

describe("programs", () => {
  /** A program beside the package, as a user's. */
  function program(name: string, text: string): string {
    const root = folder("programs");
    mkdirSync(root, { recursive: true });
    const path = join(root, name);
    writeFileSync(
      path,
      text
        .replaceAll("LIBRARY", JSON.stringify(new URL("../../dist/index.js", import.meta.url).href))
        .replaceAll("STORE", JSON.stringify(generated.store)),
    );
    return path;
  }

  it("end at once, though threads of a pass are left, and without close()", async () => {
    const path = program(
      "open.mjs",
      `import { PatientDatabase } from LIBRARY;
       const db = PatientDatabase.open(STORE);
       console.log(await db.reduce((patients) => [...patients].length, { threads: 2, initial: 0, merge: (a, b) => a + b }));
       const begun = Date.now();
       process.on("exit", () => console.log(Date.now() - begun < 2000));`,
    );
    expect(execFileSync(process.execPath, [path], { encoding: "utf8", timeout: 30_000 })).toBe("300\ntrue\n");
  });

  it("survive process.exit, memory that runs out and unhandled rejections in a function", async () => {
    const end = await run("passes-hostile.mjs", [generated.store], { node: ["--max-old-space-size=100"], timeout: 120_000 });
    expect({ code: end.code, signal: end.signal }).toEqual({ code: 0, signal: null });
    expect(JSON.parse(end.stdout.trim().split("\n").at(-1)!)).toEqual({
      exit: "MEDS_PASS_FAILED",
      rejection: "MEDS_PASS_FAILED",
      memory: "MEDS_PASS_FAILED",
      after: 300,
    });
  });
});

it.each([[0], [2]])("a function of one patient, which reads none, is an error and not an empty result (%i threads)", async (threads) => {
  const wrong = (patient: { length?: number }) => patient.length;
  for (const run of [
    () => db.map(wrong as never, { threads }).toArray(),
    () => db.reduce(wrong as never, { threads, initial: 0, merge: (a) => a }),
  ]) {
    const { code, message } = await rejected(run());
    expect([code, message]).toEqual(["MEDS_PASS_FAILED", expect.stringContaining("for (const patient of patients)")]);
  }
});
