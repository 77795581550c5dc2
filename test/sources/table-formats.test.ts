// Tables of Delta, Iceberg, Hudi and the like: their folders also contain files whose rows are deleted or replaced. None of them is read as rows.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { convert, inspect, Labels, PatientDatabase, Splits } from "meds-reader";
import { describe, expect, it } from "vitest";
import { zipped } from "../support/archive.js";
import { writeJson, writeSimple } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { folder, place } from "../support/folder.js";
import { duckFile } from "../support/labels.js";
import { said } from "../support/notes.js";
import { clinic, writeCsv } from "../support/omop.js";
import { writersPython } from "../support/python.js";
import { good, refused } from "../support/refused.js";

const UUID = "7d0c4ad2-9f0c-4d2c-8f1b-2b7d6d6f3a11";

/** What shows each format: files (with their text) in the table's folder. */
const FORMATS: readonly (readonly [what: string, name: string, files: Readonly<Record<string, string>>])[] = [
  ["Delta", "Delta", { "_delta_log/00000000000000000000.json": "{}" }],
  ["Delta, a log of checkpoints", "Delta", { "_delta_log/00000000000000000010.checkpoint.parquet": "" }],
  ["Delta without its log", "Delta", { [`deletion_vector_${UUID}.bin`]: "x" }],
  ["Iceberg, a catalog's metadata", "Iceberg", { [`metadata/00000-${UUID}.metadata.json`]: "{}" }],
  ["Iceberg, packed metadata", "Iceberg", { [`metadata/00001-${UUID}.gz.metadata.json`]: "x" }],
  ["Iceberg, a folder's metadata", "Iceberg", { "metadata/v1.metadata.json": "{}" }],
  ["Iceberg, a hint", "Iceberg", { "metadata/version-hint.text": "1" }],
  ["Iceberg, manifests alone", "Iceberg", { [`metadata/snap-1234-0-${UUID}.avro`]: "x" }],
  ["Iceberg, metadata of another name", "Iceberg", { "metadata/now.metadata.json": '{"location": "/t", "format-version": 2}' }],
  ["Iceberg without its metadata", "Iceberg", { "00000-7-deletes.puffin": "x" }],
  ["Hudi", "Hudi", { ".hoodie/hoodie.properties": "hoodie.table.name=t" }],
  ["Hudi, a partition", "Hudi", { ".hoodie_partition_metadata": "x" }],
  ["Paimon", "Paimon", { "schema/schema-0": "{}", "snapshot/snapshot-1": "{}", "manifest/manifest-list-1": "x" }],
  ["Lance", "Lance", { "_versions/1.manifest": "x" }],
  ["Hive", "Hive", { _orc_acid_version: "2" }],
  ["a Spark stream", "Spark", { "_spark_metadata/0": "v1" }],
];

function lay(root: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(place(root, name), text);
}

/** What the error says, whoever throws it. */
const told = (name: string) => ({ code: "MEDS_TABLE_FORMAT", message: expect.stringMatching(new RegExp(`\\b${name}\\b.*plain Parquet`)) });

