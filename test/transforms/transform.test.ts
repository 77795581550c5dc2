// A function from a patient to rows, and what becomes of its rows.
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  beforeBirthToBirth,
  billingToVisitEnd,
  convert,
  icd10ToIcd10cm,
  type MedsError,
  midnightToDayEnd,
  PatientDatabase,
  type RowChanges,
  type Summary,
  type TransformOptions,
  transform,
  verify,
} from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { clinic, IDS, T0 } from "../support/clinic.js";
import { same } from "../support/compare.js";
import { simple, simpleFile, writeFiles, writeSimple, writeSplits } from "../support/dataset.js";
import { codeOf, rejected } from "../support/errors.js";
import { checkStore, type ExpectedPatient, type ExpectedRow } from "../support/expect.js";
import { changed, contents, folder } from "../support/folder.js";
import { generated } from "../support/generated.js";
import { forAll, runs } from "../support/property.js";
import { dataset } from "../support/random.js";
import { withStore } from "../support/stored.js";

const module = new URL("../support/transforms/functions.mjs", import.meta.url);

/** Transforms a store, verifies the result and returns its path. */
async function transformed(store: string, exportName: string, options: TransformOptions = {}): Promise<string> {
  const out = join(folder("transformed"), "s.medsdb");
  await transform(store, out, module, { threads: 1, exportName, ...options });
  expect(await verify(out)).toEqual({ ok: true, differences: [] });
  expect(readdirSync(dirname(out))).toEqual(["s.medsdb"]);
  return out;
}

/** A transform that must fail; nothing is left behind, not even the folder above. */
async function refused(store: string, exportName: string, options: TransformOptions = {}): Promise<MedsError> {
  const above = folder("refused");
  const error = await rejected(transform(store, join(above, "s.medsdb"), module, { threads: 1, exportName, ...options }));
  expect(readdirSync(above)).toEqual([]);
  return error;
}

/** Rows in a store's order, whatever order they came in. */
function inOrder(rows: readonly ExpectedRow[]): ExpectedRow[] {
  const [statics, timed] = [rows.filter(({ time }) => time === null), rows.filter(({ time }) => time !== null)];
  return [
    ...statics,
    ...timed
      .map((row, i) => [row, i] as const)
      .sort(([a, i], [b, j]) => (a.time! < b.time! ? -1 : a.time! > b.time! ? 1 : i - j))
      .map(([row]) => row),
  ];
}

/** Compares a store with what it must hold, and the types and storage of its columns with those of another. */
function check(path: string, expected: readonly ExpectedPatient[], columns?: PatientDatabase["columns"]): void {
  const db = PatientDatabase.open(path);
  checkStore(db, expected);
  const about = (of: PatientDatabase["columns"]) =>
    of.map(({ name, type, stored, storage, nulls }) => ({ name, type, stored, storage, nulls }));
  if (columns !== undefined) expect(about(db.columns)).toEqual(about(columns));
  db.close();
}

/** What a store holds. */
function rowsOf(path: string): ExpectedPatient[] {
  const db = PatientDatabase.open(path);
  const all = Array.from(db, (patient) => ({
    id: patient.subjectId,
    split: patient.split,
    rows: Array.from(patient, (event) => ({ ...event.toObject(), time: event.timeMicros }) as ExpectedRow),
  }));
  db.close();
  return all;
}

describe("transform() keeps", () => {
  it("every value of every column type in rows that nothing changes", async () => {
    await forAll(dataset, Math.ceil(runs / 4), 31, (data) =>
      withStore(data, async (db, store) => {
        check(await transformed(store, "default"), data.expected, db.columns);
        const turned = data.expected.map((patient) => ({ ...patient, rows: inOrder([...patient.rows].reverse()) }));
        check(await transformed(store, "reversed", { shardBytes: 1 << 20 }), turned);
      }),
    );
  }, 600_000);

  it("every new value, of every type that can be written", async () => {
    await forAll(dataset, Math.ceil(runs / 4), 32, (data) =>
      withStore(data, async (db, store) => {
        check(await transformed(store, "anew"), data.expected, db.columns);
      }),
    );
  }, 600_000);

  it("the same bytes for any number of threads", async () => {
    const one = await transformed(generated.store, "mixed", { args: { drop: 2, add: [null, 0] } });
    const three = await transformed(generated.store, "mixed", { args: { drop: 2, add: [null, 0] }, threads: 3 });
    expect(changed(contents(three), contents(one))).toEqual([]);
  });
});

