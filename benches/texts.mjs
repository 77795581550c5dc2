// Timelines as text: bytes a second and memory, and LUMIA XML beside meds2text, whose own code runs from a
// checkout outside this project. `node benches/texts.mjs [--data medium|large|MEDS] [--budget 8192]
// [--tokenizer o200k_base] [--meds2text CHECKOUT --python PYTHON --subjects 20]`
//
// PYTHON needs meds_reader, lxml, pandas, polars, pyarrow, marisa-trie, networkx and python-dateutil. Both sides write the person
// and all events of the same patients, without names of codes. meds2text's viewer reads both, and must find the same events.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { convert, generate, Labels, PatientDatabase, texts, writeTexts } from "../dist/index.js";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values } = parseArgs({
  options: {
    data: { type: "string", default: "medium" },
    budget: { type: "string", default: "8192" },
    labels: { type: "string", default: "10000" },
    tokenizer: { type: "string", default: "o200k_base" },
    meds2text: { type: "string" },
    python: { type: "string", default: "python3" },
    subjects: { type: "string", default: "20" },
  },
});
const presets = { medium: "medium", large: "ehrshot" };
const place = join(root, ".cache", "texts", values.data.replace(/\W+/g, "_"));
mkdirSync(place, { recursive: true });

/** The dataset with columns as OMOP conversions name them, and its store. */
async function prepared() {
  const store = join(place, "store.medsdb");
  const source = join(place, "source");
  if (existsSync(store)) return { store, source };
  let from = resolve(values.data);
  if (values.data in presets) {
    from = join(place, "generated");
    rmSync(from, { recursive: true, force: true });
    await generate(from, { preset: presets[values.data] });
  }
  rmSync(source, { recursive: true, force: true });
  mkdirSync(join(source, "data"), { recursive: true });
  mkdirSync(join(source, "metadata"));
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const rows = `read_parquet('${from}/data/**/*.parquet')`;
  const described = (await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${rows}`)).getRowObjects().map(({ column_name: name }) => name);
  const table = described.includes("omop_table") ? "omop_table" : "'observation'";
  const isPerson =
    "code = 'MEDS_BIRTH' OR starts_with(code, 'GENDER//') OR starts_with(code, 'RACE//') OR starts_with(code, 'ETHNICITY//')";
  const text = described.includes("text_value") ? "text_value" : "NULL";
  await connection.run(`COPY (SELECT subject_id, time, CASE WHEN code = 'MEDS_BIRTH' THEN code ELSE replace(replace(replace(code, 'GENDER//', 'Gender/'), 'RACE//', 'Race/'), 'ETHNICITY//', 'Ethnicity/') END AS code,
      numeric_value, ${text}::VARCHAR AS text_value, CASE WHEN ${isPerson} THEN 'person' ELSE ${table} END AS "table", visit_id::BIGINT AS visit_id
      FROM ${rows} WHERE time IS NOT NULL OR ${isPerson} ORDER BY subject_id, time NULLS FIRST)
    TO '${source}/data/0.parquet' (FORMAT parquet)`);
  await connection.run(
    `COPY (SELECT 'X' AS code, NULL::VARCHAR AS description, NULL::VARCHAR[] AS parent_codes WHERE false) TO '${source}/metadata/codes.parquet' (FORMAT parquet)`,
  );
  connection.closeSync();
  await convert(source, store);
  return { store, source };
}

/** Memory of the process without that of mapped files, in MB. Linux only. */
function memory() {
  const found = existsSync("/proc/self/status") ? /RssAnon:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8")) : null;
  return found === null ? Number.NaN : Number(found[1]) / 1024;
}

/** Runs a job, and measures it. */
async function measured(job) {
  let most = memory();
  const timer = setInterval(() => {
    most = Math.max(most, memory());
  }, 20);
  const [before, start] = [process.cpuUsage(), performance.now()];
  const result = await job();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  clearInterval(timer);
  return { ...result, seconds, processor: (user + system) / 1e6, most };
}

const { store, source } = await prepared();
const db = PatientDatabase.open(store);
const out = join(tmpdir(), `meds-reader-texts-${process.pid}`);
const mb = (bytes) => (bytes / 1e6).toFixed(0);

/** Reads all texts, and writes none: a disk is not measured. */
async function read(list) {
  let bytes = 0;
  for await (const text of list) bytes += text.bytes.length;
  return { bytes };
}

for (const threads of [0, 1, 2]) {
  const { bytes, seconds, processor, most } = await measured(() => read(texts(db, undefined, { format: "lumia-xml", threads })));
  console.log(
    `LUMIA XML of ${db.size} patients, ${db.eventCount} events, ${threads} threads: ${mb(bytes)} MB in ${seconds.toFixed(2)} s, ${mb(bytes / seconds)} MB/s, ${mb(bytes / processor)} MB per second of a processor; memory ${most.toFixed(0)} MB`,
  );
}

// A search in notes, and the same by a loop. The second round of each counts.
if (db.columns.some(({ name }) => name === "text_value")) {
  const expression = /\b[a-z]\w+ (pain|fever|overnight)\b/g;
  const loop = () => {
    let matches = 0;
    for (const patient of db)
      for (const event of patient) {
        const text = event.get("table") === "note" ? event.get("text_value") : null;
        if (text !== null) for (const _ of text.matchAll(expression)) matches += 1;
      }
    return { matches };
  };
  const search = async () => ({ ...(await db.searchNotes(expression)) });
  await measured(search);
  const own = await measured(search);
  await measured(loop);
  const plain = await measured(loop);
  if (own.matches !== plain.matches) throw new Error(`searchNotes finds ${own.matches} matches, the loop ${plain.matches}`);
  console.log(
    `searchNotes: ${own.matches} matches in ${own.notesSearched} notes, ${db.eventCount} rows: ${(own.seconds * 1000).toFixed(0)} ms; a loop over all rows ${(plain.seconds * 1000).toFixed(0)} ms, ${(plain.seconds / own.seconds).toFixed(0)} times as long`,
  );
}

// Labels at random rows of random patients: a text as of each.
let seed = 7;
const draw = (below) => {
  seed = (seed * 48271) % 2147483647;
  return seed % below;
};
const patients = db.subjectIds;
const labels = Labels.from(
  Array.from({ length: Number(values.labels) }, () => {
    const patient = db.get(patients[draw(patients.length)]);
    return {
      subjectId: patient.subjectId,
      predictionTime: patient.at(patient.staticCount + draw(patient.length - patient.staticCount)).timeMicros,
      booleanValue: true,
    };
  }),
);
const budget = Number(values.budget);
for (const threads of [1, 2]) {
  const prompts = await measured(() => writeTexts(texts(db, labels, { budget, tokenizer: values.tokenizer, threads }), `${out}.jsonl`));
  rmSync(`${out}.jsonl`);
  console.log(
    `Markdown as of ${labels.size} labels, at most ${prompts.mostTokens} of ${budget} tokens of ${values.tokenizer}, ${threads} threads: ${(prompts.texts / prompts.seconds).toFixed(0)} texts/s, ${(prompts.texts / prompts.processor).toFixed(0)} per second of a processor; memory ${prompts.most.toFixed(0)} MB`,
  );
}

if (values.meds2text !== undefined) {
  const python = (...args) => {
    const done = spawnSync(values.python, [join(root, "benches", "texts.py"), ...args], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (done.status !== 0) throw new Error(`texts.py ${args[0]} failed`);
    return JSON.parse(done.stdout.trim().split("\n").at(-1));
  };
  const database = join(place, "database");
  if (!existsSync(database)) python("convert", source, database);
  const theirs = python("write", values.meds2text, database, join(out, "theirs"), values.subjects);
  const cohort = db.subset({ ids: theirs.subjects.map(BigInt) });
  const written = (threads) => measured(() => writeTexts(texts(cohort, undefined, { format: "lumia-xml", threads }), join(out, "ours")));
  const two = await written(2);
  rmSync(join(out, "ours"), { recursive: true });
  const ours = await written(1);
  const [their, own] = python("parse", values.meds2text, join(out, "theirs"), join(out, "ours"));
  if (their.digest !== own.digest)
    throw new Error(`meds2text's viewer finds ${their.events} events in its files and ${own.events} in ours, or others`);
  rmSync(out, { recursive: true, force: true });
  console.log(
    `meds2text: ${cohort.size} patients, ${their.events} events in ${theirs.seconds.toFixed(2)} s; one thread of ours ${ours.seconds.toFixed(2)} s, with its start: ${(theirs.seconds / ours.seconds).toFixed(0)} times as fast; two ${(theirs.seconds / two.seconds).toFixed(0)} times; its viewer reads the same events from both`,
  );
}
db.close();
