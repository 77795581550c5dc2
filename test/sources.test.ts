// Damaged and disordered sources: each is refused with its own code, names the file (and subject), and leaves nothing behind.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ConvertOptions, convert, type MedsError, PatientDatabase } from "meds-reader";
import { describe, expect, it } from "vitest";
import {
  type FileColumn,
  hyparquetBytes,
  type SimpleRow,
  simple,
  simpleFile,
  type TableFile,
  writeFiles,
  writeSimple,
  writeSplits,
} from "./support/dataset.js";
import { rejected } from "./support/errors.js";
import { checkStore, type ExpectedPatient } from "./support/expect.js";
import { changed, contents, files, folder, place } from "./support/folder.js";
import { real } from "./support/real.js";

const good: readonly SimpleRow[] = [
  [1n, null, "SEX//F"],
  [1n, 10n, "A", 1],
  [1n, 20n, "B"],
  [2n, 5n, "A", 2],
];

/** Converts what must fail; proves that nothing stands beside the source afterwards but the source. */
async function refused(source: string, options: ConvertOptions = {}): Promise<MedsError> {
  const target = folder("target");
  const temp = folder("temp");
  const before = existsSync(source) ? contents(source) : new Map();
  const error = await rejected(convert(source, join(target, "s.medsdb"), { temp, ...options }));
  expect(readdirSync(target)).toEqual([]);
  expect(readdirSync(temp)).toEqual([]);
  if (existsSync(source)) expect([...contents(source).keys()]).toEqual([...before.keys()]);
  expect(error.message.length).toBeGreaterThan(20);
  return error;
}

/** A dataset of one good file and one made of other columns. */
async function withColumns(change: (columns: FileColumn[]) => FileColumn[]): Promise<string> {
  const source = folder("source");
  const file = simpleFile("bad.parquet", [
    [7n, 1n, "X", 1],
    [7n, 2n, "Y", 2],
  ]);
  await writeFiles(source, [simpleFile("a.parquet", good), { ...file, columns: change([...file.columns]) }]);
  return source;
}

const replace = (name: string, change: (column: FileColumn) => FileColumn) => (columns: FileColumn[]) =>
  columns.map((column) => (column.name === name ? change(column) : column));

describe("a source that is no MEDS dataset", () => {
  it("is told apart: absent, without data, with an empty data folder", async () => {
    const none = folder("none");
    expect(await refused(join(none, "nowhere"))).toMatchObject({ code: "MEDS_NOT_FOUND", path: expect.stringContaining("nowhere") });
    expect(await refused(none)).toMatchObject({ code: "MEDS_NO_DATA", path: expect.stringContaining(none) });
    mkdirSync(join(none, "data/train"), { recursive: true });
    expect(await refused(none)).toMatchObject({ code: "MEDS_NO_DATA", path: expect.stringContaining(none) });
    writeFileSync(join(none, "data/train/0.csv"), "subject_id,time,code\n1,,A\n");
    expect(await refused(none)).toMatchObject({ code: "MEDS_NO_DATA" });
  });

  it("does not read trees that only look like it", async () => {
    const source = await writeSimple(folder("source"), good);
    for (const tree of ["unsorted_data", "metadata"]) writeFileSync(place(source, tree, "0.parquet"), "no parquet");
    rmSync(join(source, "metadata"), { recursive: true });
    const store = join(folder("target"), "s.medsdb");
    expect(await convert(source, store)).toMatchObject({ patients: 2, events: 4 });
  });
});

