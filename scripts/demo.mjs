// `npm run demo [-- PATH]`: from a MEDS dataset to its patients, with the commands that a user would type.
// With --build it compiles the native part, although a prebuilt one is installed.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { fail, must, root, status } from "./lib/run.mjs";

const args = process.argv.slice(2);
must([process.execPath, join(root, "scripts/setup.mjs"), ...args.filter((arg) => arg === "--build")], "npm run setup");
const { PatientDatabase } = await import("meds-reader");

const cache = join(root, ".cache");
/** The folder of the user: npm starts scripts in that of the package. */
const here = process.env.INIT_CWD ?? process.cwd();
const shown = (path) => (relative(here, path).startsWith("..") ? path : relative(here, path) || ".");
/** A word for a shell. */
const word = (text) => (/^[\w./:=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`);

/** Prints a command, then runs it. */
function cli(...args) {
  console.log(`\n$ meds-reader ${args.map(word).join(" ")}`);
  const code = status([process.execPath, join(root, "dist/cli/main.js"), ...args], { cwd: here });
  if (code !== 0) process.exit(code);
}

function dataset(path) {
  if (path !== undefined) {
    const source = resolve(here, path);
    if (!existsSync(source)) fail(`${source} does not exist. Use the folder of a MEDS dataset: npm run demo -- PATH.`, 2);
    return source;
  }
  const made = join(cache, "synthetic-meds");
  if (existsSync(made)) console.log(`\nThe synthetic dataset already exists in ${shown(made)}.`);
  else cli("generate", shown(made), "--preset", "medium", "--seed", "42", "--files", "8");
  return made;
}

/** A patient with a timeline of medium length. */
function example(db) {
  let best = db.at(0);
  for (const patient of db) {
    if (patient.length >= 200) return patient;
    if (patient.length > best.length) best = patient;
  }
  return best;
}

/**
 * Seconds that a function takes, best of three: the first run also reads the files and compiles the loops.
 */
function best(work) {
  const times = [1, 2, 3].map(() => {
    const began = performance.now();
    work();
    return (performance.now() - began) / 1000;
  });
  return Math.min(...times);
}

/** Reads time, code and value of every row of every patient, through typed arrays. */
function scan(db) {
  let [rows, sum, latest] = [0, 0, Number.NEGATIVE_INFINITY];
  for (const patient of db) {
    const { codeIds, numericValues, timeWords } = patient;
    for (let i = 0; i < codeIds.length; i += 1) {
      const value = numericValues[i];
      if (value === value) sum += value;
      const time = timeWords[2 * i + 1] * 2 ** 32 + (timeWords[2 * i] >>> 0);
      if (time > latest) latest = time;
      if (codeIds[i] > 0) rows += 1;
    }
  }
  if (rows !== db.eventCount) fail(`The scan read ${rows} of ${db.eventCount} rows.`);
  return { sum, latest };
}

/** Finds random patients by id, and reads the last 256 rows before a random time of each. */
function windows(db, picks) {
  let rows = 0;
  for (const { id, time } of picks) {
    const history = db.get(id).until(time).last(256);
    const { codeIds } = history;
    for (let i = 0; i < codeIds.length; i += 1) rows += codeIds[i] > 0 ? 1 : 0;
  }
  return rows;
}

function measure(path) {
  const began = performance.now();
  const db = PatientDatabase.open(path);
  const opened = performance.now() - began;
  // Random numbers from a fixed seed, so that every run measures the same.
  let state = 42;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const picks = Array.from({ length: 20_000 }, () => {
    const patient = db.at(Math.floor(random() * db.size));
    const time =
      patient.firstTime === null ? 0 : patient.timeAt(patient.staticCount + Math.floor(random() * (patient.length - patient.staticCount)));
    return { id: patient.subjectId, time };
  });
  const all = best(() => scan(db));
  const some = best(() => windows(db, picks));
  const last = best(() => picks.map(({ id }) => db.get(id).at(-1).code));
  const grouped = new Intl.NumberFormat("en-US");
  const lines = [
    ["open the store", `${opened.toFixed(1)} ms`],
    [
      "read every event: time, code, value",
      `${((all / db.eventCount) * 1e9).toFixed(1)} ns per event, ${grouped.format(Math.round(db.eventCount / all / 1e6))} million per second`,
    ],
    ["random patient by id, last 256 events before a random time", `${((some / picks.length) * 1e6).toFixed(2)} µs`],
    ["random patient by id, code of the last event", `${((last / picks.length) * 1e6).toFixed(2)} µs`],
  ];
  console.log("\nMeasured now, in this process:");
  for (const [what, figure] of lines) console.log(`  ${what.padEnd(60)}${figure}`);
  db.close();
}

/** Names the store, and prints three commands that run as printed in the user's folder. */
function next(store, id, code) {
  const path = word(shown(store));
  const meds = `node ${word(shown(join(root, "dist/cli/main.js")))}`;
  const program = join(root, "examples/first.mjs");
  console.log(`\nThe store is ${path}. Try:`);
  console.log(`  ${meds} codes ${path} --limit 10`);
  console.log(`  ${meds} show ${path} ${id} --code ${word(code)} --last 10`);
  console.log(`  node ${word(shown(program))} ${path} ${word(code)} ${id}`);
  console.log(
    `\nThe last one is this program:\n\n${readFileSync(program, "utf8")
      .trimEnd()
      .replaceAll(/^(?=.)/gm, "  ")}`,
  );
}

mkdirSync(cache, { recursive: true });
const source = dataset(args.find((arg) => arg !== "--build"));
const store = join(cache, `${basename(source).replace(/-meds$/, "")}.medsdb`);
cli("convert", shown(source), shown(store), "--force");
cli("info", shown(store));
const db = PatientDatabase.open(store);
const patient = example(db);
const id = String(patient.subjectId);
// A code with values, if the patient has one.
const { code } = patient.last(() => true, { with: "value" }) ?? patient.at(-1);
db.close();
cli("show", shown(store), id, "--last", "30");
measure(store);
next(store, id, code);
