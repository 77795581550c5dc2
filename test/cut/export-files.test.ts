// The files of an export, for tools that read a split's folder, one file at a time: which rows are in which.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { convert, filter, PatientDatabase } from "meds-reader";
import { describe, expect, it } from "vitest";
import { meds } from "../cli/run.js";
import { duck, type SimpleRow, simpleFile, writeFiles, writeSplits } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { files, folder } from "../support/folder.js";

const [MIN, MAX] = [-(2n ** 63n), 2n ** 63n - 1n];

/** Three rows a subject, one of them static; the last says how many there were before. */
const life = (ids: readonly bigint[]): SimpleRow[] =>
  ids.flatMap((id, i): SimpleRow[] => [
    [id, null, "SEX//F"],
    [id, 5n, "LAB//A", 1.5],
    [id, 5n, `LAB//${i % 5}`, i],
  ]);

/** A store of files of subjects, in this order. */
async function storeOf(parts: readonly (readonly bigint[])[], splits: ReadonlyMap<bigint, string> | null, shardBytes?: number) {
  const source = folder("files");
  await writeFiles(
    source,
    parts.map((ids, i) => simpleFile(`${i}.parquet`, life(ids))),
  );
  if (splits !== null) writeSplits(source, splits);
  const store = join(source, "s.medsdb");
  await convert(source, store, { shardBytes });
  return store;
}

async function exported(store: string, options?: object) {
  const out = join(folder("files"), "meds");
  const db = PatientDatabase.open(store);
  const { notes, files } = await db.export(out, options);
  db.close();
  return { out, notes, files };
}

/** Of each file its subjects, in the order of their rows, by DuckDB; what no row of a subject's says twice. */
async function subjects(out: string): Promise<Record<string, bigint[]>> {
  const found: Record<string, bigint[]> = {};
  for (const name of files(join(out, "data"))) {
    const path = join(out, "data", name).replaceAll("'", "''");
    const rows = await (await duck()).runAndReadAll(
      `SELECT subject_id, list(code ORDER BY file_row_number)[1] FROM read_parquet('${path}', file_row_number = true) GROUP BY ALL ORDER BY min(file_row_number)`,
    );
    expect(rows.getRows().map(([, code]) => code)).toEqual(rows.getRows().map(() => "SEX//F"));
    found[name] = rows.getRows().map(([id]) => id as bigint);
  }
  return found;
}

