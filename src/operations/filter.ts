import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { PatientDatabase } from "../database/database.js";
import type { CodeRange } from "../store/codes.js";
import { exactIds, type SubjectId } from "../store/ids.js";
import { refuseTaken, runJob, type WorkOptions } from "../store/native.js";
import { countIn, failGiven, flagOf, namesIn, optionsOf, pathOf, textOf, textsIn } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { withIo } from "../support/io.js";
import { CsvTable } from "../tables/csv.js";
import { failNull, filled, readParquet } from "../tables/parquet.js";
import type { Summary } from "./convert.js";

/** Whom to keep, and how. Of several choices those patients are kept that all of them take; one at least must be given. */
export interface FilterOptions extends WorkOptions {
  /**
   * Subject ids, or the path of a file that lists them: a text with one id a line, CSV with a column `subject_id` or `patient_id`, or Parquet with
   * such a column (`.parquet`).
   */
  readonly ids?: Iterable<SubjectId> | string | undefined;
  /** A split of the store. */
  readonly split?: string | undefined;
  /** Codes of which a patient must have one. A text that ends in `*`, and is no code itself, stands for all codes that begin so. */
  readonly withCode?: string | readonly string[] | undefined;
  /** Ids and codes that the store has not are counted in the summary's notes instead of refused. Default: false. */
  readonly ignoreMissing?: boolean | undefined;
  /** Replace a store that stands at the target. */
  readonly force?: boolean | undefined;
  /** Threads; 0, the default, for all cores. */
  readonly threads?: number | undefined;
  /** Bytes of memory to stay below. Default: 512 MiB. */
  readonly memory?: number | undefined;
  /** Bytes of a shard. Default: those of the store. */
  readonly shardBytes?: number | undefined;
  /** Write an inverted index too. Default: where the store has one. */
  readonly index?: boolean | undefined;
}

/**
 * Writes a store of some of a store's patients. Their rows are copied, in the store's order; what is counted (codes, nulls, splits) is counted anew, and
 * the result is the store that a conversion of these patients alone would give. `subject_splits.parquet` keeps their rows only, all other metadata
 * files are copied whole. The manifest says which store it was cut from, and how. {@link Cohort.subset} is a view, for programs that need no file.
 *
 * @throws MedsError `MEDS_UNKNOWN_SUBJECT` for ids that the store has not, the first ten of which are listed; `MEDS_UNKNOWN_SPLIT`;
 * `MEDS_INVALID_ARGUMENT` for codes that no event has, and where nothing says whom to keep; `MEDS_STORE_EXISTS`; what {@link PatientDatabase.open}
 * throws, and what the system refuses.
 * @example
 * ```ts
 * import { filter } from "meds-reader";
 *
 * const { patients, events } = await filter("demo.medsdb", "train.medsdb", { split: "train", withCode: "LAB//*" });
 * console.log(patients, events);
 * ```
 */
export async function filter(store: string, out: string, options: FilterOptions): Promise<Summary> {
  const given = optionsOf(options) ?? {};
  namesIn("filter", given, OPTIONS);
  const { onProgress, signal, ids, split, withCode, ignoreMissing, ...rest }: Partial<FilterOptions> = given;
  const lenient = flagOf("ignoreMissing", ignoreMissing, false);
  for (const name of ["force", "index"] as const) flagOf(name, rest[name], false);
  for (const name of ["threads", "memory", "shardBytes"] as const) countIn(name, rest[name]);
  const codes = typeof withCode === "string" ? [withCode] : withCode;
  textsIn("withCode", codes);
  if (split !== undefined) textOf("split", split, "the name of a split");
  if (ids === undefined && split === undefined && codes === undefined)
    fail("MEDS_INVALID_ARGUMENT", "Nothing says which patients to keep. Give ids, a split or codes.");
  const paths = { store: pathOf("store", store), out: pathOf("out", out) };
  refuseTaken(paths.out, rest.force === true);
  const listed = ids === undefined ? undefined : await idsOf(ids);

  const db = PatientDatabase.open(paths.store);
  try {
    const missing: { readonly message: string; readonly count: number }[] = [];
    const unknown = (code: "MEDS_UNKNOWN_SUBJECT" | "MEDS_INVALID_ARGUMENT", what: string, names: readonly string[]) => {
      if (names.length > 0 && !lenient) {
        const more = names.length > TOLD ? `, and ${names.length - TOLD} more` : "";
        const list = `${names.slice(0, TOLD).join(", ")}${more}`;
        fail(
          code,
          `${paths.store}: it has no ${what} ${list}. Take them out, or let them be counted (ignoreMissing, --ignore-missing).`,
          store,
        );
      }
      if (names.length > 0) missing.push({ message: `${what} that the store has not`, count: names.length });
    };
    let kept = split === undefined ? db.subset({ slots: db.slots }) : db.split(split);
    if (listed !== undefined) {
      const [known, strange] = parted(listed, (id) => db.has(id));
      unknown("MEDS_UNKNOWN_SUBJECT", "subjects", strange.map(String));
      kept = kept.subset({ ids: known.filter((id) => kept.has(id)) });
    }
    if (codes !== undefined) {
      const found = codes.map((code) => codesOf(db, code));
      unknown(
        "MEDS_INVALID_ARGUMENT",
        "codes",
        codes.filter((_, i) => found[i] === undefined).map((code) => JSON.stringify(code)),
      );
      const { rows } = await kept.firstOf(
        found.filter((code) => code !== undefined),
        { signal },
      );
      kept = kept.subset({ slots: kept.slots.filter((_, i) => rows[i]! >= 0) });
    }
    const selection = { ids: listed?.length, split, withCode: codes };
    const plan = { ...rest, ...paths, slots: [...kept.slots], selection, id: db.metadata.id };
    const summary = await runJob<Summary>("filter", plan, { onProgress, signal });
    return { ...summary, notes: [...summary.notes, ...missing.map((note) => ({ kind: "skipped", ...note }))] };
  } finally {
    db.close();
  }
}

