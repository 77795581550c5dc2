// The program of docs/runtimes.md: it uses every part of the package, and prints as JSON what each step
// returned. scripts/runtimes.mjs runs it in each runtime and compares the answers. Its argument is an empty
// folder.
import { createWriteStream, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import {
  convert,
  filter,
  generate,
  inspect,
  Labels,
  labValue,
  loader,
  MedsError,
  microsOf,
  PatientDatabase,
  Splits,
  samples,
  transform,
  Vocabulary,
  verify,
  writeBatches,
} from "meds-reader";

const folder = process.argv.at(-1);
const at = (...parts) => join(folder, ...parts);

/** A value as text that is equal in every runtime. */
const text = (value) =>
  JSON.stringify(value, (_, item) => {
    if (typeof item === "bigint") return `${item}n`;
    if (typeof item === "string") return item.replaceAll(folder, "FOLDER");
    return ArrayBuffer.isView(item) ? [item.constructor.name, ...Array.from(item, String)] : item;
  }) ?? "undefined";

const all = async (many) => {
  const found = [];
  for await (const one of many) found.push(one);
  return found;
};
const codeOf = async (call) => {
  try {
    await call();
    return "no error";
  } catch (error) {
    return error instanceof MedsError ? error.code : `${error}`;
  }
};

let db;
let labels;
let vocabulary;
const first = () => db.at(0);
const batches = (options) =>
  all(loader(samples(db, labels, { maxLength: 16 }), { batchSize: 4, fields: ["code", "numeric_value", "time"], seed: 1, ...options }));
const rowsEach = function* (patients, { most }) {
  for (const patient of patients) yield [patient.subjectId, patient.slice(0, most).length, patient.slice(0, most).firstTime];
};

const STEPS = {
  generate: () => generate(at("source"), { patients: 30, events: 3000, seed: 5 }).then(({ patients, events }) => [patients, events]),
  inspect: () => inspect(at("source")).then(({ subjects, rows }) => [subjects, rows]),
  convert: () => convert(at("source"), at("s.medsdb")).then(({ patients, events, codes, shards }) => [patients, events, codes, shards]),
  "convert with progress": async () => {
    const phases = new Set();
    await convert(at("source"), at("progress.medsdb"), { onProgress: ({ phase }) => phases.add(phase), threads: 2 });
    return phases.has("finish");
  },
  verify: () => verify(at("s.medsdb")),
  "verify with its source": () => verify(at("s.medsdb"), at("source")),
  open: () => {
    db = PatientDatabase.open(at("s.medsdb"), { verify: true });
    return [db.size, db.codes.size, db.columns.map(({ name, type }) => [name, type])];
  },
  from: async () => {
    const other = await PatientDatabase.from(at("source"), { store: at("from.medsdb") });
    const { size } = other;
    other.close();
    return size;
  },
  require: () => createRequire(import.meta.url)("meds-reader").PatientDatabase === PatientDatabase,
  "patients by id": () => Array.from(db.subjectIds, (id) => db.get(id).length),
  splits: () => [...db.splits],
  events: () => Array.from(first(), ({ timeMicros, code, numericValue }) => [timeMicros, code, numericValue]),
  times: () => first().times,
  "code ids": () => first().codeIds,
  column: () => Array.from(first().column("numeric_value")),
  windows: () => first().until(first().lastTime, { inclusive: false }).last(5).toJSON(),
  between: () => first().between(first().firstTime, first().lastTime).length,
  "rows with a code": () => first().withCode(/^LAB/).length,
  groups: () => Array.from(first().byTime(), (group) => group.length),
  json: () => first().slice(0, 20).toJSON(),
  search: () => db.codes.search("lab").length,
  countCodes: () => db.countCodes(),
  firstOf: () => db.firstOf("LAB//*"),
  "lastOf in two threads": () => db.lastOf(/^DIAG|^LAB/, { threads: 2 }),
  select: () => db.select({ codes: "LAB//*", limit: 50 }).then(({ length, columns }) => [length, columns.code, columns.numeric_value]),
  asof: async () => db.asof(await db.lastOf("LAB//*"), "LAB//*"),
  "windows of many": () =>
    db.windows(
      db.subjectIds,
      Array.from(db, ({ lastTime }) => lastTime ?? 0),
      { last: 3 },
    ).codeIds,
  prefetch: () => db.prefetch(db.subjectIds).then(() => "done"),
  "labels of a function": async () => {
    labels = await db.label(labValue({ codes: "LAB//*", thresholds: [1] }));
    labels = labels.select(Array.from({ length: Math.min(labels.size, 24) }, (_, i) => i));
    return [labels.subjectIds, labels.predictionTimes];
  },
  "labels written and read": async () => {
    await labels.write(at("task"));
    return (await Labels.open(at("task"))).predictionTimes;
  },
  "splits read": () => Splits.open(at("source")).then((read) => [...read.names]),
  "samples, batches": () => batches(),
  "batches of two workers": () => batches({ workers: 2 }),
  "batches, packed, shuffled": () => batches({ batchSize: undefined, tokens: 64, shuffle: true }),
  vocabulary: async () => {
    vocabulary = await Vocabulary.fit(db.split("train"), { minCount: 2 });
    return vocabulary.tokens;
  },
  "batches with a vocabulary": () => batches({ vocabulary, workers: 1 }),
  "batches as a stream": () =>
    writeBatches(loader(samples(db, labels, { maxLength: 8 }), { batchSize: 4, padTo: "max" }), createWriteStream(at("batches.arrows"))),
  "a pass in this thread": () => all(db.map(rowsEach, { args: { most: 3 }, threads: 0 })),
  "a pass in two threads": () => all(db.map(rowsEach, { args: { most: 3 }, threads: 2, ordered: true })),
  "a pass of a module": () => {
    writeFileSync(at("rows.mjs"), "export default (patients) => Array.from(patients).reduce((sum, { length }) => sum + length, 0);\n");
    return db.reduce(pathToFileURL(at("rows.mjs")), { initial: 0, merge: (a, b) => a + b, threads: 2 });
  },
  transform: async () => {
    writeFileSync(at("half.mjs"), "export default (patient) => [...patient].filter((_, i) => i % 2 === 0);\n");
    return (await transform(at("s.medsdb"), at("half.medsdb"), pathToFileURL(at("half.mjs")), { threads: 2 })).events;
  },
  filter: () => filter(at("s.medsdb"), at("train.medsdb"), { split: "train" }).then(({ patients }) => patients),
  "microsOf a Date": () => microsOf(new Date(5)),
  "errors: no store": () => codeOf(() => PatientDatabase.open(at("none"))),
  "errors: no source": () => codeOf(() => PatientDatabase.from(at("none"))),
  "errors: a wrong argument": () => codeOf(() => db.countCodes({ threads: -1 })),
  "errors: of a function in a thread": () =>
    codeOf(() =>
      all(
        db.map(
          () => {
            throw new RangeError("no");
          },
          { threads: 2 },
        ),
      ),
    ),
  "errors: cancelled": () => codeOf(() => convert(at("source"), at("x.medsdb"), { signal: AbortSignal.abort() })),
  close: async () => {
    const { times } = first();
    db.close();
    return [times.length, await codeOf(() => db.at(0).length)];
  },
};

/** A pass of a module in TypeScript: not every runtime loads it, and then an error must say so. */
async function typed() {
  writeFileSync(at("rows.ts"), "export default (patients: Iterable<{ length: number }>): number => [...patients].length;\n");
  const open = PatientDatabase.open(at("s.medsdb"));
  try {
    const size = await open.reduce(pathToFileURL(at("rows.ts")), { initial: 0, merge: (a, b) => a + b, threads: 2 });
    return size === open.size ? "runs" : `returned ${size}`;
  } catch (error) {
    return error instanceof MedsError && /TypeScript/.test(error.message) ? error.code : `${error}`;
  } finally {
    open.close();
  }
}

const steps = [];
for (const [name, run] of Object.entries(STEPS)) {
  try {
    steps.push({ name, answer: text(await run()) });
  } catch (error) {
    steps.push({ name, error: `${error?.stack ?? error}` });
  }
}
console.log(JSON.stringify({ steps, typescript: await typed() }));
if (steps.some(({ error }) => error !== undefined)) process.exitCode = 1;
