// What is read: the MIMIC-IV demo, its patients repeated 20 times, and 42 million synthetic events. What takes minutes to make is kept in a folder.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { convert, generate, PatientDatabase } from "../../../dist/index.js";
import { makePlan } from "../../lib/plan.mjs";
import { measure } from "../../lib/process.mjs";

const bench = (name) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const MIMIC = {
  icu: "ICU_ADMISSION//",
  heartFailure: ["DIAGNOSIS//ICD//10//I50", "DIAGNOSIS//ICD//9//428"],
  creatinine: "LAB//50912//mg/dL",
};
// The synthetic set has no ICU stays: admissions through the emergency room take their part.
const SYNTHETIC = { icu: "HOSPITAL_ADMISSION//EW EMER.", heartFailure: ["ICD10CM//I50"], creatinine: "LAB//50912//mg/dL" };

export const SETS = {
  mimic: { title: "MIMIC-IV demo", codes: MIMIC },
  mimic20: { title: "MIMIC-IV demo x 20", codes: MIMIC },
  large: { title: "42 M synthetic events", codes: SYNTHETIC },
};

/** A folder of one's own, if `text` is not the key of a set. Its codes are those of MIMIC-IV. */
export function setOf(text) {
  if (SETS[text] !== undefined) return { key: text, ...SETS[text] };
  const path = resolve(text);
  if (!existsSync(join(path, "data"))) return undefined;
  return {
    key: `${basename(path)}-${createHash("sha256").update(path).digest("hex").slice(0, 8)}`,
    title: basename(path),
    codes: MIMIC,
    path,
  };
}

async function sourceOf({ key, path: own }, { root, cache, python }) {
  const real = join(process.env.MEDS_REAL_DATA ?? join(root, "..", "shared", "data"), "mimic-iv-demo-meds-0.0.1");
  if (own !== undefined) return own;
  if (key === "mimic") return existsSync(real) ? real : null;
  const path = join(cache, key);
  if (existsSync(join(path, "metadata"))) return path;
  console.error(`natural: making ${path} …`);
  if (key === "large") {
    rmSync(path, { recursive: true, force: true });
    await generate(path, { seed: 1, preset: "ehrshot" });
    return path;
  }
  if (python === undefined || !existsSync(real)) return null;
  await measure(python, [fileURLToPath(new URL("../repeat.py", import.meta.url)), real, path, "20"]);
  return path;
}

/** A set with its three forms, or null where it cannot be made: { key, title, source, files, store, database }. */
export async function dataset(set, where) {
  const { key, title } = set;
  const { cache, python } = where;
  mkdirSync(cache, { recursive: true });
  const source = await sourceOf(set, where);
  if (source === null) return null;
  const store = join(cache, `${key}.medsdb`);
  const database = join(cache, `${key}.peer`);
  if (!existsSync(store)) {
    console.error(`natural: converting ${key} …`);
    await convert(source, store);
  }
  if (python !== undefined && !existsSync(join(database, "meds_reader.version"))) {
    console.error(`natural: converting ${key} for meds_reader (minutes) …`);
    await measure(python, [bench("convert.py"), source, database, "2"]);
  }
  const files = readdirSync(join(source, "data"), { recursive: true }).filter((name) => name.endsWith(".parquet"));
  return { key, title, source, files: files.map((name) => join(source, "data", name)).sort(), store, database };
}

const READ = 500_000; // events that questions about one event read

/** What all programs are given, what a figure is divided by, and whether there are visits. */
export function argsOf({ store }, { codes }) {
  const { plan, facts } = makePlan(store, { columns: 50, window256: 1000 });
  const db = PatientDatabase.open(store);
  const subjects = [];
  let read = 0;
  for (const { subjectId, length } of db) {
    if (read + length > READ && read > 0) continue;
    subjects.push(Number(subjectId));
    read += length;
    if (read > READ * 0.9) break;
  }
  const row = plan.columns.reduce((rows, id) => rows + db.get(BigInt(id)).length, 0);
  const patient = db.at(0);
  const bound = patient.timeAt(Math.max(patient.staticCount, patient.length >> 1));
  const visits = db.columns.some(({ name }) => name === "hadm_id");
  db.close();
  const { columns, window256, schema } = plan;
  return {
    args: { ...codes, subjects, bound, plan: { columns, window256, schema } },
    divisors: { event: facts.events, "event read": read, row, window: window256.length, run: 1 },
    visits,
  };
}