const OPTIONS = [
  "ids",
  "split",
  "withCode",
  "ignoreMissing",
  "force",
  "threads",
  "memory",
  "shardBytes",
  "index",
  "onProgress",
  "signal",
] as const satisfies readonly (keyof FilterOptions)[];

/** Names that a message lists. */
const TOLD = 10;

/** The code, or all that begin as a text that ends in `*`; undefined where there is none. */
function codesOf(db: PatientDatabase, code: string): string | CodeRange | undefined {
  if (db.codes.id(code) !== undefined) return code;
  const range = code.endsWith("*") ? db.codes.withPrefix(code.slice(0, -1)) : undefined;
  return range !== undefined && range.length > 0 ? range : undefined;
}

function parted<T>(items: readonly T[], test: (item: T) => boolean): [yes: T[], no: T[]] {
  const sides: [T[], T[]] = [[], []];
  for (const item of items) sides[test(item) ? 0 : 1].push(item);
  return sides;
}

/** The ids that were given or that a file lists, each once. */
async function idsOf(ids: Iterable<SubjectId> | string): Promise<bigint[]> {
  if (typeof ids === "string") return [...new Set(await idsIn(pathOf("ids", ids)))];
  if (typeof ids !== "object" || ids === null || !(Symbol.iterator in ids))
    failGiven("ids", ids, "an iterable of subject ids, or the path of a file that lists them");
  return [...new Set(exactIds([...ids], "ids"))];
}

const COLUMNS = { subject_id: { kind: "integer", required: true, older: "patient_id" } } as const;
const REMEDY = "Each row names a subject; correct the file.";

async function idsIn(path: string): Promise<bigint[]> {
  const kind = extname(path).toLowerCase();
  if (kind === ".parquet") {
    const { rows, columns } = await readParquet(path, "lists of subjects", COLUMNS);
    return [...filled(path, rows, "subject_id", columns.subject_id, REMEDY)];
  }
  const found: bigint[] = [];
  if (kind === ".csv" || kind === ".tsv") {
    const table = await CsvTable.open(path);
    const name = ["subject_id", "patient_id"].find((column) => table.has(column));
    if (name === undefined) fail("MEDS_MISSING_COLUMN", `${path}: a list of subjects needs a column "subject_id" or "patient_id".`, path);
    for (let row = 0; row < table.size; row += 1) found.push(table.integer(row, name) ?? failNull(path, row, name, REMEDY));
  } else {
    const lines = withIo(path, () => readFileSync(path, "utf8"))
      .replace(/^\ufeff/, "")
      .split(/\r?\n/);
    for (const [i, line] of lines.entries()) {
      const text = line.trim();
      // A header is no id, and nobody's mistake.
      if (text === "" || (i === 0 && /^(subject|patient)_id$/.test(text))) continue;
      if (!/^[+-]?\d+$/.test(text) || BigInt.asIntN(64, BigInt(text)) !== BigInt(text))
        fail(
          "MEDS_INVALID_ARGUMENT",
          `${path}: line ${i + 1}, ${JSON.stringify(text.slice(0, 40))}, is no subject id. Give one int64 a line.`,
          path,
        );
      found.push(BigInt(text));
    }
  }
  return found;
}
