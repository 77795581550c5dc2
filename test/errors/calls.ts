// Calls that fail: for each error code at least one, with data as small as it can be.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  type ConvertOptions,
  clusterStep,
  convert,
  custom,
  filter,
  Labels,
  loader,
  MedsError,
  type MedsErrorCode,
  midnightToDayEnd,
  PatientDatabase,
  planCluster,
  Splits,
  samples,
  samplesPlan,
  Vocabulary,
  writeBatches,
} from "meds-reader";
import { type SimpleRow, simple, simpleFile, writeFiles, writeSimple, writeSplits } from "../support/dataset.js";
import { place } from "../support/folder.js";

/** A call, as a reader would type it, and what makes it fail. `null`: this machine cannot make it fail. */
export type Call = readonly [text: string, run: () => unknown];

const package_ = fileURLToPath(new URL("../..", import.meta.url));

/** Two patients with two rows each; `db` is their open store. */
const ROWS: readonly SimpleRow[] = [
  [1n, null, "SEX//F"],
  [1n, 86_400_000_000n, "LAB//a", 1],
  [2n, 86_400_000_000n, "LAB//a", 2],
  [2n, 172_800_000_000n, "DX//b"],
];

/** All calls; data are written below `root`. */
export async function calls(root: string): Promise<Readonly<Record<MedsErrorCode, readonly Call[]>>> {
  const at = (...parts: string[]) => join(root, ...parts);
  const dataset = (name: string, rows = ROWS) => writeSimple(at(name), rows);
  const into = (name: string, options?: ConvertOptions) => convert(at(name), at(`${name}.medsdb`), options);
  const text = (name: string, content: string) => writeFileSync(place(at(name)), content);

  await dataset("demo");
  writeSplits(at("demo"), new Map([[1n, "train"], [2n, "held_out"]])); // biome-ignore format: a table
  await into("demo");
  const db = PatientDatabase.open(at("demo.medsdb"));
  const labels = Labels.from([{ subjectId: 1, predictionTime: 200_000_000_000, booleanValue: true }]);
  const list = samples(db, labels, { maxLength: 8 });
  const other = PatientDatabase.open(at("demo.medsdb"));
  const otherList = samples(other, labels, { maxLength: 8 });

  await writeSimple(at("fates"), ROWS, {}, [{ name: "fate", type: simple.text, values: ROWS.map(() => "HOME") }]);
  await into("fates");
  const fates = PatientDatabase.open(at("fates.medsdb"));

  text("rows.mjs", "export default function () { throw new Error('no such row'); }\n");
  const failing = pathToFileURL(at("rows.mjs"));

  await writeFiles(at("apart"), [
    simpleFile("0.parquet", [ROWS[1]!]),
    simpleFile("1.parquet", [ROWS[2]!, [1n, 172_800_000_000n, "DX//b"]]),
  ]);
  await dataset("back", [[1n, 20n, "A"], [1n, 10n, "B"]]); // biome-ignore format: rows
  await writeFiles(
    at("copied"),
    ["0.parquet", "1.parquet"].map((name) => simpleFile(name, ROWS)),
  );
  await dataset("no-code", [[1n, 10n, null]]);
  await writeFiles(at("kinds"), [
    simpleFile("0.parquet", [ROWS[1]!], {}, [{ name: "dose", type: simple.text, values: ["low"] }]),
    simpleFile("1.parquet", [ROWS[2]!], {}, [{ name: "dose", type: simple.int, values: [1] }]),
  ]);
  await dataset("odd");
  text("odd/metadata/dataset.json", "{");
  await writeFiles(at("bare"), [{ name: "0.parquet", columns: [{ name: "subject_id", type: simple.id, values: [1n] }] }]);
  await writeFiles(at("words"), [{ name: "0.parquet", columns: [
    { name: "subject_id", type: simple.text, values: ["one"] },
    { name: "time", type: simple.time, values: [10n] },
    { name: "code", type: simple.text, values: ["A"] },
  ] }]); // biome-ignore format: a table
  await dataset("cut");
  const parquet = readFileSync(at("cut", "data", "0.parquet"));
  writeFileSync(at("cut", "data", "0.parquet"), parquet.subarray(0, parquet.length - 20));
  text("delta/_delta_log/00000000000000000000.json", "{}\n");
  await writeFiles(at("delta"), [simpleFile("0.parquet", ROWS)]);
  mkdirSync(at("empty", "data"), { recursive: true });
  text("shots.csv", "a,b\n1,2\n");
  text("null.csv", "patient_id,prediction_time,label_type,value\n1,,boolean,True\n");
  text("wide.csv", "patient_id,prediction_time,label_type,value\n9223372036854775808,2020-01-01,boolean,True\n");
  text("short.csv", "patient_id,prediction_time,label_type,value\n1,2020-01-01\n");
  const tables = {
    person: "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n1,0,1980,0,0\n",
    condition_occurrence:
      "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_start_datetime,condition_end_date,condition_end_datetime,condition_type_concept_id,visit_occurrence_id,condition_source_value,condition_source_concept_id\n" +
      "1,1,201826,2020-01-01,,,,32020,,E11,0\n2,1,0,2020-01-01,,,,32020,,local,0\n",
  };
  const concept =
    "concept_id,concept_name,domain_id,vocabulary_id,concept_class_id,standard_concept,concept_code,valid_start_date,valid_end_date,invalid_reason\n" +
    "201826,Type 2 diabetes mellitus,Condition,SNOMED,Disorder,S,44054006,,,\n";
  for (const [name, content] of Object.entries(tables))
    for (const folder of ["omop", "omop-without"]) text(`${folder}/${name}.csv`, content);
  text("omop/concept.csv", concept);

  /** A copy of the package in which something is missing, imported by a program in a process of its own. */
  const copied = (name: string, parts: readonly string[], program: string) => {
    for (const part of parts) cpSync(join(package_, part), at(name, part), { recursive: true });
    mkdirSync(at(name, "node_modules"), { recursive: true });
    for (const dependency of Object.keys(JSON.parse(readFileSync(join(package_, "package.json"), "utf8")).dependencies))
      cpSync(join(package_, "node_modules", dependency), at(name, "node_modules", dependency), { recursive: true });
    const library = pathToFileURL(at(name, "dist", "index.js"));
    const script = `try { const { PatientDatabase } = await import(${JSON.stringify(library)}); ${program} } catch (error) { console.log(JSON.stringify([error.code, error.message])); }`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { cwd: at(name), encoding: "utf8" });
    if (stdout === "") throw new Error(stderr);
    const [code, message] = JSON.parse(stdout) as [MedsErrorCode, string];
    throw new MedsError(code, message);
  };
  const opened = `PatientDatabase.open(${JSON.stringify(at("demo.medsdb"))})`;

  return {
    MEDS_BUDGET: [
      ['db.at(0).toText({ budget: 5, tokenizer: "approximate" })', () => db.at(0)!.toText({ budget: 5, tokenizer: "approximate" })],
    ],
    MEDS_BUNDLED: [
      ['PatientDatabase.open("demo.medsdb") // in a bundle that copied the package', () => copied("bundle", ["dist"], opened)],
    ],
    MEDS_CANCELLED: [["convert(source, store, { signal: AbortSignal.abort() })", () => into("back", { signal: AbortSignal.abort() })]],
    MEDS_CLOSED: [
      [
        "db.get(1).length // after db.close()",
        () => {
          const own = PatientDatabase.open(at("demo.medsdb"));
          own.close();
          return own.get(1);
        },
      ],
    ],
    MEDS_COLUMN_TYPE: [
      ['convert("words", store) // subject_id is text', () => into("words")],
      ['db.at(0).column("code").numberAt(0)', () => db.at(0)!.column("code").numberAt(0)],
    ],
    MEDS_CORRUPT: [
      [
        'PatientDatabase.open("damaged.medsdb") // a byte of codes.arrow was changed',
        () => {
          cpSync(at("demo.medsdb"), at("damaged.medsdb"), { recursive: true });
          const bytes = readFileSync(at("damaged.medsdb", "codes.arrow"));
          bytes[bytes.length >> 1]! ^= 1;
          writeFileSync(at("damaged.medsdb", "codes.arrow"), bytes);
          return PatientDatabase.open(at("damaged.medsdb"));
        },
      ],
    ],
    MEDS_DISK_FULL: [
      [
        'writeBatches(loader(list, { batchSize: 1 }), "/dev/full")',
        () => (existsSync("/dev/full") ? writeBatches(loader(list, { batchSize: 1 }), "/dev/full") : null),
      ],
    ],
    MEDS_DUPLICATE_FILE: [['convert("copied", store) // data/ has the same rows twice', () => into("copied")]],
    MEDS_FITTED_FILE: [
      [
        'Vocabulary.open("vocabulary.json") // a JSON file of something else',
        () => {
          text("vocabulary.json", "{}");
          return Vocabulary.open(at("vocabulary.json"));
        },
      ],
    ],
    MEDS_INTERNAL: [],
    MEDS_INVALID_ARGUMENT: [
      ['db.get("1")', () => db.get("1" as never)],
      ['db.at(0).until("yesterday")', () => db.at(0)!.until("yesterday")],
      ['db.prefetch("1")', () => db.prefetch("1" as never)],
      ['db.prefetch([1], { columns: "code" })', () => db.prefetch([1], { columns: "code" as never })],
      ["db.prefetch({ subjectIds: [1], end: [] })", () => db.prefetch({ subjectIds: [1], end: [] })],
      ["db.prefetch([other.at(0)]) // of another database", () => db.prefetch([other.at(0)!])],
      ["db.prefetch(samples) // of another database", () => db.prefetch(otherList)],
      ["db.prefetch([db.at(0), 1])", () => db.prefetch([db.at(0)!, 1] as never)],
      ["convert(source, store, { thread: 2 })", () => into("demo", { thread: 2 } as never)],
      ["convert(source, store, { memory: 1 })", () => into("demo", { memory: 1, force: true })],
      ["midnightToDayEnd({ codes: (code) => true })", () => midnightToDayEnd({ codes: (() => true) as never })],
      [
        'filter(store, out, { withCode: ["NONE", /none/i, { prefix: "NO" }] })',
        () => filter(at("demo.medsdb"), at("some.medsdb"), { withCode: ["NONE", /none/i, { prefix: "NO" }] }),
      ],
      ["samples(db, labels, {})", () => samples(db, labels, {} as never)],
      [
        'samples(db, labels, { maxLength: 8, strategy: "newest" })',
        () => samples(db, labels, { maxLength: 8, strategy: "newest" as never }),
      ],
      ["samples(db, labels, { maxLength: 8, stride: 4 })", () => samples(db, labels, { maxLength: 8, stride: 4 })],
      ["loader(list, { batchSize: 2, tokens: 512 })", () => loader(list, { batchSize: 2, tokens: 512 } as never)],
      ["loader(list, { tokens: 4 }) // samples of up to 8 rows", () => loader(list, { tokens: 4 })],
      ['loader(list, { tokens: 64, padding: "left" })', () => loader(list, { tokens: 64, padding: "left" })],
      [
        'loader(list, { batchSize: 2, layout: "nested", fields: ["code", "next_code"] })',
        () => loader(list, { batchSize: 2, layout: "nested", fields: ["code", "next_code"] as never }),
      ],
      [
        'loader(list, { batchSize: 2, fields: ["code", "time_to_event"] })',
        () => loader(list, { batchSize: 2, fields: ["code", "time_to_event"] }),
      ],
      [
        "loader(list, { batchSize: 2, workers: 1 }) // list has `where`",
        () => loader(samples(db, labels, { maxLength: 8, where: { numeric_value: () => true } }), { batchSize: 2, workers: 1 }),
      ],
      [
        "loader(list, { batchSize: 2, reuse: true, allocate })",
        () => loader(list, { batchSize: 2, reuse: true, allocate: (_, bytes) => new ArrayBuffer(bytes) }),
      ],
      ["loader(list, { batchSize: 2, reuse: true, workers: 1 })", () => loader(list, { batchSize: 2, reuse: true, workers: 1 })],
      ["loader(list, { batchSize: 2, threads: 0.5 })", () => loader(list, { batchSize: 2, threads: 0.5 })],
      ['loader(list, { tokens: 64, order: "local" })', () => loader(list, { tokens: 64, order: "local" })],
      ["samplesPlan(list, { worldSize: 1000 }) // fewer samples", () => samplesPlan(list, { worldSize: 1000 })],
      ["db.windows(ids)", () => db.windows(db.subjectIds, undefined as never)],
      ["loader(list, { batchSize: 2, resume: {} })", () => loader(list, { batchSize: 2, resume: {} as never })],
      ["db.map((patients) => helper(patients))", () => db.map(new Function("return (patients) => helper(patients)")())],
      ["db.map((patients) => this.rows)", () => db.map(new Function("return (patients) => this.rows")())],
      ["db.map(Math.max)", () => db.map(Math.max as never)],
      ["db.reduce(module, { initial: 0 })", () => db.reduce(failing, { initial: 0 } as never)],
      ['db.map("rows.ts")', () => db.map("rows.ts")],
      ['db.countCodes({ codes: "LAB//a" })', () => db.countCodes({ codes: "LAB//a" } as never)],
      ['db.countCodes({ by: "week" })', () => db.countCodes({ by: "week" as never })],
      ["db.select({ columns: [] })", () => db.select({ columns: [] })],
      ['db.select({ columns: ["code", "code"] })', () => db.select({ columns: ["code", "code"] })],
      ['db.writeRows("rows.txt")', () => db.writeRows("rows.txt")],
      ['db.writeRows("demo.medsdb/rows.csv")', () => db.writeRows(at("demo.medsdb", "rows.csv"))],
      ['db.asof(labels, "LAB//a", { with: "values" })', () => db.asof(labels, "LAB//a", { with: "values" as never })],
      ['db.asof({ subjectIds: [1] }, "LAB//a", { maxAge: "1d" })', () => db.asof({ subjectIds: [1] }, "LAB//a", { maxAge: "1d" })],
      ['db.asofEach(labels, ["LAB//a"])', () => db.asofEach(labels, ["LAB//a"] as never)],
      ["db.aggregate({ windows: { from: undefined } })", () => db.aggregate({ windows: { from: undefined } })],
      ['db.aggregate({ windows: { until: labels, after: "1d" } })', () => db.aggregate({ windows: { until: labels, after: "1d" } })],
      ['db.aggregate({ windows: { from: labels, before: "1d" } })', () => db.aggregate({ windows: { from: labels, before: "1d" } })],
      [
        'db.aggregate({ windows: { from: labels, until: labels, for: "1d" } })',
        () => db.aggregate({ windows: { from: labels, until: labels, for: "1d" } }),
      ],
      [
        "db.aggregate({ windows: { from: labels, until: births } }) // of other subjects",
        async () => db.aggregate({ windows: { from: labels, until: await db.firstOf("SEX//F") } }),
      ],
      ["db.aggregate({ windows: { from: times } })", () => db.aggregate({ windows: { from: new BigInt64Array() as never } })],
      [
        "db.aggregate({ windows: { from: { subjectIds, times, has } } }) // of different lengths",
        () => db.aggregate({ windows: { from: { subjectIds: BigInt64Array.of(1n), times: BigInt64Array.of(1n), has: new Uint8Array() } } }),
      ],
      ["Labels.from([{ subjectId: 1 }])", () => Labels.from([{ subjectId: 1 }] as never)],
    ],
    MEDS_IO: [
      ['Vocabulary.open("demo") // a folder', () => Vocabulary.open(at("demo"))],
      ["db.writeRows(stream) // it was destroyed", () => db.writeRows(new PassThrough().destroy())],
    ],
    MEDS_LABELS_EXIST: [
      [
        'labels.write("task") // there are labels already',
        async () => {
          await labels.write(at("task"));
          await labels.write(at("task"));
        },
      ],
    ],
    MEDS_LEAK: [
      [
        'list.at(0).timeline.column("fate").values // with knownLater',
        () =>
          samples(fates, labels, { maxLength: 8, knownLater: { fate: "time" } })
            .at(0)!
            .timeline.column("fate").values,
      ],
    ],
    MEDS_METADATA: [['convert("odd", store) // metadata/dataset.json is "{"', () => into("odd")]],
    MEDS_MISSING_COLUMN: [
      ['convert("bare", store) // its only column is subject_id', () => into("bare")],
      ['Labels.open("shots.csv") // its columns are a and b', () => Labels.open(at("shots.csv"))],
    ],
    MEDS_MISSING_PACKAGE: [
      [
        "db.toArrow() // apache-arrow is not installed",
        () => copied("without", ["dist", "native", "package.json"], `await ${opened}.toArrow()`),
      ],
    ],
    MEDS_NOT_A_STORE: [['PatientDatabase.open("demo") // a MEDS dataset', () => PatientDatabase.open(at("demo"))]],
    MEDS_NOT_CONTIGUOUS: [['convert("apart", store) // subject 1 is in two files', () => into("apart")]],
    MEDS_NOT_FOUND: [
      ['PatientDatabase.open("nowhere.medsdb")', () => PatientDatabase.open(at("nowhere.medsdb"))],
      ['convert("nowhere", store)', () => into("nowhere")],
    ],
    MEDS_NO_CODE: [
      [
        'meds-reader codes demo.medsdb "LABS//a"',
        () => {
          const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
          const { stderr } = spawnSync(process.execPath, [main, "codes", at("demo.medsdb"), "LABS//a"], { encoding: "utf8" });
          const [code, message] = stderr.trim().split(/: (.*)/s) as [MedsErrorCode, string];
          throw new MedsError(code, message);
        },
      ],
    ],
    MEDS_NO_DATA: [['convert("empty", store) // data/ has no Parquet file', () => into("empty")]],
    MEDS_NO_SPLIT: [["Vocabulary.fit(db)", () => Vocabulary.fit(db)]],
    MEDS_NO_VOCABULARY: [['convert("omop-without", store) // OMOP tables without a table of concepts', () => into("omop-without")]],
    MEDS_NULL_VALUE: [
      ['convert("no-code", store) // a row without a code', () => into("no-code")],
      ['Labels.open("null.csv") // a label without a time', () => Labels.open(at("null.csv"))],
    ],
    MEDS_OTHER_IDS: [
      [
        'db.at(0).withCode(other.codes.select("DX//b")) // other: another store',
        async () => {
          await dataset("another", [[1n, 10n, "DX//b"]]);
          await into("another");
          const another = PatientDatabase.open(at("another.medsdb"));
          const selection = another.codes.select("DX//b");
          another.close();
          db.at(0)!.withCode(selection);
        },
      ],
      [
        "vocabulary.decode(batch) // of a loader without this vocabulary",
        async () => {
          const vocabulary = await Vocabulary.fit(db.split("train"));
          for (const batch of loader(list, { batchSize: 1 })) vocabulary.decode(batch);
        },
      ],
    ],
    MEDS_OUT_OF_RANGE: [["db.at(0).timeAt(99)", () => db.at(0)!.timeAt(99)]],
    MEDS_PASS_FAILED: [
      ['db.map("rows.mjs") // its function throws', () => db.map(failing).toArray()],
      [
        'db.at(0).toText({ sections: [custom({ name: "mine", heading: "Mine", write: () => 5 })] })',
        () => db.at(0)!.toText({ sections: [custom({ name: "mine", heading: "Mine", write: (() => 5) as never })] }),
      ],
      ["db.at(0).toText({ format: () => 5 })", () => db.at(0)!.toText({ format: (() => 5) as never })],
    ],
    MEDS_PATIENT_TOO_LARGE: [],
    MEDS_PERMISSION: [
      [
        'writeBatches(loader(list, { batchSize: 1 }), "/sys/batches.arrows")',
        () => (existsSync("/sys/kernel") ? writeBatches(loader(list, { batchSize: 1 }), "/sys/batches.arrows") : null),
      ],
    ],
    MEDS_ROWS_DROPPED: [['convert("omop", store, { strict: true })', () => into("omop", { strict: true })]],
    MEDS_SCHEMA_CONFLICT: [['convert("kinds", store) // dose is text in one file, a number in another', () => into("kinds")]],
    MEDS_SEVERAL_TASKS: [
      [
        'Labels.open("tasks") // contains tasks/a/labeled_patients.csv and tasks/b/labeled_patients.csv',
        () => {
          for (const task of ["a", "b"]) {
            mkdirSync(at("tasks", task), { recursive: true });
            text(`tasks/${task}/labeled_patients.csv`, "patient_id,prediction_time,label_type,value\n");
          }
          return Labels.open(at("tasks"));
        },
      ],
    ],
    MEDS_SOURCE_CHANGED: [
      [
        'convert("omop", store) // a table is written meanwhile',
        async () => {
          let written = false;
          const onProgress = () => {
            if (!written) text("omop/concept.csv", concept);
            written = true;
          };
          await into("omop", { keepUnmapped: true, onProgress });
        },
      ],
    ],
    MEDS_SOURCE_DAMAGED: [
      ['convert("cut", store) // a Parquet file was cut short', () => into("cut")],
      ['Labels.open("short.csv") // a row has two fields of four', () => Labels.open(at("short.csv"))],
      [
        'convert("medalign", store) // an XML file of a patient was cut short',
        () => {
          text("medalign/124.xml", '<record>\n<visit type="Visit" start="10/08/2018 20:00">\n');
          return into("medalign");
        },
      ],
    ],
    MEDS_SOURCE_VERSION: [
      [
        'convert("old", store) // a meds_reader database of version 1',
        () => {
          text("old/meds_reader.version", "1");
          return into("old");
        },
      ],
    ],
    MEDS_SPLIT_CONFLICT: [["Splits.from({ train: [1], tuning: [1] })", () => Splits.from({ train: [1], tuning: [1] })]],
    MEDS_STEP: [
      [
        'clusterStep("join", work) // before each part was surveyed',
        async () => {
          const { work } = await planCluster(at("demo"), at("parts.medsdb"), { parts: 2 });
          await clusterStep("survey", work, { part: 1 });
          return clusterStep("join", work);
        },
      ],
    ],
    MEDS_STORE_EXISTS: [['convert("demo", "demo.medsdb") // again', () => into("demo")]],
    MEDS_STORE_REPLACED: [
      [
        "db.map(module) // the store was replaced since db was opened",
        async () => {
          await dataset("replaced");
          await into("replaced");
          const old = PatientDatabase.open(at("replaced.medsdb"));
          await convert(at("back"), at("replaced.medsdb"), { force: true, repair: true });
          await old.map(failing).toArray();
        },
      ],
    ],
    MEDS_STORE_VERSION: [
      [
        'PatientDatabase.open("newer.medsdb")',
        () => {
          cpSync(at("demo.medsdb"), at("newer.medsdb"), { recursive: true });
          const path = at("newer.medsdb", "manifest.json");
          writeFileSync(path, readFileSync(path, "utf8").replace('"version": 1', '"version": 2'));
          return PatientDatabase.open(at("newer.medsdb"));
        },
      ],
    ],
    MEDS_TABLE_FORMAT: [['convert("delta", store) // a table of Delta Lake', () => into("delta")]],
    MEDS_TIME_ORDER: [['convert("back", store) // the times of subject 1 go back', () => into("back")]],
    MEDS_TIME_RANGE: [
      [
        "event.time // in the year 3000",
        async () => {
          await dataset("late", [[1n, 32_503_680_000_000_000n, "A"]]);
          await into("late");
          return PatientDatabase.open(at("late.medsdb")).at(0)!.at(0)!.time;
        },
      ],
    ],
    MEDS_UNKNOWN_COLUMN: [['db.at(0).at(0).get("dose")', () => db.at(0)!.at(0)!.get("dose")]],
    MEDS_UNKNOWN_SPLIT: [['db.split("test")', () => db.split("test")]],
    MEDS_UNKNOWN_SUBJECT: [["db.subset([1, 5])", () => db.subset([1, 5])]],
    MEDS_UNSAFE_NUMBER: [
      ["db.get(2 ** 60)", () => db.get(2 ** 60)],
      [
        'PatientDatabase.open("visits.medsdb", { int64: "number" }).at(0).at(0).get("visit") // the visit is 2^60',
        async () => {
          await writeSimple(at("visits"), [ROWS[1]!], {}, [{ name: "visit", type: simple.id, values: [2n ** 60n] }]);
          await into("visits");
          return PatientDatabase.open(at("visits.medsdb"), { int64: "number" }).at(0)!.at(0)!.get("visit");
        },
      ],
    ],
    MEDS_UNSUPPORTED_RUNTIME: [
      [
        'PatientDatabase.open("demo.medsdb") // without the native part of this platform',
        () => copied("foreign", ["dist", "package.json", "platforms.json"], opened),
      ],
    ],
    MEDS_VALUE_RANGE: [['Labels.open("wide.csv") // an id beyond int64', () => Labels.open(at("wide.csv"))]],
  };
}