describe("transform() changes", () => {
  it("what the function says: rows left out, doubled, changed and added, patients left out", async () => {
    const plain = rowsOf(generated.store);
    const columns = Object.keys(plain[0]!.rows[0]!);
    const add = [T0, null, T0 - 5n];
    const expected = plain.flatMap(({ rows, ...patient }) => {
      if (Number(patient.id % 7n) === 3) return [];
      const kept = rows.flatMap((row, i) => {
        const again = { ...row, code: `${row.code}//again`, numeric_value: i };
        return i % 4 === 1 ? [] : i % 4 === 2 ? [row, again] : [row];
      });
      const empty = Object.fromEntries(columns.map((name) => [name, null]));
      return [{ ...patient, rows: inOrder([...kept, ...add.map((time) => ({ ...empty, time, code: "ADDED", numeric_value: null }))]) }];
    });
    const out = join(folder("mixed"), "s.medsdb");
    const summary = await transform(generated.store, out, module, { exportName: "mixed", args: { drop: 3, add } });
    same(
      rowsOf(out),
      expected.filter(({ rows }) => rows.length > 0),
      () => "the store",
    );
    const dropped = plain.filter(({ id }) => Number(id % 7n) === 3);
    const left = plain.filter(({ id }) => Number(id % 7n) !== 3);
    const count = (kept: (i: number) => boolean, of = left) => of.reduce((sum, { rows }) => sum + rows.filter((_, i) => kept(i)).length, 0);
    const counts = new Map(summary.notes.map(({ kind, message, count }) => [`${kind}: ${message}`, count]));
    expect(counts.get("converted: rows that the function changed")).toBe(count((i) => i % 4 === 2));
    // The doubled one is one more row of the same event.
    expect(counts.get("converted: rows that the function added")).toBe(count((i) => i % 4 === 2) + 3 * left.length);
    expect(counts.get("skipped: rows that the function left out")).toBe(count((i) => i % 4 === 1) + count(() => true, dropped));
    expect(counts.get("skipped: patients who had no rows left")).toBe(dropped.length);
    expect(summary.patients).toBe(left.length);
  });

  it("a store into one without patients, where all are left out", async () => {
    const { store } = await clinic();
    const out = await transformed(store, "nobody");
    const db = PatientDatabase.open(out);
    expect([db.size, db.eventCount, db.columns.length]).toEqual([0, 0, 7]);
    expect(db.metadata.notes).toContainEqual({ kind: "skipped", message: "patients that the function left out", count: 6 });
    db.close();
    expect((await rejected(transform(out, `${out}2`, module))).code).toBe("MEDS_NO_DATA");
  });

  it("the columns that a store has: new ones by their types, missing ones not at all", async () => {
    const { store } = await clinic();
    const types: Record<string, [type: string, value: unknown]> = {
      tiny: ["uint8", 255],
      whole: ["int64", -5n],
      big: ["uint64", 2n ** 64n - 1n],
      exact: ["float64", 0.1],
      near: ["float32", Math.fround(0.1)],
      yes: ["bool", false],
      words: ["large_utf8", "ä\u0000\n"],
      blob: ["binary", Uint8Array.of(0, 255)],
      four: ["fixed_size_binary[4]", Uint8Array.of(1, 2, 3, 4)],
      money: ["decimal128(10, 2)", "-123.40"],
      day: ["date32", -1],
      morning: ["time32[ms]", 3_000],
      noon: ["time64[us]", 43_200_000_001],
      long: ["duration[s]", 5_000_000],
      when: ["timestamp[ms]", Number(T0)],
      nanos: ["timestamp[ns]", T0 * 1000n + 7n],
      odd: ["date64", 19_000],
      moment: ["date64", -0.25],
      last: ["time64[ns]", 86_399_999_999_999n],
    };
    const columns = Object.fromEntries(Object.entries(types).map(([name, [type]]) => [name, type]));
    const values = Object.fromEntries(Object.entries(types).map(([name, [, value]]) => [name, value]));
    const out = await transformed(store, "given", { columns, args: { ...values, code: "ALL" } });
    const db = PatientDatabase.open(out);
    expect(db.size).toBe(6);
    for (const patient of db) expect(patient.at(0)!.toObject()).toMatchObject({ ...values, code: "ALL" });
    expect(db.columns.slice(7).map(({ name, type }) => [name, type])).toEqual(Object.entries(columns));
    db.close();
  });
});