describe("a damaged Parquet file", () => {
  const cases: [string, (path: string, bytes: Buffer) => void][] = [
    ["text renamed .parquet", (path) => writeFileSync(path, "subject_id,time,code\n1,,A\n")],
    ["an empty file", (path) => writeFileSync(path, "")],
    ["three bytes", (path) => writeFileSync(path, "PAR")],
    ["magic alone", (path) => writeFileSync(path, "PAR1PAR1")],
    [
      "a footer length beyond the file",
      (path, bytes) =>
        writeFileSync(path, Buffer.concat([bytes.subarray(0, -8), Buffer.from([0xff, 0xff, 0xff, 0x7f]), bytes.subarray(-4)])),
    ],
    ["cut in the middle", (path, bytes) => truncateSync(path, bytes.length >> 1)],
    ["cut by one byte", (path, bytes) => truncateSync(path, bytes.length - 1)],
    [
      "zeros where the pages are",
      (path, bytes) => writeFileSync(path, Buffer.concat([bytes.subarray(0, 4), Buffer.alloc(200), bytes.subarray(204)])),
    ],
  ];
  for (const [what, damage] of cases) {
    it(`is named: ${what}`, async () => {
      const source = folder("source");
      await writeFiles(source, [
        simpleFile("a.parquet", good),
        simpleFile(
          "b/bad.parquet",
          Array.from({ length: 300 }, (_, i): SimpleRow => [9n, BigInt(i), `C${i}`, i]),
        ),
      ]);
      const path = join(source, "data/b/bad.parquet");
      damage(path, readFileSync(path));
      expect(await refused(source)).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path, message: expect.stringContaining("bad.parquet") });
    });
  }

  it("with any byte flipped is an error or a store of the same shape, never a crash", async () => {
    const source = folder("source");
    const rows = Array.from({ length: 200 }, (_, i): SimpleRow => [BigInt(i >> 5), BigInt(i), `C${i % 7}`, i]);
    await writeFiles(source, [simpleFile("0.parquet", rows, { rowGroup: 64 })]);
    const path = join(source, "data/0.parquet");
    const bytes = readFileSync(path);
    const target = folder("target");
    const codes = new Map<string, number>();
    for (let at = 0; at < bytes.length; at += 11) {
      const flipped = Buffer.from(bytes);
      flipped[at] = flipped[at]! ^ (1 << (at % 8));
      writeFileSync(path, flipped);
      const outcome = await convert(source, join(target, "s.medsdb"), { force: true }).then(
        () => "converted",
        (error: MedsError) => error.code ?? error.message,
      );
      codes.set(outcome, (codes.get(outcome) ?? 0) + 1);
    }
    expect([...codes.keys()].filter((code) => !/^(converted|MEDS_[A-Z_]+)$/.test(code))).toEqual([]);
    expect(codes.has("MEDS_INTERNAL")).toBe(false);
    expect(codes.get("MEDS_SOURCE_DAMAGED")).toBeGreaterThan(0);
    expect(readdirSync(target).filter((name) => name !== "s.medsdb")).toEqual([]);
  });
});

