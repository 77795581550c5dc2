// Records the OMOP tables and options from which a store was made. A conversion compares them to decide
// whether it can reuse the store.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runJob, type WorkOptions } from "../../store/native.js";
import type { Store } from "../../store/store.js";
import { fail } from "../../support/errors.js";

/** The metadata file that records the tables and options of a store. */
export const ORIGIN = "omop.json";

/**
 * The version of the import. Raise it with every change that changes the events of the same tables: otherwise
 * old stores are reused.
 */
const IMPORTER = 2;

/** Files of the tables, or of an added vocabulary. */
export interface OriginFiles {
  /** The key under which their hashes are cached. It is unique to this set of files. */
  readonly root: string;
  /** Their names, which are part of the digest, and their paths. */
  readonly files: readonly (readonly [name: string, path: string])[];
}

/** The options that decide what a store of tables contains. */
export interface OriginOptions {
  readonly columns: readonly string[] | null;
  readonly exclude: readonly string[];
  readonly shardBytes: number | null;
  readonly keepUnmapped: boolean;
  readonly conceptIds: boolean;
  readonly skipBadRows: boolean;
}

/** Where hashes of files are cached, the number of threads, and the signal that cancels hashing. */
export interface Hashing {
  readonly hashes: string | undefined;
  readonly threads: number | undefined;
  readonly signal: WorkOptions["signal"];
}

interface Digests {
  readonly fingerprint?: string | null;
  readonly times: string;
}

/** The origin of a store of tables: the files of the tables and of added vocabularies, and the options. */
export class Origin {
  private readonly source: string;
  private readonly files: (anew: boolean) => readonly OriginFiles[];
  private found: readonly OriginFiles[] | undefined;
  private readonly options: OriginOptions;
  private readonly hashing: Hashing;
  private readonly controller = new AbortController();
  private readonly stop = () => this.controller.abort();
  private readonly known = new Map<boolean, Promise<readonly Digests[]>>();

  /** `files` finds the files: those of the tables first, then those of each vocabulary. With `anew` it lists them again. */
  constructor(source: string, files: Origin["files"], options: OriginOptions, hashing: Hashing) {
    this.source = source;
    this.files = files;
    this.options = options;
    this.hashing = hashing;
    if (hashing.signal?.aborted === true) this.stop();
    hashing.signal?.addEventListener("abort", this.stop, { once: true });
  }

  /** Cancels hashing that is running, so that a failed import does not wait for it. */
  end(): void {
    this.hashing.signal?.removeEventListener("abort", this.stop);
    this.stop();
  }

  /** The contents of {@link ORIGIN}. Equal contents make equal stores. */
  async contents(): Promise<string> {
    const [tables, ...vocabulary] = (await this.first(true)).map(({ fingerprint }) => fingerprint);
    return `${JSON.stringify({ importer: IMPORTER, tables, options: { ...this.options, vocabulary } }, null, 2)}\n`;
  }

  /** A digest of the files' names, sizes and times of modification. */
  async times(): Promise<string> {
    return (await this.first(false)).map(({ times }) => times).join("+");
  }

  /**
   * Fails if the files changed since they were first hashed. Call {@link Origin.times} before the files are
   * read.
   */
  async check(): Promise<void> {
    const [now, before, hashed] = [await this.digest(true, () => this.files(true)), await this.first(false), await this.first(true)];
    const same = ({ times, fingerprint }: Digests, i: number) => times === before[i]?.times && fingerprint === hashed[i]?.fingerprint;
    if (now.length === before.length && now.every(same)) return;
    fail(
      "MEDS_SOURCE_CHANGED",
      `${this.source}: The tables changed during the conversion. Retry when nothing is writing to them.`,
      this.source,
    );
  }

  private first(contents: boolean): Promise<readonly Digests[]> {
    let known = this.known.get(contents);
    if (known === undefined) {
      known = this.digest(contents, () => {
        this.found ??= this.files(false);
        return this.found;
      });
      // Hashing runs in parallel with the import. If the import fails first, nothing awaits this promise.
      known.catch(() => {});
      this.known.set(contents, known);
    }
    return known;
  }

  private async digest(contents: boolean, find: () => readonly OriginFiles[]): Promise<readonly Digests[]> {
    const { hashes, threads = 0 } = this.hashing;
    const { signal } = this.controller;
    const options = JSON.stringify({ importer: IMPORTER, options: this.options });
    const digests: Digests[] = [];
    for (const { root, files } of find())
      digests.push(await runJob<Digests>("digest", { root, files, options, hashes, contents, threads }, { signal }));
    return digests;
  }
}

/** The options in a text from {@link Origin.contents}. */
export function keptOptions(origin: string): Partial<OriginOptions & { readonly vocabulary: readonly string[] }> {
  try {
    const kept = JSON.parse(origin) as { readonly options?: ReturnType<typeof keptOptions> } | null;
    return kept?.options ?? {};
  } catch {
    return {}; // Another program wrote a file with this name.
  }
}

/** The options in the manifest of imported tables. The manifest of a store that was made from another store has more: what was done to it. */
const IMPORTED = ["columns", "exclude", "shardBytes", "version", "repair", "index", "imported"];

/** Whether a store contains what the tables of an origin would become now, and all of it. */
export async function isMadeOf(store: Store, origin: Origin, trustTimes: boolean): Promise<boolean> {
  const { options, times } = store.manifest;
  if (options.imported !== "omop" || !Object.keys(options).every((name) => IMPORTED.includes(name))) return false;
  if (trustTimes && times === (await origin.times())) return true;
  return keptOrigin(store) === (await origin.contents());
}

/** The origin that a store keeps; undefined where it was not made from OMOP tables. */
export function keptOrigin({ path, manifest }: Store): string | undefined {
  const name = `metadata/${ORIGIN}`;
  return manifest.files.some((file) => file.path === name) ? readFileSync(join(path, name), "utf8") : undefined;
}
