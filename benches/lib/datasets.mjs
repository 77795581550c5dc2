// The data: MIMIC-IV demo where it is, and generated sets, kept below .cache/bench because they take a while to make.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { generate } from "../../dist/index.js";

/** The sets of a run: name, how its source is made, what is measured on it and how much of it. */
export function datasets(root, full) {
  const cache = join(root, ".cache", "bench");
  mkdirSync(cache, { recursive: true });
  const real = join(process.env.MEDS_REAL_DATA ?? join(root, "..", "shared", "data"), "mimic-iv-demo-meds-0.0.1");
  const large = () => made(cache, "large", { preset: "ehrshot" });
  const sets = [
    { name: "MIMIC-IV demo", key: "mimic", source: () => real, columns: true, convertTarget: 25, rounds: 5 },
    { name: "5.7 M", key: "medium", source: () => made(cache, "medium", { preset: "medium" }), columns: true, rounds: 5 },
    { name: "42 M", key: "large", source: large, large: true, convertTarget: 40, rounds: 3 },
    {
      name: "42 M, 8 files",
      key: "large8",
      source: () => made(cache, "large8", { preset: "ehrshot", files: 8 }),
      convertOnly: true,
      convertTarget: 40,
      rounds: 3,
    },
    {
      name: "42 M, shuffled",
      key: "mixed",
      source: async () => shuffled(cache, "large-mixed", await large()),
      convertOnly: true,
      repair: true,
      rounds: 1,
    },
  ];
  if (!existsSync(real)) {
    console.error(`bench: ${relative(root, real)} is absent (MEDS_REAL_DATA): the figures of the MIMIC-IV demo are left out`);
    sets.shift();
  }
  return { sets: full ? sets : sets.filter(({ key }) => key === "mimic" || key === "medium"), cache };
}

async function made(cache, name, options) {
  const path = join(cache, name);
  if (existsSync(join(path, "metadata", "dataset.json"))) return path;
  rmSync(path, { recursive: true, force: true });
  console.error(`bench: generating ${name} …`);
  await generate(path, { seed: 1, ...options });
  return path;
}

/** The same rows in random order over eight files. */
async function shuffled(cache, name, source) {
  const path = join(cache, name);
  if (existsSync(join(path, "done"))) return path;
  rmSync(path, { recursive: true, force: true });
  mkdirSync(join(path, "data"), { recursive: true });
  console.error(`bench: shuffling ${source} …`);
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const sql = await (await DuckDBInstance.create(":memory:", { memory_limit: "4GB", temp_directory: join(path, "tmp") })).connect();
  const from = `read_parquet('${source}/data/**/*.parquet', file_row_number = true)`;
  for (let file = 0; file < 8; file += 1) {
    await sql.run(`COPY (SELECT * EXCLUDE (file_row_number) FROM ${from} WHERE hash(file_row_number) % 8 = ${file} ORDER BY hash(file_row_number + 1))
      TO '${path}/data/${file}.parquet' (FORMAT parquet, COMPRESSION snappy)`);
  }
  rmSync(join(path, "tmp"), { recursive: true, force: true });
  mkdirSync(join(path, "done"));
  return path;
}

/** Reads every file once, so that both sides find the page cache warm. */
export function warm(path) {
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) readFileSync(join(entry.parentPath, entry.name));
  }
}