describe("columns that MEDS requires", () => {
  for (const name of ["subject_id", "time", "code"]) {
    it(`${name} missing in one file is an error that names both`, async () => {
      const source = await withColumns((columns) => columns.filter((column) => column.name !== name));
      const error = await refused(source);
      expect(error).toMatchObject({ code: "MEDS_MISSING_COLUMN", path: expect.stringContaining("bad.parquet") });
      expect(error.message).toContain(name);
    });
  }

  const mistyped: [string, Partial<FileColumn>][] = [
    ["subject_id", { type: simple.text, values: ["7", "7"] }],
    ["subject_id", { type: simple.double, values: [7, 7] }],
    ["time", { type: simple.text, values: ["2020-01-01", "2020-01-02"] }],
    ["time", { type: simple.id, values: [1n, 2n] }],
    ["code", { type: simple.id, values: [1n, 2n] }],
    ["numeric_value", { type: simple.text, values: ["1", "2"] }],
  ];
  for (const [name, wrong] of mistyped) {
    it(`${name} as ${JSON.stringify(wrong.type!.type)} is an error with the type that is wanted`, async () => {
      const source = await withColumns(replace(name, (column) => ({ ...column, ...wrong })));
      const error = await refused(source);
      expect(error).toMatchObject({ code: "MEDS_COLUMN_TYPE", path: expect.stringContaining("bad.parquet") });
      expect(error.message).toContain(name);
    });
  }

  it("a null code or id is an error that names file, column and row or subject", async () => {
    const code = await refused(await withColumns(replace("code", (column) => ({ ...column, values: ["X", null] }))));
    expect(code).toMatchObject({ code: "MEDS_NULL_VALUE", path: expect.stringContaining("bad.parquet") });
    expect(code.message).toMatch(/code/);
    expect(code.message).toMatch(/\b(row 1|subject 7)\b/);
    const id = await refused(await withColumns(replace("subject_id", (column) => ({ ...column, values: [7n, null] }))));
    expect(id).toMatchObject({ code: "MEDS_NULL_VALUE", path: expect.stringContaining("bad.parquet") });
    expect(id.message).toMatch(/subject_id/);
  });

  it("types without a common one name both files and the remedy", async () => {
    const source = folder("source");
    const more = (type: FileColumn["type"], values: unknown[]): FileColumn[] => [{ name: "extra", type, values }];
    await writeFiles(source, [
      simpleFile("a.parquet", good, {}, more(simple.text, ["x", "x", "x", "x"])),
      simpleFile("b.parquet", [[9n, 1n, "Z"]], {}, more(simple.id, [5n])),
    ]);
    const error = await refused(source);
    expect(error.code).toBe("MEDS_SCHEMA_CONFLICT");
    expect(error.message).toMatch(/a\.parquet/);
    expect(error.message).toMatch(/b\.parquet/);
    expect(error.message).toMatch(/exclude/);
    // The remedy works.
    const store = join(folder("target"), "s.medsdb");
    expect(await convert(source, store, { exclude: ["extra"] })).toMatchObject({ patients: 3 });
  });

  it("two columns of one name are refused", async () => {
    const error = await refused(await withColumns((columns) => [...columns, { name: "code", type: simple.text, values: ["x", "y"] }]));
    expect(error).toMatchObject({ code: "MEDS_SCHEMA_CONFLICT", path: expect.stringContaining("bad.parquet") });
  });
});

/** Files whose rows are out of place, and the store that --repair must make of them. */
const disorders: { what: string; code: string; files: TableFile[]; subject: string; repaired: ExpectedPatient[] }[] = [
  {
    what: "a subject twice in a file",
    code: "MEDS_NOT_CONTIGUOUS",
    subject: "1",
    files: [
      simpleFile("0.parquet", [
        [1n, 1n, "A"],
        [2n, 1n, "B"],
        [1n, 2n, "C"],
      ]),
    ],
    repaired: [
      { id: 1n, split: null, rows: [row(1n, "A"), row(2n, "C")] },
      { id: 2n, split: null, rows: [row(1n, "B")] },
    ],
  },
  {
    what: "a subject in two files",
    code: "MEDS_NOT_CONTIGUOUS",
    subject: "-5",
    files: [
      simpleFile("0.parquet", [
        [-5n, 3n, "A"],
        [2n, 1n, "B"],
      ]),
      simpleFile("1.parquet", [
        [-5n, 1n, "C"],
        [-5n, null, "S"],
      ]),
    ],
    repaired: [
      { id: -5n, split: null, rows: [row(null, "S"), row(1n, "C"), row(3n, "A")] },
      { id: 2n, split: null, rows: [row(1n, "B")] },
    ],
  },
  {
    what: "times that go backwards",
    code: "MEDS_TIME_ORDER",
    subject: "3",
    files: [
      simpleFile("0.parquet", [
        [3n, 5n, "A"],
        [3n, 4n, "B"],
        [3n, 5n, "C"],
        [3n, null, "S"],
        [3n, 4n, "D"],
      ]),
    ],
    // Stable: equal times keep the source's order.
    repaired: [{ id: 3n, split: null, rows: [row(null, "S"), row(4n, "B"), row(4n, "D"), row(5n, "A"), row(5n, "C")] }],
  },
];

function row(time: bigint | null, code: string) {
  return { time, code, numeric_value: null };
}

