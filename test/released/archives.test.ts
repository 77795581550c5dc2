// The archives and tables of MedAlign, INSPECT and EHRSHOT, by the names and inner folders that public code has for them.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { convert, inspect, microsOf, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { tarred, zipped } from "../support/archive.js";
import { hyparquetBytes, simple, simpleFile, writeFiles, writeJson } from "../support/dataset.js";
import { folder, place } from "../support/folder.js";
import { clinic, lines, writeCsv } from "../support/omop.js";
import { python } from "../support/python.js";
import { real } from "../support/real.js";

const NOTE = 'CT ANGIOGRAM\n\n  1. No embolism; "clear" lungs, µ < 5.\r\n2. Nodule.';

/** MEDS in the columns and with the file names of INSPECT's release. */
async function inspectMeds(root: string): Promise<void> {
  const at = (time: string) => microsOf(time);
  const text = (name: string, values: (string | null)[]) => ({ name, type: simple.text, values });
  const id = (name: string, values: (bigint | null)[]) => ({ name, type: simple.id, values });
  const columns = (rows: number, note: number) => {
    const filled = <T>(value: T, rest: T) => Array.from({ length: rows }, (_, row) => (row === note ? value : rest));
    return [
      text("text_value", filled<string | null>(NOTE, null)),
      text("table", filled("note", "measurement")),
      id("note_id", filled<bigint | null>(77n, null)),
      id("visit_id", filled<bigint | null>(9n, null)),
      text("unit", filled<string | null>(null, "mg")),
    ];
  };
  await writeFiles(root, [
    simpleFile("data_0.parquet", [[125n, null, "Gender/F"], [125n, at("2020-01-01"), "LOINC/1", 5], [125n, at("2020-01-02"), "LOINC/24627-2"]], {}, columns(3, 2)),
    simpleFile("data_10.parquet", [[126n, at("2020-01-01"), "LOINC/1", 6]], {}, columns(1, -1)),
  ]); // biome-ignore format: a table
  const codes = [text("code", ["LOINC/1", "LOINC/24627-2"]), text("description", ["Test", "Chest CT"])];
  writeFileSync(place(root, "metadata", "codes.parquet"), hyparquetBytes({ name: "codes.parquet", columns: codes }));
  writeJson(root, "dataset.json", { dataset_name: "inspect", meds_version: "0.3.3" });
}

/** Converts an archive, and compares the store with it. */
async function opened(archive: string, look: (db: PatientDatabase) => void): Promise<void> {
  const store = join(folder("released"), "out.medsdb");
  await convert(archive, store);
  expect(await verify(store, archive)).toEqual({ ok: true, differences: [] });
  const db = PatientDatabase.open(store);
  try {
    look(db);
  } finally {
    db.close();
  }
}

describe("MEDS", () => {
  const ARCHIVES: readonly (readonly [name: string, inner: string, pack: (root: string, name: string) => string])[] = [
    ["meds_omop_inspect.tar.gz", "meds_omop_inspect", tarred],
    ["meds_omop_ehrshot.tar.gz", "meds_omop_ehrshot", tarred],
    // A test of public code expects archives without the folder too.
    ["meds_omop_ehrshot.tar.gz", ".", tarred],
    ["EHRSHOT_MEDS.zip", "EHRSHOT_MEDS", zipped],
  ];

  it.each(ARCHIVES)("of %s (folder %s) reads with its notes", async (name, inner, pack) => {
    const root = folder("release");
    await inspectMeds(join(root, inner));
    const archive = pack(root, name);
    expect(await inspect(archive)).toMatchObject({ format: "meds", files: 2, subjects: 2, rows: 4, problem: null });
    await opened(archive, (db) => {
      expect([...db].map(({ subjectId }) => subjectId)).toEqual([125n, 126n]);
      const note = db.get(125)!.at(-1)!;
      expect([note.code, note.description, note.get("text_value"), note.get("table"), note.get("note_id")]).toEqual(["LOINC/24627-2", "Chest CT", NOTE, "note", 77n]); // biome-ignore format: one row
      expect(db.get(125)!.toText({ format: "lumia-xml" }).text).toContain('1. No embolism; "clear" lungs, µ &lt; 5.&#13;\n2. Nodule.');
    });
  });
});

describe("meds_reader databases", () => {
  const NAMES = ["medalign", "inspect", "ehrshot"].map((name) => `meds_reader_omop_${name}`);
  const femr = real("small-meds", "femr_synthetic");

  it.skipIf(femr === null).each(NAMES)("of %s.tar.gz read, with the metadata beside the rows", async (name) => {
    const root = folder("release");
    execFileSync(python ?? "python3", ["-m", "zipfile", "-e", join(femr!, "meds_reader_db.zip"), root]);
    const database = join(root, "packed", name);
    mkdirSync(dirname(database));
    cpSync(join(root, "synthetic_meds"), database, { recursive: true });
    const archive = tarred(join(root, "packed"), `${name}.tar.gz`);
    expect(await inspect(archive)).toMatchObject({ format: "meds_reader", subjects: 200, rows: 2_589, problem: null });
    await opened(archive, (db) => expect([db.size, db.eventCount]).toEqual([200, 2_589]));
  });

  const theirs = python === null ? null : join(dirname(python), "meds_reader_convert");
  it.skipIf(theirs === null || !existsSync(theirs))("keep notes, descriptions and ids", async () => {
    const root = folder("release");
    await inspectMeds(join(root, "meds"));
    mkdirSync(join(root, "packed"));
    execFileSync(theirs!, [join(root, "meds"), join(root, "packed", "meds_reader_omop_medalign"), "--num_threads", "1"], {
      stdio: "pipe",
    });
    await opened(tarred(join(root, "packed"), "meds_reader_omop_medalign.tar.gz"), (db) => {
      const note = db.get(125)!.at(-1)!;
      expect([note.code, note.description, note.get("text_value"), note.get("note_id")]).toEqual(["LOINC/24627-2", "Chest CT", NOTE, 77n]);
    });
  });
});

describe("OMOP tables as MedAlign and INSPECT have them", () => {
  /** Names such as `visit_start_DATE` and `note_DATETIME`, which public code reads. */
  const mixed = Object.fromEntries(
    Object.entries(clinic).map(([table, text]) => {
      const [header = "", ...rest] = text.split("\n");
      return [table, [header.replaceAll(/_(date|datetime)(?=,|$)/g, (found) => found.toUpperCase()), ...rest].join("\n")];
    }),
  );

  it("read from a folder tables, and from its archives, as from plain CSV of 5.4", async () => {
    expect(mixed.visit_occurrence).toContain("visit_start_DATE,visit_start_DATETIME");
    const plain = join(folder("plain"), "out.medsdb");
    await convert(writeCsv(folder("plain")), plain);
    const wanted = lines(plain);
    expect(wanted.some((line) => line.includes('Feels "better".'))).toBe(true);
    const root = folder("release");
    writeCsv(join(root, "tables"), mixed);
    for (const source of [join(root, "tables"), tarred(root, "medalign_omop.tar.gz"), zipped(root, "medalign_omop.zip")]) {
      const store = join(folder("released"), "out.medsdb");
      await convert(source, store);
      expect(lines(store)).toEqual(wanted);
    }
    expect(await inspect(join(root, "tables"))).toMatchObject({ format: "omop", version: "5.4" });
  });
});