describe("transform() writes the values of a row at the time it was returned:", () => {
  it("a Date and bytes that the function uses again for every row", async () => {
    const { store } = await clinic();
    const out = await transformed(store, "reusing", { columns: { when: "timestamp[us]", blob: "binary" } });
    const db = PatientDatabase.open(out);
    for (const patient of db)
      expect([...patient].map((event) => [event.get("when"), event.get("blob")])).toEqual(
        Array.from({ length: patient.length }, (_, i) => [i * 1000, Uint8Array.of(i)]),
      );
    db.close();
  });

  it("an end that is a Date, to ready transforms as microseconds", async () => {
    const { store } = await clinic();
    const out = join(folder("dated"), "s.medsdb");
    const args = [
      { time: 2_000_000_000_000n, code: "MEDS_BIRTH" },
      { time: 0, code: "EARLY", end: new Date(3_000_000_000) },
    ];
    await transform(store, out, [module, beforeBirthToBirth()], { exportName: "rows", args, columns: { end: "timestamp[us]" } });
    const db = PatientDatabase.open(out);
    expect([...db.at(0)!].map((event) => [event.code, event.time, event.get("end")])).toEqual([
      ["MEDS_BIRTH", 2_000_000_000_000, null],
      ["EARLY", 2_000_000_000_000, 3_000_000_000_000],
    ]);
    db.close();
  });

  it("args that JSON cannot express, in the manifest", async () => {
    const { store } = await clinic();
    const args = { map: new Map([["a", 5n]]), set: new Set([1]), odd: [Number.NaN, -Infinity], typed: Float64Array.of(0.5) };
    const out = await transformed(store, "default", { args });
    const { options } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
    expect(options.transform.args).toBe('{"map":[["a","5"]],"set":[1],"odd":["NaN","-Infinity"],"typed":[0.5]}');
  });
});

