// The cost of converting sources other than MEDS:
//   node benches/imports.mjs omop TABLES [TIMES] [NOTES]   a folder of .csv.gz, TIMES over (40), with NOTES notes of 7 kB (none): by default, and with 128 MiB
//   node benches/imports.mjs database DATABASE             a database of meds_reader, against meds_reader reading it once, with as many processes
import { spawnSync } from "node:child_process";
import { createWriteStream, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { finished } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { parse } from "csv-parse/sync";
import { peerPython } from "./lib/peer.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const work = mkdtempSync(join(process.env.MEDS_BENCH_DIR ?? tmpdir(), "meds-reader-imports-"));

function run(what, program, ...args) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${what}: ${stderr}`);
  console.log(`${what}: ${stdout.trim()}`);
}

const converted = (what, source, options = {}) =>
  run(what, process.execPath, join(here, "convert.mjs"), source, join(work, "s.medsdb"), JSON.stringify(options));

const quoted = (cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** Writes the tables of persons several times, each time with other ids. */
async function repeated(tables, times, notes) {
  const out = join(work, "tables");
  mkdirSync(out);
  const persons = new Set();
  let concept = "0";
  for (const name of readdirSync(tables).filter((name) => name.endsWith(".csv.gz"))) {
    const [head, ...rows] = parse(gunzipSync(readFileSync(join(tables, name))));
    const person = head.findIndex((column) => column.toLowerCase() === "person_id");
    if (/^concept\./i.test(name)) concept = rows[0][0];
    const file = createWriteStream(join(out, name.replace(/\.gz$/, "")));
    file.write(`${head.join(",")}\n`);
    for (let turn = 0; turn < (person < 0 ? 1 : times); turn += 1) {
      const lines = rows.map((row) => row.map((cell, at) => (at === person ? String(Number(cell) + turn * 1e6) : quoted(cell))).join(","));
      if (turn === 0 && person >= 0) for (const row of rows) persons.add(row[person]);
      if (!file.write(`${lines.join("\n")}\n`)) await new Promise((resolve) => file.once("drain", resolve));
    }
    await finished(file.end());
  }
  if (notes > 0) {
    const ids = [...persons];
    const file = createWriteStream(join(out, "note.csv"));
    file.write("note_id,person_id,note_date,note_datetime,note_type_concept_id,note_class_concept_id,note_text\n");
    for (let note = 0; note < notes; note += 1) {
      const text = `note ${note} says that all is well. `.repeat(200 + ((note * 7919) % 80));
      if (!file.write(`${note},${ids[note % ids.length]},2010-01-01,,0,${concept},"${text}"\n`))
        await new Promise((resolve) => file.once("drain", resolve));
    }
    await finished(file.end());
  }
  return out;
}

const [kind, source, times = "40", notes = "0"] = process.argv.slice(2);
try {
  if (kind === "omop") {
    const tables = await repeated(source, Number(times), Number(notes));
    converted("default memory", tables);
    converted("memory of 128 MiB", tables, { memory: 128 * 2 ** 20 });
  } else if (kind === "database") {
    const { python, reason } = peerPython(join(here, ".."));
    converted("conversion of the database, all columns", source);
    if (reason !== undefined) throw new Error(`no meds_reader to compare with: ${reason}`);
    run("meds_reader reads all columns once", python, join(here, "read_once.py"), source);
    run("meds_reader reads three columns once", python, join(here, "read_once.py"), source, "time", "code", "numeric_value");
  } else throw new Error("usage: node benches/imports.mjs omop TABLES [TIMES] [NOTES] | database DATABASE");
} finally {
  rmSync(work, { recursive: true, force: true });
}
