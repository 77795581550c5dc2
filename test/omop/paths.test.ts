// Names of folders and files that mean something to DuckDB, and folders behind links: every path is taken as it is written.
import { mkdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { convert, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { duckFile } from "../support/labels.js";
import { clinic, lines, type Tables, writeCsv } from "../support/omop.js";

const HEAD = "measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number\n";
const row = (id: number, value: number, person = 1) => `${id},${person},3004501,2020-01-01,${value}\n`;
const tables = (measurement: string): Tables => ({ person: clinic.person!, concept: clinic.concept!, measurement: HEAD + measurement });

async function values(root: string, target = folder("omop")) {
  const store = join(target, "s.medsdb");
  await convert(root, store);
  expect(await verify(store, root)).toEqual({ ok: true, differences: [] });
  const db = PatientDatabase.open(store);
  const found = [...db].flatMap((patient) =>
    [...patient].filter((event) => event.code === "LOINC/2345-7").map((event) => event.numericValue),
  );
  db.close();
  return found.sort();
}

describe("paths with the characters of patterns", () => {
  it.each([
    ["omop[12]", "omop1"],
    ["a*", "ab"],
    ["om?p", "omop"],
  ])("%s beside %s: rows of the other folder are not read", async (name, other) => {
    const root = folder("glob");
    writeCsv(join(root, name), tables(row(1, 71.5)));
    writeCsv(join(root, other), tables(row(2, 11) + row(3, 12)));
    expect(await values(join(root, name))).toEqual([71.5]);
  });

  it("folders of values, and the folder of the store", async () => {
    const root = folder("glob");
    writeCsv(root, { person: clinic.person!, concept: clinic.concept! });
    for (const [i, name] of ["[ab]", "a", "b"].entries()) {
      const at = join(root, "measurement", `unit_source_value=${name}`);
      mkdirSync(at, { recursive: true });
      await duckFile(
        join(at, "0.parquet"),
        `SELECT ${i}::BIGINT measurement_id, 1::BIGINT person_id, 3004501::BIGINT measurement_concept_id, DATE '2020-01-01' measurement_date, ${i + 0.5}::DOUBLE value_as_number`,
      );
    }
    const target = join(folder("t"), "[x]");
    mkdirSync(target);
    expect(await values(root, target)).toEqual([0.5, 1.5, 2.5]);
  });
});

it("pieces behind a link to a folder are read", async () => {
  const root = writeCsv(folder("links"), tables(row(1, 71.5)), (table) => (table === "measurement" ? "measurement/0.csv" : `${table}.csv`));
  const elsewhere = writeCsv(folder("elsewhere"), { measurement: HEAD + row(2, 90) }, () => "1.csv");
  symlinkSync(elsewhere, join(root, "measurement", "2021"));
  symlinkSync("..", join(root, "measurement", "again"));
  renameSync(join(root, "measurement", "again"), join(root, "measurement", ".again"));
  expect(await values(root)).toEqual([71.5, 90]);
});

it("equal files in folders of two persons are not copies", async () => {
  const piece = "measurement_id,measurement_concept_id,measurement_date,value_as_number\n1,3004501,2020-01-01,71.5\n";
  const root = writeCsv(folder("persons"), { person: clinic.person!, concept: clinic.concept! });
  for (const person of [1, 2]) writeCsv(join(root, "measurement", `person_id=${person}`), { measurement: piece }, () => "0.csv");
  expect(await values(root)).toEqual([71.5, 71.5]);
});

it("a table whose pieces differ in many ways needs no more memory", async () => {
  const root = writeCsv(folder("ways"), { person: clinic.person!, concept: clinic.concept! });
  const names = HEAD.trim().split(",");
  for (let i = 0; i < 24; i += 1) {
    const own = [...names, `own_${i}`];
    writeCsv(root, { measurement: `${own.join(",")}\n${row(i, i).trim()},x\n` }, () => `measurement/${i}.csv`);
  }
  expect(await values(root)).toHaveLength(24);
});

it("a date without an end, or beyond what a time can be, is refused by its column", async () => {
  for (const date of ["DATE 'infinity'", "DATE '300000-01-01'", "TIMESTAMP '-infinity'"]) {
    const root = writeCsv(folder("dates"), { person: clinic.person!, concept: clinic.concept! });
    await duckFile(
      join(root, "measurement.parquet"),
      `SELECT 1::BIGINT measurement_id, 1::BIGINT person_id, 3004501::BIGINT measurement_concept_id, ${date} measurement_date`,
    );
    const error = await rejected(convert(root, join(folder("t"), "s.medsdb")));
    expect(error.code).toBe("MEDS_COLUMN_TYPE");
    expect(error.message).toMatch(/Column measurement_date of person 1/);
  }
});

it("an empty line in a file of one column is not a row", async () => {
  const root = writeCsv(folder("one"), { person: clinic.person!, concept: clinic.concept! });
  writeCsv(join(root, "death", "death_date=2020-01-01"), { death: "person_id\n1\n\n" }, () => "0.csv");
  const store = join(folder("t"), "s.medsdb");
  await convert(root, store);
  expect(lines(store).filter((line) => line.includes("MEDS_DEATH"))).toHaveLength(1);
});
