// The data: MIMIC-IV demo where it is, and generated sets, kept below .cache/bench because they take a while to make.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { generate } from "../../dist/index.js";

/** The sets of a run: name, source folder, what is measured on it and how much of it. */
export async function datasets(root, full) {
  const cache = join(root, ".cache", "bench");
  mkdirSync(cache, { recursive: true });
  const real = join(process.env.MEDS_REAL_DATA ?? join(root, "..", "shared", "data"), "mimic-iv-demo-meds-0.0.1");
  const sets = [];
  if (existsSync(real)) sets.push({ name: "MIMIC-IV demo", key: "mimic", source: real, columns: true, convertTarget: 25, whole: 20 });
  else console.error(`bench: ${relative(root, real)} is absent (MEDS_REAL_DATA): the figures of the MIMIC-IV demo are left out`);
  sets.push({ name: "5.7 M", key: "medium", source: await made(cache, "medium", { preset: "medium" }), columns: true, whole: 20 });
  if (full) {
    sets.push({ name: "42 M", key: "large", source: await made(cache, "large", { preset: "ehrshot" }), large: true, convertTarget: 40 });
    const eight = await made(cache, "large8", { preset: "ehrshot", files: 8 });
    sets.push({ name: "42 M, 8 files", key: "large8", source: eight, convertOnly: true, convertTarget: 40 });
    const mixed = await shuffled(cache, "large-mixed", join(cache, "large"));
    sets.push({ name: "42 M, shuffled", key: "mixed", source: mixed, convertOnly: true, repair: true });
  }
  return { sets, cache };
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