describe("a dataset in a table format is refused by the name of the format", () => {
  it.each(FORMATS)("%s", async (_, name, files) => {
    // In data/, in a folder below it, in the dataset's folder, and in one above.
    for (const [marked, source] of [
      ["m/data", "m"],
      ["m/data/train", "m"],
      ["m", "m"],
      ["m", "m/data/train/0.parquet"],
      [".", "m"],
    ] as const) {
      const root = folder("format");
      await writeSimple(join(root, "m"), good, { name: "train/0.parquet" });
      lay(join(root, marked), files);
      // A sign that is a file's name is one of its folder alone.
      if (Object.keys(files).some((file) => /\.(bin|puffin)$/.test(file)) && !/data/.test(marked)) continue;
      if (Object.keys(files).some((file) => /\.(bin|puffin)$/.test(file)) && source.endsWith(".parquet")) continue;
      for (const options of [{}, { repair: true }]) expect(await refused(join(root, source), options)).toMatchObject(told(name));
      expect(await rejected(PatientDatabase.from(join(root, source), { store: join(folder("t"), "s.medsdb") }))).toMatchObject(told(name));
      const found = await inspect(join(root, source));
      expect([found.rows, found.problemCode]).toEqual([null, "MEDS_TABLE_FORMAT"]);
    }
  });

  it("also by the names of the files alone, in copies without the log", async () => {
    for (const [file, name] of [
      [`${UUID}-0_0-2-2_20240102000000000.parquet`, "Hudi"],
      [`ducklake-${UUID}.parquet`, "DuckLake"],
      [`00000-5-${UUID}-deletes.parquet`, "Iceberg"],
      ["delta_0000002_0000002_0000/000000_0.parquet", "Hive"],
      ["base_0000005_v0000012/000000_0.parquet", "Hive"],
      ["delete_delta_0000003_0000003/000000_0.parquet", "Hive"],
    ] as const) {
      const source = await writeSimple(folder("names"), good, { name: file });
      expect(await refused(source)).toMatchObject(told(name));
      expect(await refused(join(source, "data", file))).toMatchObject(told(name));
    }
  });

  it("also where links lead into a table, or a table consists of links", async () => {
    const root = folder("links");
    const lake = await writeSimple(join(root, "lake"), good);
    lay(join(lake, "data"), FORMATS[0]![2]);
    mkdirSync(join(root, "files", "data"), { recursive: true });
    symlinkSync(join(lake, "data", "0.parquet"), join(root, "files", "data", "0.parquet"));
    mkdirSync(join(root, "folders"));
    symlinkSync(join(lake, "data"), join(root, "folders", "data"));
    symlinkSync(lake, join(root, "whole"));
    for (const name of ["files", "folders", "whole"]) expect(await refused(join(root, name))).toMatchObject(told("Delta"));
    // As a cache of downloads keeps files: by their hashes, in another folder.
    const blob = join(root, "blobs", "3f2a");
    const cached = await writeSimple(join(root, "cached"), good);
    renameSync(join(cached, "data", "0.parquet"), place(blob));
    symlinkSync(blob, join(cached, "data", "0.parquet"));
    lay(join(cached, "data"), FORMATS[0]![2]);
    expect(await refused(cached)).toMatchObject(told("Delta"));
  });

  it("also without a data folder, or without files", async () => {
    const root = folder("bare");
    lay(root, { "part-0.parquet": "PAR1", ...FORMATS[0]![2] });
    expect(await refused(root)).toMatchObject(told("Delta"));
    const emptied = folder("emptied");
    lay(join(emptied, "data", "train"), FORMATS[0]![2]);
    await writeSimple(emptied, good, { name: "held_out/0.parquet" });
    expect(await refused(emptied)).toMatchObject(told("Delta"));
  });

  it("also where Databricks has files that are removed, or not committed", async () => {
    for (const [sign, text, is] of [
      ["_committed_12", '{"added": ["a.parquet"], "removed": ["part-0-tid-11-x.parquet"]}', "removed"],
      ["_started_11", "", "open"],
      ["_committed_11", '{"added": ["part-0-tid-11-x.parquet"], "removed": []}', "whole"],
    ] as const) {
      const source = await writeSimple(folder("databricks"), good, { name: "train/part-0-tid-11-x.parquet" });
      lay(join(source, "data", "train"), { [sign]: text });
      if (is === "whole") expect((await convert(source, join(folder("t"), "s.medsdb"))).events).toBe(good.length);
      else expect(await refused(source)).toMatchObject({ ...told("Databricks"), path: join(source, "data", "train") });
    }
  });

  it("names the folder of the table, and how its current version is written", async () => {
    const source = await writeSimple(folder("m"), good, { name: "train/0.parquet" });
    lay(join(source, "data", "train"), FORMATS[0]![2]);
    const error = await refused(source);
    expect(error.path).toBe(join(source, "data", "train"));
    expect(error.message).toBe(
      `${error.path}: this folder is a Delta table (it contains _delta_log). Such a table also keeps files of older versions, whose rows are deleted or replaced, so its files are not read. Write the current version as plain Parquet, and use that instead (MEDS: write the file to the folder data/ of a new dataset, and copy metadata/ into it): in Python, \`import deltalake; import pyarrow.parquet as pq; pq.write_table(deltalake.DeltaTable(${JSON.stringify(error.path)}).to_pyarrow_table(), "current.parquet")\`.`,
    );
  });
});

describe("other tables in a table format are refused too", () => {
  it.each(FORMATS)("%s as a folder of labels, and one of its files", async (_, name, files) => {
    const root = folder("labels");
    const file = await duckFile(
      join(root, "0.parquet"),
      "SELECT 1::BIGINT subject_id, make_timestamp(1) prediction_time, true boolean_value",
    );
    expect((await Labels.open(root)).size).toBe(1);
    lay(root, files);
    expect(await rejected(Labels.open(root))).toMatchObject(told(name));
    if (/without/.test(_)) return;
    expect(await rejected(Labels.open(file))).toMatchObject(told(name));
  });

  it("splits, and metadata that is a folder of files", async () => {
    const root = folder("splits");
    const file = await duckFile(join(root, "t", "0.parquet"), "SELECT 1::BIGINT subject_id, 'train' split");
    lay(join(root, "t"), FORMATS[0]![2]);
    expect(await rejected(Splits.open(file))).toMatchObject(told("Delta"));
    const source = await writeSimple(folder("m"), good);
    mkdirSync(join(source, "metadata"));
    cpSync(join(root, "t"), join(source, "metadata", "subject_splits.parquet"), { recursive: true });
    expect(await refused(source)).toMatchObject(told("Delta"));
  });

  it.each(FORMATS)("%s as a table of OMOP", async (_, name, files) => {
    const root = writeCsv(folder("omop"), clinic);
    mkdirSync(join(root, "death"));
    renameSync(join(root, "death.csv"), join(root, "death", "0.csv"));
    lay(join(root, "death"), files);
    expect(await refused(root)).toMatchObject(told(name));
    expect((await inspect(root)).problemCode).toBe("MEDS_TABLE_FORMAT");
  });
});

