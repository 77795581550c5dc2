import type { MedalignSource } from "../sources/medalign/medalign.js";
import type { OmopSource } from "../sources/omop/omop.js";
import { type GivenOmop, type OmopOptions, omopOptions, refuseOmop } from "../sources/omop/options.js";
import { keptOptions, keptOrigin, MEDALIGN, OMOP } from "../sources/origin.js";
import { runJob, type WorkOptions } from "../store/native.js";
import { Store } from "../store/store.js";
import { countIn, namesIn, optionsOf, pathOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { openSource } from "./source.js";

/** How to verify. */
export interface VerifyOptions extends WorkOptions, Pick<OmopOptions, "vocabulary"> {
  /** Stop after this many differences. Default: 100. */
  readonly limit?: number | undefined;
  /** Number of threads; 0, the default, uses all cores. */
  readonly threads?: number | undefined;
  /** OMOP tables only: the most memory for their import, in bytes. Default: 512 MiB. */
  readonly memory?: number | undefined;
  /** OMOP tables only: folder for temporary files. Default: beside the store. */
  readonly temp?: string | undefined;
}

/** Where a store is damaged, or differs from its source. */
export interface Difference {
  /** What is there and what was expected. */
  readonly message: string;
  /** File of the store, relative to it; null for the source as a whole. */
  readonly path: string | null;
  /** Subject id, as decimal text: ids can exceed 2^53. */
  readonly subject: string | null;
  /** Row of the patient, from 0. */
  readonly row: number | null;
  readonly column: string | null;
}

/** The result of {@link verify}. */
export interface Verification {
  /** True where nothing differs. */
  readonly ok: boolean;
  /** The differences, up to the limit. */
  readonly differences: readonly Difference[];
}

/**
 * Checks every byte and invariant of a store. With a source it also compares every value of every column with
 * the source. OMOP tables and MedAlign's XML are imported again for that, with the options of the store, into
 * a temporary folder. The form of tables may differ from that of the conversion (Parquet instead of CSV).
 *
 * @throws MedsError where the store or the source cannot be opened at all; `MEDS_CANCELLED`; for OMOP tables
 * also what {@link convert} throws.
 * @example
 * ```ts
 * import { verify } from "meds-reader";
 *
 * const { ok, differences } = await verify("demo.medsdb", "demo");
 * console.log(ok, differences);
 * ```
 */
export async function verify(store: string, source?: string, options?: VerifyOptions): Promise<Verification> {
  const all = optionsOf(options) ?? {};
  namesIn("verify", all, OPTIONS);
  const { onProgress, signal, memory, temp, vocabulary, ...rest } = all;
  for (const name of ["limit", "threads"] as const) countIn(name, rest[name]);
  countIn("memory", memory);
  if (temp !== undefined) pathOf("temp", temp);
  const paths = { store: pathOf("store", store), source: source === undefined ? undefined : pathOf("source", source) };
  const work = { onProgress, signal };
  const compare = (dataset: string | undefined) => verified({ ...rest, store: paths.store, source: dataset }, work);
  const given = omopOptions({ vocabulary });
  const opened = paths.source === undefined ? undefined : await openSource(paths.source, given, work);
  if (opened?.kind !== "omop") refuseOmop(given);
  if (opened === undefined || !("madeAs" in opened)) return compare(paths.source);
  // The files are imported only for a store that is not damaged in itself.
  const alone = await compare(undefined);
  if (!alone.ok) return alone;
  const same = opened.kind === "omop" ? sameTables(opened, paths.store, given) : sameFiles(opened, paths.store);
  const staging = { store: paths.store, temp, memory, threads: rest.threads, work, strict: false, fingerprint: undefined };
  return same.staged(staging, ({ path }) => compare(path));
}

const OPTIONS = Object.keys({
  limit: true,
  threads: true,
  memory: true,
  temp: true,
  vocabulary: true,
  onProgress: true,
  signal: true,
} satisfies Record<keyof VerifyOptions, true>);

/** XML files with the origin that a store keeps. */
function sameFiles(source: MedalignSource, path: string): MedalignSource {
  const store = new Store(path, false);
  try {
    return source.madeAs(keptOrigin(store, MEDALIGN));
  } finally {
    store.close();
  }
}

/** The tables with the options that a store was made with; the defaults for a store that was not made from tables. */
function sameTables(source: OmopSource, path: string, given: GivenOmop): OmopSource {
  const store = new Store(path, false);
  try {
    const origin = keptOrigin(store, OMOP);
    const kept = origin === undefined ? {} : keptOptions(origin);
    const { keepUnmapped = false, conceptIds = false, skipBadRows = false, vocabulary = [] } = kept;
    if (vocabulary.length > 0 && given.vocabulary.length === 0)
      fail(
        "MEDS_INVALID_ARGUMENT",
        `${path}: this store was made with a vocabulary that is not in its tables. Add the same vocabulary (vocabulary, --vocabulary) to compare them.`,
        path,
      );
    return source.madeAs({ vocabulary: given.vocabulary, keepUnmapped, conceptIds, skipBadRows }, origin);
  } finally {
    store.close();
  }
}

async function verified(options: object, work: WorkOptions): Promise<Verification> {
  const { ok, differences } = await runJob<FoundNatively>("verify", options, work);
  // The native side leaves out members without a value.
  const difference = ({ path, subject, row, column, message }: FoundNatively["differences"][number]): Difference => ({
    path: path || null,
    subject: subject ?? null,
    row: row ?? null,
    column: column ?? null,
    message,
  });
  return { ok, differences: differences.map(difference) };
}

interface FoundNatively {
  readonly ok: boolean;
  readonly differences: readonly { path: string; message: string; subject?: string; row?: number; column?: string }[];
}