describe("transform() refuses", () => {
  let store: string;
  beforeAll(async () => {
    ({ store } = await clinic());
  });

  it.each<[string, string, TransformOptions, RegExp]>([
    [
      "a function that gives nothing",
      "nothing",
      {},
      /subject 7: .*The result of the function is undefined\. It must be the patient's rows/,
    ],
    ["a number for rows", "number", {}, /The result of the function is 5/],
    ["numbers for rows", "numbers", {}, /A row is 5\. It must be an event, event\.with/],
    ["an event of another patient", "stolen", {}, /subject -3: .*event of another patient/],
    ["what it throws", "throws", {}, /subject 7: TypeError: not 12 rows/],
    ["a new row without a code", "fresh", { args: { time: null } }, /A new row \(an object\) has no code/],
    ["a new row without a time", "fresh", { args: { code: "A" } }, /has no time\. It must have a time \(null for a static row\)/],
    ["a new row whose time is hidden", "hidden", {}, /A new row \(an object\) has no time/],
    ["changes that are none", "given", { args: 5 }, /The argument of with\(\) is 5\. It must be an object/],
    ["another subject", "given", { args: { subject_id: 5n } }, /"subject_id" is 5n\. Rows stay with their patient: remove subject_id/],
    ["a code that is no text", "given", { args: { code: 5 } }, /column "code" is 5\. It must be a string, because every row has a code/],
    ["a code of null", "given", { args: { code: null } }, /column "code" is null/],
    ["no value", "given", { args: { unit: undefined } }, /column "unit" is undefined\. It must be a value, or null for no value/],
    ["a fractional time", "given", { args: { time: 0.5 } }, /0\.5 is not an exact number of microseconds/],
    [
      "a column that is not there",
      "given",
      { args: { dosis: 1 } },
      /no column "dosis"\. The columns are time, code, .*\. Declare a new column/,
    ],
    ["a text for a number", "given", { args: { dose: "much" } }, /column "dose" is "much"\. It must be a number, or null/],
    ["a number for a text", "given", { args: { unit: 5 } }, /column "unit" is 5\. It must be a string without lone surrogates/],
    ["half a character", "given", { args: { unit: "\ud800" } }, /It must be a string without lone surrogates/],
    ["a value beyond float32", "given", { args: { numeric_value: 1e300 } }, /It must be a number within the range of float32/],
    [
      "a whole number beyond its type",
      "given",
      { columns: { n: "int8" }, args: { n: 128 } },
      /column "n" is 128\. It must be a whole number, -128 to 127/,
    ],
    [
      "a number beyond 2^53",
      "given",
      { columns: { n: "int64" }, args: { n: 2 ** 60 } },
      /It must be a bigint or a whole number, within 64 bits/,
    ],
    [
      "more digits than a decimal has",
      "given",
      { columns: { n: "decimal128(4, 1)" }, args: { n: "1.25" } },
      /4 digits at most, 1 of them after the point/,
    ],
    ["a decimal that is too long", "given", { columns: { n: "decimal128(4, 1)" }, args: { n: "99999.9" } }, /column "n" is "99999.9"/],
    [
      "a part of a unit",
      "given",
      { columns: { n: "timestamp[s]" }, args: { n: 1_500_000 } },
      /microseconds that are a whole number of s, or null/,
    ],
    [
      "days beyond a date64",
      "given",
      { columns: { n: "date64" }, args: { n: 1e12 } },
      /column "n" is 1000000000000\. It must be days since 1970/,
    ],
    ["a part of a millisecond", "given", { columns: { n: "date64" }, args: { n: 1e-9 } }, /with a fraction for the time of day/],
    [
      "a time beyond its day",
      "given",
      { columns: { n: "time64[us]" }, args: { n: 86_400_000_000 } },
      /microseconds that are a whole number of us, within a day/,
    ],
    ["a time before its day", "given", { columns: { n: "time64[ns]" }, args: { n: -1n } }, /nanoseconds, as a bigint, within a day/],
    ["to close the store that it reads", "closing", {}, /the store was closed\. Read before calling close/],
    [
      "bytes of another length",
      "given",
      { columns: { n: "fixed_size_binary[3]" }, args: { n: Uint8Array.of(1) } },
      /a Uint8Array of 3 bytes/,
    ],
  ])("%s", async (_, name, options, message) => {
    const error = await refused(store, name, options);
    expect(error.message).toMatch(message);
    expect(error.code).toBe("MEDS_PASS_FAILED");
    expect(error.cause).toBeInstanceOf(Error);
  });

  it("an end that is not a time, before a ready transform that would move it", async () => {
    for (const end of ["late", true, 0.5]) {
      const out = join(folder("end"), "s.medsdb");
      const options = { exportName: "first", args: { end }, columns: { end: "timestamp[us]" } };
      const { code, cause } = await rejected(transform(store, out, [module, midnightToDayEnd({ codes: "*" })], options));
      expect([code, (cause as MedsError).code, (cause as MedsError).message]).toEqual([
        "MEDS_PASS_FAILED",
        "MEDS_INVALID_ARGUMENT",
        expect.stringMatching(/^The value for the column "end" is .*\. It must be microseconds/),
      ]);
    }
  });

  it("new values of nested columns, which can be kept", async () => {
    await forAll(dataset, 20, 33, (data) =>
      withStore(data, async (db, path) => {
        const nested = db.columns.find(({ stored }) => /^(list|struct|map)/.test(stored));
        if (nested === undefined) return;
        const error = await refused(path, "given", { args: { [nested.name]: [] } });
        expect(error.message).toMatch(/its values can be kept/);
        const bare = data.expected.map((patient) => ({ ...patient, rows: [{ ...patient.rows[0]!, [nested.name]: null }] }));
        check(await transformed(path, "given", { args: { [nested.name]: null } }), bare);
      }),
    );
  }, 600_000);

  it("functions that are not transforms", async () => {
    const out = join(folder("out"), "s.medsdb");
    const code = async (...args: unknown[]) => (await rejected((transform as (...given: unknown[]) => Promise<Summary>)(...args))).code;
    expect(await code(store, out, [])).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(store, out, undefined)).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(store, out, "relative.mjs")).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(store, out, new URL("none.mjs", module))).toBe("MEDS_NOT_FOUND");
    mkdirSync(join(store, "folder.mjs"));
    expect(await code(store, out, join(store, "folder.mjs"))).toBe("MEDS_NOT_FOUND");
    expect(await code(store, out, [icd10ToIcd10cm(), module])).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(store, out, icd10ToIcd10cm(), { exportName: "x" })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(store, out, module, { exportName: "absent" })).toBe("MEDS_PASS_FAILED");
    expect(await code(store, out, module, { colums: {} })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(store, out, module, { columns: { unit: "utf8" } })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(store, out, module, { columns: { x: 5 } })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(store, out, module, { columns: { x: "list<int32>" } })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(store, out, module, { columns: { x: "varchar" } })).toBe("MEDS_INVALID_ARGUMENT");
    for (const x of ["null", "float16", "dictionary<int8, utf8>", "fixed_size_binary[0]", "fixed_size_binary[-1]", "time32[us]"])
      expect(await code(store, out, module, { columns: { x } })).toBe("MEDS_INVALID_ARGUMENT");
    for (const x of ["decimal128(39, 2)", "decimal128(5, 7)", "decimal128(5, -2)", "decimal256(77, 0)"])
      expect(await code(store, out, module, { columns: { x } })).toBe("MEDS_INVALID_ARGUMENT");
    const circle: unknown[] = [];
    circle.push(circle);
    expect(await code(store, out, module, { args: circle })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(store, out, icd10ToIcd10cm(), { args: 1 })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(store, out, module, { memory: 1 })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(store, out, module, { shardBytes: 5 })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(store, out, module, { threads: 0 })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code(join(dirname(out), "none"), out, module)).toBe("MEDS_NOT_FOUND");
    expect(await code(store, out, billingToVisitEnd())).toBe("MEDS_UNKNOWN_COLUMN");
    expect(await code(store, out, midnightToDayEnd({ codes: "*", end: "unit" }))).toBe("MEDS_COLUMN_TYPE");
    for (const end of ["timestamp[s]", "timestamp[ms]", "timestamp[ns]"])
      expect(await code(store, out, beforeBirthToBirth(), { columns: { end } })).toBe("MEDS_COLUMN_TYPE");
    expect(codeOf(() => midnightToDayEnd({ codes: [] }))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => midnightToDayEnd({} as never))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => billingToVisitEnd({ billing: {} as never }))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => billingToVisitEnd({ vists: { codes: "A" } } as never))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => beforeBirthToBirth({ drop: { days: -1 } }))).toBe("MEDS_INVALID_ARGUMENT");
    expect(readdirSync(dirname(out))).toEqual([]);
  });

  it("to write over a store, into it, or around it", async () => {
    const out = await transformed(store, "default");
    expect((await rejected(transform(store, out, module))).code).toBe("MEDS_STORE_EXISTS");
    await transform(store, out, module, { force: true, exportName: "reversed" });
    const link = join(folder("link"), "link");
    symlinkSync(store, link);
    for (const path of [store, link, join(store, "inside"), join(link, "inside"), dirname(store)])
      expect((await rejected(transform(store, path, module, { force: true }))).code).toBe("MEDS_INVALID_ARGUMENT");
    expect(await verify(store)).toEqual({ ok: true, differences: [] });
  });

  it("to write over something else, before it reads a patient", async () => {
    const out = folder("taken");
    writeFileSync(join(out, "mine"), "");
    const seen: string[] = [];
    for (const [path, force] of [
      [out, true],
      [out, false],
      [join(out, "mine"), true],
    ] as const) {
      const error = await rejected(transform(store, path, module, { force, onProgress: ({ phase }) => seen.push(phase) }));
      expect([error.code, error.path]).toEqual(["MEDS_STORE_EXISTS", path]);
    }
    expect([seen, readdirSync(out)]).toEqual([[], ["mine"]]);
  });

  it("a damaged store: nothing damaged gets a new checksum", async () => {
    for (const name of ["shards/00000.arrow", "metadata/dataset.json"]) {
      const { store: own } = await clinic(1 << 20);
      const path = join(own, name);
      const bytes = readFileSync(path);
      // Into a value: the structure stays sound.
      const at = name.endsWith("json") ? 5 : bytes.indexOf(Buffer.from("note 0"));
      bytes[at]! ^= 1;
      writeFileSync(path, bytes);
      const error = await refused(own, "default");
      expect([error.code, error.message]).toEqual(["MEDS_CORRUPT", expect.stringContaining(name.split("/")[1]!)]);
    }
  });

  it("to go on when it is cancelled, and leaves nothing", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 300);
    expect((await refused(store, "slow", { signal: controller.signal })).code).toBe("MEDS_CANCELLED");
    const late = new AbortController();
    const onProgress = ({ phase }: { phase: string }) => {
      if (phase !== "transform") late.abort();
    };
    expect((await refused(generated.store, "default", { signal: late.signal, onProgress })).code).toBe("MEDS_CANCELLED");
  });
});

