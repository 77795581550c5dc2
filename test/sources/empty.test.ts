// Files without rows, whose footers have empty lists of no type: hyparquet-writer's way, which other readers take.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert, PatientDatabase, verify } from "meds-reader";
import { expect, it } from "vitest";
import { duck, hyparquetBytes, simple, simpleFile, writeFiles } from "../support/dataset.js";
import { folder, place } from "../support/folder.js";
import { good } from "../support/refused.js";

it("files without rows by hyparquet-writer are read as DuckDB reads them", async () => {
  const source = folder("source");
  await writeFiles(source, [simpleFile("0.parquet", []), simpleFile("1.parquet", good)]);
  const codes = [
    { name: "code", type: simple.text, values: [] },
    { name: "description", type: simple.text, values: [] },
  ];
  writeFileSync(place(source, "metadata/codes.parquet"), hyparquetBytes({ name: "", columns: codes }));
  const reader = await (await duck()).runAndReadAll(`SELECT count(*)::INT FROM '${source}/data/*.parquet'`);
  expect(reader.getRows()).toEqual([[good.length]]);
  const store = join(folder("target"), "s.medsdb");
  await convert(source, store);
  const db = PatientDatabase.open(store);
  expect([db.eventCount, db.codes.get(1)?.description]).toEqual([good.length, null]);
  db.close();
  expect(await verify(store, source)).toEqual({ ok: true, differences: [] });
});

it("a dataset without a row is a store without a patient", async () => {
  const source = folder("source");
  await writeFiles(source, [simpleFile("0.parquet", [])]);
  const store = join(folder("target"), "s.medsdb");
  expect(await convert(source, store)).toMatchObject({ patients: 0, events: 0 });
  const db = PatientDatabase.open(store, { verify: true });
  expect([[...db], db.codes.size]).toEqual([[], 0]);
  db.close();
});