describe("rows out of place", () => {
  for (const { what, code, files: tables, subject, repaired } of disorders) {
    it(`${what}: an error that names subject and file, or --repair`, async () => {
      const source = folder("source");
      await writeFiles(source, tables);
      const error = await refused(source);
      expect(error.code).toBe(code);
      expect(error.message).toMatch(new RegExp(`(^|[^0-9-])${subject}\\b`));
      expect(error.message).toMatch(/\d\.parquet/);
      expect(error.message).toMatch(/repair/);

      const store = join(folder("target"), "s.medsdb");
      const { notes } = await convert(source, store, { repair: true });
      expect(notes.some(({ kind, count }) => kind === "repaired" && count > 0)).toBe(true);
      const db = PatientDatabase.open(store, { verify: true });
      checkStore(db, repaired);
      db.close();
      expect(files(dirname(store)).filter((name) => !name.startsWith("s.medsdb/"))).toEqual([]);
    });
  }

  it("shuffled over many files, repair restores every row", async () => {
    const rows = Array.from(
      { length: 6000 },
      (_, i): SimpleRow => [BigInt(i % 40) - 20n, i % 50 === 0 ? null : BigInt(Math.floor(i / 9)), `C${i % 97}`, i],
    );
    // Multiples of 48271 modulo a prime: every row once, in no order.
    const order = rows.map((_, i) => ({ i, key: ((i + 1) * 48271) % 6007 })).sort((a, b) => a.key - b.key);
    const source = folder("source");
    const tables = [0, 1, 2, 3, 4].map((file) =>
      simpleFile(
        `${file}.parquet`,
        order.slice(file * 1200, file * 1200 + 1200).map(({ i }) => rows[i]!),
        { rowGroup: 100 },
      ),
    );
    await writeFiles(source, tables);
    const store = join(folder("target"), "s.medsdb");
    await convert(source, store, { repair: true, memory: 64 << 20 });
    const shuffled = order.map(({ i }) => rows[i]!);
    const db = PatientDatabase.open(store, { verify: true });
    expect(db.size).toBe(40);
    for (const patient of db) {
      const own = shuffled.filter(([id]) => id === patient.subjectId);
      const expected = [
        ...own.filter(([, time]) => time === null),
        ...own.filter(([, time]) => time !== null).sort((a, b) => Number(a[1]! - b[1]!)),
      ];
      expect([...patient].map((event) => [event.timeMicros, event.code, event.numericValue])).toEqual(
        expected.map(([, time, code, value]) => [time, code, value]),
      );
    }
    db.close();
  });
});

