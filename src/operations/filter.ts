import { indexIn, type Members, slotsOf, splitOf, subsetOf } from "../cohort/members.js";
import { Query } from "../cohort/query.js";
import { type CodeChoice, type CodePart, partsOf } from "../store/choice.js";
import { exactIds, type SubjectId } from "../store/ids.js";
import type { Note } from "../store/manifest.js";
import { refuseTaken, runJob, type WorkOptions } from "../store/native.js";
import { Store } from "../store/store.js";
import { countIn, expected, flagOf, namesIn, optionsOf, pathOf, textOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { idsIn } from "../tables/subject-ids.js";
import type { Summary } from "./convert.js";
import { codesOf, recordOf } from "./filter-codes.js";

/**
 * Which patients to keep, and how. With several choices a patient must meet all of them. At least one choice
 * is required.
 */
export interface FilterOptions extends WorkOptions {
  /**
   * Subject ids, or the path of a file that lists them: a text file with one id per line, CSV with a column
   * `subject_id` or `patient_id`, or Parquet with such a column (`.parquet`).
   */
  readonly ids?: Iterable<SubjectId> | string | undefined;
  /** A split of the store. */
  readonly split?: string | undefined;
  /**
   * Codes: a patient must have at least one of them. A text that ends in `*`, and is not a code itself, means
   * all codes that begin with it. A selection of the codes of any database means these codes here.
   */
  readonly withCode?: CodeChoice | undefined;
  /**
   * Ids and codes that are not in the store are counted in the summary's notes. Default: false, they are an
   * error.
   */
  readonly ignoreMissing?: boolean | undefined;
  /** Replace a store that exists at the target. Default: false. */
  readonly force?: boolean | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** The most memory to use, in bytes. Default: 512 MiB. */
  readonly memory?: number | undefined;
  /** Bytes of a shard. Default: those of the store. */
  readonly shardBytes?: number | undefined;
  /** Also write an inverted index. Default: true where the store has one. */
  readonly index?: boolean | undefined;
}

/**
 * Writes some of a store's patients as a new store. Their rows are copied in the store's order, and all
 * counts (codes, nulls, splits) are computed again: the result is the store that a conversion of only these
 * patients would make. `subject_splits.parquet` keeps only their rows; all other metadata files are copied
 * unchanged. The manifest records which store the new one was made from, and how. To select patients without
 * writing a store, use {@link Cohort.subset}.
 *
 * @throws MedsError `MEDS_UNKNOWN_SUBJECT` for ids that are not in the store (the message lists the first
 * ten); `MEDS_UNKNOWN_SPLIT`; `MEDS_INVALID_ARGUMENT` for codes that no event has, and where no patients are
 * chosen; `MEDS_STORE_EXISTS`; what {@link PatientDatabase.open} throws; `MEDS_PERMISSION`, `MEDS_DISK_FULL`
 * and other failures of the system.
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
  const isLenient = flagOf("ignoreMissing", ignoreMissing, false);
  for (const name of ["force", "index"] as const) flagOf(name, rest[name], false);
  for (const name of ["threads", "memory", "shardBytes"] as const) countIn(name, rest[name]);
  const codes = withCode === undefined ? undefined : partsOf(withCode);
  if (split !== undefined) textOf("split", split, "the name of a split");
  if (ids === undefined && split === undefined && codes === undefined)
    fail("MEDS_INVALID_ARGUMENT", "No patients are chosen. Set `ids`, `split` or `withCode` (--ids, --split, --with-code).");
  const paths = { store: pathOf("store", store), out: pathOf("out", out) };
  refuseTaken(paths.out, rest.force === true);
  const listed = ids === undefined ? undefined : await idsOf(ids);

  const opened = new Store(paths.store, false);
  try {
    const missing = new Missing(paths.store, isLenient);
    const kept = await chosenIn(opened, { listed, split, codes, signal }, missing);
    const selection = { ids: listed?.length, split, withCode: codes?.flatMap((part) => recordOf(opened.codes, part)) };
    const plan = { ...rest, ...paths, slots: [...slotsOf(kept)], selection, id: opened.manifest.id };
    const summary = await runJob<Summary>("filter", plan, { onProgress, signal });
    return { ...summary, notes: [...summary.notes, ...missing.notes] };
  } finally {
    opened.close();
  }
}

interface Choice {
  readonly listed: readonly bigint[] | undefined;
  readonly split: string | undefined;
  readonly codes: readonly CodePart[] | undefined;
  readonly signal: WorkOptions["signal"];
}

/** The patients of a store that all parts of a choice select. */
async function chosenIn(store: Store, { listed, split, codes, signal }: Choice, missing: Missing): Promise<Members> {
  const all: Members = { _store: store, _slots: null, _split: null };
  let kept = split === undefined ? all : splitOf(all, split);
  if (listed !== undefined) {
    const [known, unknown] = parted(listed, (id) => indexIn(all, id) >= 0);
    missing.add("MEDS_UNKNOWN_SUBJECT", "subjects", unknown.map(String));
    kept = subsetOf(kept, { ids: known.filter((id) => indexIn(kept, id) >= 0) });
  }
  if (codes !== undefined) {
    const found = codes.map((part) => codesOf(store.codes, part));
    missing.add(
      "MEDS_INVALID_ARGUMENT",
      "codes",
      found.flatMap(({ unknown }) => unknown),
    );
    const known = found.map(({ selection }) => selection);
    const { rows } = await new Query(store, kept._slots, { signal }).occurrences("firstOf", known);
    kept = subsetOf(kept, { slots: slotsOf(kept).filter((_, i) => rows[i]! >= 0) });
  }
  return kept;
}

/** Ids and codes that are not in the store: an error, or notes where the caller allows them. */
class Missing {
  readonly notes: Note[] = [];

  constructor(
    private readonly store: string,
    private readonly isLenient: boolean,
  ) {}

  add(code: "MEDS_UNKNOWN_SUBJECT" | "MEDS_INVALID_ARGUMENT", what: string, names: readonly string[]): void {
    if (names.length === 0) return;
    if (!this.isLenient) {
      const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : "";
      const list = `${names.slice(0, SHOWN).join(", ")}${more}`;
      const remedy = "Remove them from the choice, or skip them with ignoreMissing (--ignore-missing).";
      fail(code, `${this.store}: the store does not contain the ${what} ${list}. ${remedy}`, this.store);
    }
    this.notes.push({ kind: "skipped", message: `${what} that are not in the store`, count: names.length });
  }
}

const OPTIONS = Object.keys({
  ids: true,
  split: true,
  withCode: true,
  ignoreMissing: true,
  force: true,
  threads: true,
  memory: true,
  shardBytes: true,
  index: true,
  onProgress: true,
  signal: true,
} satisfies Record<keyof FilterOptions, true>);

/** The most names in a message. */
const SHOWN = 10;

function parted<T>(items: readonly T[], test: (item: T) => boolean): [yes: T[], no: T[]] {
  const sides: [T[], T[]] = [[], []];
  for (const item of items) sides[test(item) ? 0 : 1].push(item);
  return sides;
}

/** The ids of the option, or of the file that lists them, each once. */
async function idsOf(ids: Iterable<SubjectId> | string): Promise<bigint[]> {
  if (typeof ids === "string") return [...new Set(await idsIn(pathOf("ids", ids)))];
  if (typeof ids !== "object" || ids === null || !(Symbol.iterator in ids))
    expected("ids", ids, "an iterable of subject ids, or the path of a file that lists them");
  return [...new Set(exactIds([...ids], "ids"))];
}
