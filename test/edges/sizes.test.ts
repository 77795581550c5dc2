// The smallest and the largest of everything, and the same bytes whatever the threads.
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert } from "meds-reader";
import { describe, expect, it } from "vitest";
import { same } from "../support/compare.js";
import {
  type FileColumn,
  hyparquetBytes,
  type SimpleRow,
  simple,
  simpleFile,
  type TableFile,
  writeFiles,
  writeSimple,
} from "../support/dataset.js";
import { changed, contents, folder } from "../support/folder.js";
import { roundTrip, withStore } from "../support/roundtrip.js";

/** A file without rows, by DuckDB: hyparquet-writer's is not read by every program. */
function withoutRows(name: string): TableFile {
  const column = (title: string, type: string): FileColumn => ({
    name: title,
    type: { writer: "duckdb", type, encode: (raw) => raw },
    values: [],
  });
  return {
    name,
    columns: [column("subject_id", "BIGINT"), column("time", "TIMESTAMP"), column("code", "VARCHAR"), column("numeric_value", "FLOAT")],
  };
}

describe("sizes", () => {
  it("a patient of one row and one of 250,000 rows", async () => {
    const count = 250_000;
    const rows: SimpleRow[] = [[7n, 5n, "ONE", 1]];
    for (let i = 0; i < count; i += 1) rows.push([8n, i < 3 ? null : BigInt(i) * 1_000_000n, `C${i % 977}`, i % 5 ? i : null]);
    const sparse = { name: "sparse", type: simple.int, values: rows.map((_, i) => (i % 100 === 0 ? i : null)) };
    await withStore(await writeSimple(folder("long"), rows, { rowGroup: 20_000 }, [sparse]), (db) => {
      expect([...db].map(({ length }) => length)).toEqual([1, count]);
      const patient = db.get(8)!;
      const handle = patient.column("sparse");
      let i = 0;
      for (const event of patient) {
        const [, time, code, value] = rows[i + 1]!;
        same(event.timeMicros, time, () => `time ${i}`);
        same(event.code, code, () => `code ${i}`);
        same(event.numericValue, value, () => `value ${i}`);
        same(handle.at(i), sparse.values[i + 1], () => `sparse ${i}`);
        i += 1;
      }
      expect(i).toBe(count);
      expect(patient.until(100_000_000_000).length).toBe(100_001);
      expect(patient.until(100_000_000_000).last(2).first(1).at(0)!.time).toBe(99_999_000_000);
      expect(patient.last(1).column("sparse").at(0)).toBe(sparse.values[count]);
    });
  });

  it("300 row groups, with patients across them", async () => {
    const rows = Array.from({ length: 3000 }, (_, i): SimpleRow => [BigInt(Math.floor(i / 70)), BigInt(i), `C${i % 11}`, i]);
    await roundTrip(rows, [], { rowGroup: 10 });
  });

  it("10,000 codes", async () => {
    const rows = Array.from(
      { length: 20_000 },
      (_, i): SimpleRow => [BigInt(Math.floor(i / 4000)), BigInt(i), `CODE//${i % 10_000}`, null],
    );
    await withStore(await writeSimple(folder("codes"), rows), (db) => {
      expect(db.codes.size).toBe(10_000);
      let i = 0;
      for (const patient of db) for (const { code } of patient) same(code, rows[i++]![2], () => `code ${i}`);
      expect(i).toBe(rows.length);
      expect(db.codes.withPrefix("CODE//77").length).toBe(111);
    });
  });

  it("2,000 files, some of them without rows", async () => {
    const source = folder("files");
    mkdirSync(join(source, "data"));
    await writeFiles(source, [withoutRows("none.parquet")]);
    const none = join(source, "data", "none.parquet");
    const expected: bigint[] = [];
    for (let i = 0; i < 1999; i += 1) {
      const path = join(source, "data", `${String(i).padStart(4, "0")}.parquet`);
      if (i % 10 === 9) {
        copyFileSync(none, path);
        continue;
      }
      expected.push(BigInt(-i));
      writeFileSync(path, hyparquetBytes(simpleFile("", [[BigInt(-i), BigInt(i), `C${i}`, i]])));
    }
    await withStore(source, (db) => {
      expect([...db.subjectIds]).toEqual(expected);
      expect([...db].map((patient) => patient.at(0)!.code)).toEqual(expected.map((id) => `C${-id}`));
    });
  });

  it("a dataset whose every file is without rows is an empty store", async () => {
    const source = folder("empty");
    await writeFiles(source, [withoutRows("a.parquet"), withoutRows("b/c.parquet")]);
    await withStore(source, (db) => {
      expect([db.size, db.eventCount, db.codes.size, [...db].length]).toEqual([0, 0, 0, 0]);
      expect(db.get(1)).toBeUndefined();
      expect(db.at(0)).toBeUndefined();
    });
  });
});

describe("the same source and options", () => {
  it("have the same bytes with 1, 2 and 5 threads, wherever they are", async () => {
    const rows = Array.from(
      { length: 5000 },
      (_, i): SimpleRow => [BigInt(Math.floor(i / 90)), i % 90 < 2 ? null : BigInt(i), `C${(i * i) % 301}`, i % 3 ? i : null],
    );
    const more = [{ name: "text", type: simple.text, values: rows.map((_, i) => (i % 4 ? null : `t${i % 50}`)) }];
    const stores: Map<string, Buffer>[] = [];
    for (const threads of [1, 2, 5]) {
      const source = await writeSimple(folder(`threads${threads}`), rows, { rowGroup: 100 }, more);
      const store = join(folder("threads"), "s.medsdb");
      await convert(source, store, { threads, shardBytes: 20_000 });
      stores.push(contents(store));
    }
    expect(stores[0]!.size).toBeGreaterThan(6);
    for (const other of stores.slice(1)) expect(changed(other, stores[0]!)).toEqual([]);
  });
});