describe("the files of an export", () => {
  it("are a split's, and subjects ascend in each: ids over all of int64, and some in no split", async () => {
    const parts = [
      [0n, MAX, -1n],
      [MIN, 2n ** 53n + 1n, 7n],
      [2n ** 53n, -5n],
    ];
    const train = [MAX, MIN, 2n ** 53n + 1n, -1n];
    const splits = new Map([...train.map((id) => [id, "train"] as const), [0n, "held_out"], [2n ** 53n, "held_out"], [99n, "tuning"]]);
    for (const shardBytes of [undefined, 1024]) {
      const { out, notes } = await exported(await storeOf(parts, splits, shardBytes));
      expect(await subjects(out)).toEqual({
        "0.parquet": [-5n, 7n],
        "held_out/0.parquet": [0n, 2n ** 53n],
        "train/0.parquet": [MIN, -1n, 2n ** 53n + 1n, MAX],
      });
      expect(notes.filter(({ message }) => message.includes("no split"))).toMatchObject([{ kind: "warning", count: 2 }]);
    }
  });

  it("are directly in data/ if the store has no splits; after filter, only of the remaining splits", async () => {
    const { out } = await exported(await storeOf([[9n, 1n], [5n]], null));
    expect(await subjects(out)).toEqual({ "0.parquet": [1n, 5n, 9n] });
    const splits = new Map([9n, 1n, 5n].map((id) => [id, id === 5n ? "held_out" : "train"]));
    const store = await storeOf([[9n, 1n], [5n]], splits);
    await filter(store, join(dirname(store), "cut.medsdb"), { split: "train" });
    expect(await subjects((await exported(join(dirname(store), "cut.medsdb"))).out)).toEqual({ "train/0.parquet": [1n, 9n] });
  });

  it("have at most rowsPerFile rows, and patients whole; the files of a split have all of its rows", async () => {
    const ids = Array.from({ length: 40 }, (_, i) => BigInt((i * 37) % 40));
    const splits = new Map(ids.map((id) => [id, id % 4n === 0n ? "held_out" : "train"]));
    const store = await storeOf([ids.slice(0, 13), ids.slice(13)], splits, 1024);
    for (const [rowsPerFile, patients] of [
      [10, 3],
      [9, 3],
      [3, 1],
      [1, 1],
    ] as const) {
      const { out, files: count } = await exported(store, { rowsPerFile });
      const found = Object.entries(await subjects(out));
      expect(count).toBe(found.length);
      for (const split of ["train", "held_out"]) {
        const own = found.filter(([name]) => name.startsWith(`${split}/`));
        const expected = ids.filter((id) => splits.get(id) === split);
        expect(own.map(([name]) => name).sort()).toEqual(own.map((_, i) => `${split}/${i}.parquet`).sort());
        expect(own.length).toBe(Math.ceil(expected.length / patients));
        expect(own.flatMap(([, of]) => of).sort((a, b) => Number(a - b))).toEqual([...expected].sort((a, b) => Number(a - b)));
        for (const [, of] of own) expect(of).toEqual([...of].sort((a, b) => Number(a - b)));
      }
    }
    const path = join(folder("files"), "meds");
    const { code } = await meds("export", store, path, "--rows-per-file", "3", "--progress", "none");
    expect([code, readdirSync(join(path, "data", "train")).length]).toEqual([0, 30]);
    expect((await rejected(exported(store, { rowsPerFile: 0 }))).code).toBe("MEDS_INVALID_ARGUMENT");
  });

  it("keep every value of every column where subjects of several shards are in a file by turns", async () => {
    const ids = Array.from({ length: 60 }, (_, i) => BigInt((i * 23) % 60));
    const source = folder("turns");
    const rows = life(ids);
    const more = [
      { name: "often", type: { writer: "duckdb", type: "VARCHAR", encode: String }, values: rows.map((_, i) => `t${i % 7}`) },
      {
        name: "rare",
        type: { writer: "duckdb", type: "VARCHAR", encode: String },
        values: rows.map((_, i) => (i % 11 === 0 ? `r${i}` : null)),
      },
      {
        name: "big",
        type: { writer: "duckdb", type: "BIGINT", encode: (raw: unknown) => raw },
        values: rows.map((_, i) => (i % 9 === 0 ? BigInt(i) : null)),
      },
    ];
    const types = { subject_id: "BIGINT", time: "TIMESTAMP", code: "VARCHAR", numeric_value: "FLOAT" };
    const sql = await duck();
    const cell = (value: unknown) =>
      value === null || value === undefined ? "NULL" : typeof value === "string" ? `'${value}'` : `${value}`;
    const values = rows.map(
      ([id, time, code, value], i) =>
        `(${[id, time === null ? "NULL" : `make_timestamp(${time})`, cell(code), cell(value), ...more.map(({ values }) => cell(values[i]))].join(",")})`,
    );
    mkdirSync(join(source, "data"));
    const names = [...Object.keys(types), ...more.map(({ name }) => name)].join(",");
    const casts = [...Object.entries(types), ...more.map(({ name, type }) => [name, type.type] as const)].map(
      ([name, type]) => `${name}::${type} AS ${name}`,
    );
    // A list is a column that is always stored sparse.
    const list = "CASE WHEN big IS NULL THEN NULL ELSE [big, NULL, 1] END AS list";
    await sql.run(
      `COPY (SELECT ${casts.join(",")}, ${list} FROM (VALUES ${values.join(",")}) t(${names})) TO '${source}/data/0.parquet' (FORMAT parquet)`,
    );
    await convert(source, join(source, "s.medsdb"), { shardBytes: 1024 });
    const { out } = await exported(join(source, "s.medsdb"), { rowsPerFile: 50 });
    const all = async (path: string) => {
      const columns = [...Object.keys(types), "often", "rare", "big", "list"].join(",");
      const from = `read_parquet('${path}/data/*.parquet', file_row_number = true, filename = true)`;
      const read = await sql.runAndReadAll(`SELECT ${columns} FROM ${from} ORDER BY subject_id, filename, file_row_number`);
      return read.getRowsJson();
    };
    expect(await all(out)).toEqual(await all(source));
  });

  it("of a split whose name is a path, hidden, a pattern or another's in capitals are in a folder of their own, which a note names", async () => {
    const names = ["train", "Train", "a/b", "../../out", "..", "", ".hidden", "_x", "k=v", "*", "0.parquet", "x".repeat(300)];
    const splits = new Map(names.map((name, i) => [BigInt(i), name]));
    const store = await storeOf([[...splits.keys()].reverse()], splits);
    const { out, notes } = await exported(store);
    expect(readdirSync(dirname(out))).toEqual(["meds"]);
    expect(readdirSync(out).sort()).toEqual(["data", "metadata"]);
    const found = Object.entries(await subjects(out));
    expect(found.map(([name]) => name.toLowerCase()).filter((name) => !/^[^._/=*][^/=*]{0,60}\/0\.parquet$/.test(name))).toEqual([]);
    expect(new Set(found.map(([name]) => name.toLowerCase())).size).toBe(names.length);
    expect(found.find(([name]) => name === "train/0.parquet")![1]).toEqual([0n]);
    for (const name of names.slice(1)) {
      const note = notes.filter(({ message }) => message.startsWith(`files of split ${JSON.stringify(name)}: they are in data/`));
      expect(note).toMatchObject([{ kind: "converted", count: 1 }]);
    }
    const back = join(folder("files"), "back.medsdb");
    await convert(out, back);
    const db = PatientDatabase.open(back);
    expect(db.splits).toEqual(new Map(names.map((name) => [name, 1])));
    for (const [id, name] of splits) expect(db.get(id)!.split).toBe(name);
    db.close();
    rmSync(out, { recursive: true });
  });
});