describe("metadata", () => {
  it("that cannot be read is an error that names the file", async () => {
    for (const name of ["dataset.json", "codes.parquet", "subject_splits.parquet"]) {
      const source = await writeSimple(folder("source"), good);
      writeFileSync(place(source, "metadata", name), name.endsWith("json") ? '{"dataset_name": ' : "not parquet");
      const error = await refused(source);
      expect(error, name).toMatchObject({ code: "MEDS_METADATA", path: expect.stringContaining(name) });
    }
  });

  it("with a subject in two splits is refused, with the subject", async () => {
    const source = await writeSimple(folder("source"), good);
    const columns = [
      { name: "subject_id", type: simple.id, values: [1n, 2n, 1n] },
      { name: "split", type: simple.text, values: ["train", "train", "held_out"] },
    ];
    writeFileSync(place(source, "metadata/subject_splits.parquet"), hyparquetBytes({ name: "", columns }));
    const error = await refused(source);
    expect(error).toMatchObject({ code: "MEDS_SPLIT_CONFLICT", path: expect.stringContaining("subject_splits.parquet") });
    expect(error.message).toMatch(/\b1\b/);
  });

  it("may list subjects without rows, and miss subjects with rows", async () => {
    const source = await writeSimple(folder("source"), good);
    writeSplits(
      source,
      new Map([
        [1n, "train"],
        [99n, "held_out"],
        [100n, "only here"],
      ]),
    );
    const store = join(folder("target"), "s.medsdb");
    await convert(source, store);
    const db = PatientDatabase.open(store);
    expect([db.get(1)?.split, db.get(2)?.split, db.get(99)]).toEqual(["train", null, undefined]);
    expect(db.split("train").size).toBe(1);
    db.close();
  });

  it("is kept byte for byte, codes of any shape included", async () => {
    const source = await writeSimple(folder("source"), good);
    const columns = [
      { name: "code", type: simple.text, values: ["A", "B", "A", "UNUSED"] },
      { name: "description", type: simple.text, values: ["first", null, "second row of A", "x"] },
      { name: "code/n_occurrences", type: simple.id, values: [2n, 1n, 2n, 0n] },
    ];
    writeFileSync(place(source, "metadata/codes.parquet"), hyparquetBytes({ name: "", columns }));
    writeFileSync(place(source, "metadata/sub/anything.bin"), Buffer.from([0, 255, 10, 13]));
    const store = join(folder("target"), "s.medsdb");
    await convert(source, store);
    expect(changed(contents(join(store, "metadata")), contents(join(source, "metadata")))).toEqual([]);
    const db = PatientDatabase.open(store);
    const id = (code: string) => db.codes.id(code)!;
    expect(db.codes.get(id("A"))).toMatchObject({ description: "first", events: 2, patients: 2, parents: [] });
    expect(db.codes.get(id("B"))?.description).toBeNull();
    expect(db.codes.value("code/n_occurrences", id("A"))).toBe(2n);
    expect(db.codes.id("UNUSED")).toBeUndefined();
    db.close();
  });
});

describe("a target", () => {
  it("that exists is not overwritten without force", async () => {
    const source = await writeSimple(folder("source"), good);
    const store = join(folder("target"), "s.medsdb");
    await convert(source, store);
    const before = contents(store);
    expect(await rejected(convert(source, store))).toMatchObject({ code: "MEDS_STORE_EXISTS", path: expect.stringContaining("s.medsdb") });
    expect(changed(contents(store), before)).toEqual([]);
    await convert(source, store, { force: true, columns: [] });
    expect(changed(contents(store), before)).not.toEqual([]);
    // What is no store is somebody's data: force does not delete it.
    const precious = folder("precious");
    writeFileSync(join(precious, "thesis.txt"), "years of work");
    expect(await rejected(convert(source, precious, { force: true }))).toMatchObject({ code: expect.stringMatching(/^MEDS_/) });
    expect(readFileSync(join(precious, "thesis.txt"), "utf8")).toBe("years of work");
  });

  it("keeps its store when a forced conversion fails", async () => {
    const source = await writeSimple(folder("source"), good);
    const store = join(folder("target"), "s.medsdb");
    await convert(source, store);
    const before = contents(store);
    writeFileSync(join(source, "data/0.parquet"), "no longer Parquet");
    expect(await rejected(convert(source, store, { force: true }))).toMatchObject({ code: "MEDS_SOURCE_DAMAGED" });
    expect(changed(contents(store), before)).toEqual([]);
    expect(readdirSync(dirname(store))).toEqual(["s.medsdb"]);
  });

  it("inside its own source is refused or harmless", async () => {
    const source = await writeSimple(folder("source"), good);
    const result = await convert(source, join(source, "data", "s.medsdb")).catch((error: MedsError) => error);
    if (result instanceof Error) expect(result).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    else expect(await convert(source, join(folder("target"), "s.medsdb"))).toMatchObject({ patients: 2, events: 4 });
  });
});

describe.skipIf(real("small-meds") === null)("real data that was damaged", () => {
  it("truncated anywhere is refused", async () => {
    const source = folder("source");
    cpSync(join(real("small-meds")!, "meds_torch_cohort"), source, { recursive: true });
    const path = join(source, "data/train/1.parquet");
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += 250) {
      writeFileSync(path, bytes.subarray(0, at));
      expect(await refused(source), `${at} bytes`).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path });
    }
  });
});