describe("a transformed store", () => {
  it("keeps splits, metadata and notes, and says how it was made", async () => {
    const { store } = await clinic();
    const args = { code: "X", n: 5n };
    const first = await transformed(store, "given", { args: { code: "X" }, columns: { n: "int64" } });
    const out = join(folder("again"), "s.medsdb");
    await transform(first, out, [module, beforeBirthToBirth({ drop: { days: 30 } })], { exportName: "given", args });
    const db = PatientDatabase.open(out);
    expect(db.splits).toEqual(
      new Map([
        ["train", 3],
        ["held_out", 2],
      ]),
    );
    expect(db.metadata.dataset).toEqual({ dataset_name: "clinic" });
    expect(db.subjectIds).toEqual(BigInt64Array.from(IDS));
    db.close();
    const manifest = (path: string) => JSON.parse(readFileSync(join(path, "manifest.json"), "utf8"));
    const { transform: how } = manifest(out).options;
    expect(how).toMatchObject({
      from: manifest(first).fingerprint,
      module: { name: "functions.mjs", exportName: "given" },
      args: '{"code":"X","n":"5"}',
      ready: [{ name: "before_birth_to_birth", options: { drop: "2592000000000" } }],
      before: [{ from: manifest(store).fingerprint, columns: [{ name: "n", type: "int64" }] }],
    });
    const third = join(dirname(out), "third.medsdb");
    await transform(out, third, icd10ToIcd10cm());
    const { before, ...own } = how;
    expect(manifest(third).options.transform.before).toEqual([own, ...before]);
    expect(how.module.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(contents(join(out, "metadata"))).toEqual(contents(join(store, "metadata")));
  });

  it("keeps subjects in their splits who never had events, and not who was left out", async () => {
    const source = await writeSimple(
      folder("splits"),
      [1n, 2n, 3n].map((id) => [id, T0, "A"] as const),
    );
    writeSplits(
      source,
      new Map([
        [1n, "train"],
        [2n, "held_out"],
        [8n, "train"],
        [9n, "planned"],
      ]),
    );
    const store = join(source, "s.medsdb");
    await convert(source, store);
    const same = await transformed(store, "default");
    expect(contents(join(same, "metadata"))).toEqual(contents(join(store, "metadata")));
    const out = await transformed(store, "mixed", { args: { drop: 2, add: [] } });
    const splits = (path: string) => {
      const db = PatientDatabase.open(path);
      const found = [...db.splits];
      db.close();
      return found;
    };
    expect([splits(same), splits(out)]).toEqual([
      [
        ["held_out", 1],
        ["planned", 0],
        ["train", 1],
      ],
      [
        ["planned", 0],
        ["train", 1],
      ],
    ]);
  });

  it("has an index and shards like the first store, and reports its progress", async () => {
    const { source } = await clinic();
    const store = join(folder("indexed"), "s.medsdb");
    await convert(source, store, { index: true, shardBytes: 1024 });
    const phases: string[] = [];
    const out = join(folder("out"), "s.medsdb");
    const summary = await transform(store, out, module, {
      onProgress: ({ phase, done, total }) => phases.push(`${phase} ${done}/${total}`),
    });
    expect(summary.indexBytes).toBeGreaterThan(0);
    expect(summary.shards).toBeGreaterThan(1);
    expect(phases[0]).toBe("transform 0/62");
    expect(phases).toContain("transform 62/62");
    const db = PatientDatabase.open(store);
    expect(summary.sourceBytes).toBe(db.metadata.bytes);
    db.close();
    expect(existsSync(join(out, "index"))).toBe(true);
  });

  it("of long texts and of a patient with many rows is written in parts", async () => {
    const rows = Array.from({ length: 300_000 }, (_, i) => [BigInt(i < 299_990 ? 1 : i), BigInt(i), `C${i % 50}`, i] as const);
    const source = folder("long");
    const notes = rows.map((_, i) => (i % 1000 === 0 ? `${i} `.repeat(5000) : null));
    await writeFiles(source, [simpleFile("0.parquet", rows, { rowGroup: 100_000 }, [{ name: "note", type: simple.text, values: notes }])]);
    const store = join(folder("store"), "s.medsdb");
    await convert(source, store);
    const out = await transformed(store, "anew");
    expect((await verify(out, source)).differences).toEqual([]);
  });
});

describe("the content id", () => {
  it("differs where values differ, though the files have equal sizes", async () => {
    const { store } = await clinic();
    const id = async (args: object) => {
      const db = PatientDatabase.open(await transformed(store, "given", { args }));
      const { id } = db.metadata;
      db.close();
      return id;
    };
    const ids = [{ numeric_value: 1 }, { numeric_value: 2 }, { code: "DEAD" }, { code: "LIVE" }].map(id);
    expect(new Set(await Promise.all(ids)).size).toBe(4);
    expect(await id({ code: "DEAD" })).toBe(await ids[2]);
  });
});

describe("event.with()", () => {
  it("returns a row with other values, and does not change the store", async () => {
    const source = await writeSimple(folder("with"), [
      [1n, null, "A", 1],
      [1n, 2n ** 60n, "B"],
    ]);
    const store = join(source, "s.medsdb");
    await convert(source, store);
    const db = PatientDatabase.open(store);
    const [first, late] = [...db.at(0)!];
    const row = first!.with({ time: new Date(5), numeric_value: null });
    expect([row.time, row.timeMicros, row.code, row.numericValue, row.get("numeric_value")]).toEqual([5000, 5000n, "A", null, null]);
    const again = row.with({ code: "C", numeric_value: Number.NaN });
    expect([again.time, again.code, again.numericValue, row.code, first!.time, first!.numericValue]).toEqual([
      5000,
      "C",
      Number.NaN,
      "A",
      null,
      1,
    ]);
    expect(late!.with({ code: "D" }).timeMicros).toBe(2n ** 60n);
    expect(codeOf(() => late!.with({ code: "D" }).time)).toBe("MEDS_TIME_RANGE");
    expect(codeOf(() => first!.with({ unit: undefined } as RowChanges))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => first!.with({}).get("none"))).toBe("MEDS_UNKNOWN_COLUMN");
    db.close();
  });
});