describe("what only looks like a table format is read", () => {
  it.each([
    "base_20240101/data/0.parquet",
    "delta_20240101_20240201/m/data/0.parquet",
    "m/data/site_2024-01-01_20240102030405.parquet",
    "m/data/2024-deletes.parquet",
  ])("a name with a date: %s", async (name) => {
    const plain = await writeSimple(folder("plain"), good);
    const path = place(folder("dated"), name);
    cpSync(join(plain, "data", "0.parquet"), path);
    const source = path.slice(0, path.indexOf("/data/"));
    expect((await convert(source, join(folder("t"), "s.medsdb"))).events).toBe(good.length);
  });

  it("an archive whose store, or temporary folder, is in such a table's folder", async () => {
    const lake = folder("lake");
    lay(lake, FORMATS[0]![2]);
    const archive = zipped(await writeSimple(folder("plain"), good));
    expect((await convert(archive, join(lake, "s.medsdb"))).events).toBe(good.length);
    expect((await convert(archive, join(folder("t"), "s.medsdb"), { temp: lake })).events).toBe(good.length);
    expect((await convert(writeCsv(folder("omop")), join(lake, "o.medsdb"))).events).toBeGreaterThan(0);
  });

  it("MEDS with metadata of many names, and what writers of plain Parquet leave", async () => {
    const source = await writeSimple(folder("m"), good);
    writeJson(source, "dataset.json", {});
    lay(source, {
      "metadata/labels.metadata.json": '{"title": "x"}',
      "metadata/codes.json": "{}",
      "metadata/version.txt": "1",
      "metadata/.shards.json": "{}",
      "data/_SUCCESS": "",
      "data/_metadata": "x",
      "data/_common_metadata": "x",
      "data/.0.parquet.crc": "x",
      "schema/README": "",
      "snapshot/LATEST.txt": "",
    });
    const store = join(folder("t"), "s.medsdb");
    const { events, notes } = await convert(source, store);
    expect([events, said(notes).map(({ message, count }) => [message.split(",")[0], count])]).toEqual([
      good.length,
      [["files below data/ that are not read", 4]],
    ]);
  });

  it("a dataset beside a table, and one whose hidden snapshots contain a table", async () => {
    const root = folder("beside");
    const source = await writeSimple(join(root, "m"), good);
    lay(join(root, "lake"), FORMATS[0]![2]);
    lay(join(source, "data", ".snapshot", "t"), FORMATS[0]![2]);
    expect((await convert(source, join(root, "s.medsdb"))).events).toBe(good.length);
  });
});

// The real writers, where they are installed.
const writes = writersPython !== null;

/** Runs a program of Python. It ends at once: threads of these libraries may still run, and then end the process with an abort. */
function run(program: string, ...given: string[]): void {
  const done = spawnSync(writersPython!, ["-c", `${program}\nimport os\nos._exit(0)`, ...given], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(done.stderr);
}

const TABLE = `import sys, datetime as dt, pyarrow as pa
def rows(ids): return pa.table({"subject_id": pa.array(ids, pa.int64()), "time": pa.array([dt.datetime(2021, 3, 4)] * len(ids), pa.timestamp("us")), "code": ["A"] * len(ids)})
`;

it.skipIf(!writes)("Delta by deltalake: a deleted subject does not return, and the remedy writes what is left", async () => {
  const source = folder("delta");
  const data = join(source, "data");
  run(
    `${TABLE}from deltalake import DeltaTable, write_deltalake
write_deltalake(sys.argv[1], rows([1])); write_deltalake(sys.argv[1], rows([2]), mode="append"); DeltaTable(sys.argv[1]).delete("subject_id = 1")`,
    data,
  );
  const error = await refused(source);
  expect(error).toMatchObject({ ...told("Delta"), path: data });
  const plain = folder("plain");
  mkdirSync(join(plain, "data"));
  const remedy = /in Python, `(.*)`\.$/.exec(error.message)![1]!.replace("current.parquet", join(plain, "data", "0.parquet"));
  run(remedy);
  const db = await PatientDatabase.from(plain);
  expect([...db].map((patient) => patient.subjectId)).toEqual([2n]);
  db.close();
});

it.skipIf(!writes)("Iceberg by pyiceberg: replaced rows do not return", async () => {
  const source = join(folder("iceberg"), "m");
  run(
    `${TABLE}import os
from pyiceberg.catalog.sql import SqlCatalog
at = sys.argv[1]
catalog = SqlCatalog("c", uri=f"sqlite:///{os.path.dirname(at)}/c.db", warehouse=f"file://{os.path.dirname(at)}")
catalog.create_namespace("n")
t = catalog.create_table("n.t", schema=rows([1]).schema, location=f"file://{at}")
t.append(rows([1])); t.overwrite(rows([2]))`,
    source,
  );
  expect(await refused(source)).toMatchObject({ ...told("Iceberg"), path: source });
  expect(basename(source)).toBe("m");
});
