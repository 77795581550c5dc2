import { kindOf } from "../sources/kind.js";
import { type GivenOmop, type OmopOptions, omopOptions, refuseOmop } from "../sources/omop/options.js";
import { keptOptions } from "../sources/omop/origin.js";
import { staged } from "../sources/staged.js";
import { keptOrigin } from "../sources/standing.js";
import { formOf } from "../sources/tables.js";
import { runJob, type WorkOptions } from "../store/native.js";
import { Store } from "../store/store.js";
import { countIn, optionsOf, pathOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";

/** How to verify. */
export interface VerifyOptions extends WorkOptions, Pick<OmopOptions, "vocabulary"> {
  /** Stop after this many differences. Default: 100. */
  readonly limit?: number | undefined;
  /** Threads; 0, the default, for all cores. */
  readonly threads?: number | undefined;
  /** OMOP tables only: bytes of memory that their import is to stay below. Default: 512 MiB. */
  readonly memory?: number | undefined;
  /** OMOP tables only: folder for what is made of them on the way. Default: beside the store. */
  readonly temp?: string | undefined;
}

/** A place where a store is damaged, or differs from its source. */
export interface Difference {
  /** What was found and what was expected. */
  readonly message: string;
  /** File of the store, relative to it; null for the source as a whole. */
  readonly path: string | null;
  /** Subject id, as decimal text: ids go beyond 2^53. */
  readonly subject: string | null;
  /** Row of the patient, from 0. */
  readonly row: number | null;
  readonly column: string | null;
}

/** What a verification found. */
export interface Verification {
  /** Nothing differs. */
  readonly ok: boolean;
  /** What differs, up to the limit. */
  readonly differences: readonly Difference[];
}

/**
 * Checks every byte and invariant of a store and, given its source, every value of every column against it. A folder of OMOP tables is imported anew for
 * that, with the options that the store was made with, into a temporary folder; their form may be another than it was then (Parquet for CSV).
 *
 * @throws MedsError where the store or the source cannot be opened at all; `MEDS_CANCELLED`; of OMOP tables what {@link convert} throws.
 * @example
 * ```ts
 * import { verify } from "meds-reader";
 *
 * const { ok, differences } = await verify("demo.medsdb", "demo");
 * console.log(ok, differences);
 * ```
 */
export async function verify(store: string, source?: string, options?: VerifyOptions): Promise<Verification> {
  const { onProgress, signal, memory, temp, vocabulary, ...rest } = optionsOf(options) ?? {};
  for (const name of ["limit", "threads"] as const) countIn(name, rest[name]);
  countIn("memory", memory);
  if (temp !== undefined) pathOf("temp", temp);
  const paths = { store: pathOf("store", store), source: source === undefined ? undefined : pathOf("source", source) };
  const work = { onProgress, signal };
  const compare = (dataset: string | undefined) => verified({ ...rest, store: paths.store, source: dataset }, work);
  const given = omopOptions({ vocabulary });
  const form = paths.source === undefined ? undefined : await formOf(paths.source, kindOf(paths.source), work);
  if (paths.source === undefined || form === undefined) {
    refuseOmop(given);
    return compare(paths.source);
  }
  // A store that is damaged in itself is not worth an import.
  const alone = await compare(undefined);
  if (!alone.ok) return alone;
  const made = madeOf(paths.store, given);
  const importing = { ...work, memory, threads: rest.threads, ...made, strict: false };
  return staged({ source: paths.source, form }, paths.store, temp, importing, ({ dataset }) => compare(dataset));
}

/** How a store was made of OMOP tables; of another one, as they are imported where nothing is said. */
function madeOf(path: string, given: GivenOmop): GivenOmop & { readonly origin: string | undefined } {
  const store = new Store(path, false);
  try {
    const origin = keptOrigin(store);
    const {
      keepUnmapped = false,
      conceptIds = false,
      skipBadRows = false,
      vocabulary = [],
    } = origin === undefined ? {} : keptOptions(origin);
    if (vocabulary.length > 0 && given.vocabulary.length === 0)
      fail(
        "MEDS_INVALID_ARGUMENT",
        `${path}: this store was made with a vocabulary from beside its tables. Add the same vocabulary (vocabulary, --vocabulary) to compare it with them.`,
        path,
      );
    return { vocabulary: given.vocabulary, keepUnmapped, conceptIds, skipBadRows, origin };
  } finally {
    store.close();
  }
}

async function verified(options: object, work: WorkOptions): Promise<Verification> {
  const { ok, differences } = await runJob<FoundNatively>("verify", options, work);
  // The native side leaves out what a difference has not.
  const told = ({ path, subject, row, column, message }: FoundNatively["differences"][number]): Difference => ({
    path: path || null,
    subject: subject ?? null,
    row: row ?? null,
    column: column ?? null,
    message,
  });
  return { ok, differences: differences.map(told) };
}

interface FoundNatively {
  readonly ok: boolean;
  readonly differences: readonly { path: string; message: string; subject?: string; row?: number; column?: string }[];
}
