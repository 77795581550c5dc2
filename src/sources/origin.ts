// Records the files and options from which an imported store was made: OMOP tables, or XML. A conversion
// compares them to decide whether it can reuse the store.
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { runJob, type WorkOptions } from "../store/native.js";
import type { Store } from "../store/store.js";
import { fail } from "../support/errors.js";
import type { ConversionPlan } from "./plan.js";
import type { Dataset, Fingerprint } from "./source.js";

/** A format that is imported to MEDS before it is converted. */
export interface Importer {
  /** Its name in the manifest of a store. */
  readonly name: "omop" | "medalign";
  /** The metadata file that records the files and options of a store. */
  readonly file: string;
  /**
   * Raise it with every change that changes the events of the same files: otherwise old stores are reused.
   */
  readonly version: number;
}

export const OMOP: Importer = { name: "omop", file: "omop.json", version: 2 };
export const MEDALIGN: Importer = { name: "medalign", file: "medalign.json", version: 1 };

/** Files of the source, or of an added vocabulary. */
export interface OriginFiles {
  /** The key under which their hashes are cached. It is unique to this set of files. */
  readonly root: string;
  /** Their names, which are part of the digest, and their paths. */
  readonly files: readonly (readonly [name: string, path: string])[];
}

/** The options that decide what an imported store contains. */
export interface OriginOptions {
  readonly columns: readonly string[] | null;
  readonly exclude: readonly string[];
  readonly shardBytes: number | null;
  /** For OMOP tables. */
  readonly keepUnmapped?: boolean;
  readonly conceptIds?: boolean;
  readonly skipBadRows?: boolean;
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

/** The origin of an imported store: its files, those of added vocabularies, and the options. */
export class Origin {
  private readonly importer: Importer;
  private readonly source: string;
  private readonly files: (anew: boolean) => readonly OriginFiles[];
  private found: readonly OriginFiles[] | undefined;
  private readonly options: OriginOptions;
  private readonly hashing: Hashing;
  private readonly controller = new AbortController();
  private readonly stop = () => this.controller.abort();
  private readonly known = new Map<boolean, Promise<readonly Digests[]>>();

  /** `files` finds the files: those of the source first, then those of each vocabulary. With `anew` it lists them again. */
  constructor(importer: Importer, source: string, files: Origin["files"], options: OriginOptions, hashing: Hashing) {
    this.importer = importer;
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

  /** The contents of the importer's file. Equal contents make equal stores. */
  async contents(): Promise<string> {
    const [tables, ...vocabulary] = (await this.first(true)).map(({ fingerprint }) => fingerprint);
    return `${JSON.stringify({ importer: this.importer.version, tables, options: { ...this.options, vocabulary } }, null, 2)}\n`;
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
      `${this.source}: The files changed during the conversion. Retry when nothing is writing to them.`,
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
    const options = JSON.stringify({ importer: this.importer.version, options: this.options });
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

/** The options in the manifest of an imported store. The manifest of a store that was made from another store has more: what was done to it. */
const IMPORTED = ["columns", "exclude", "shardBytes", "version", "repair", "index", "imported"];

/** Whether a store contains what the files of an origin would become now, and all of it. */
async function isMadeOf(store: Store, importer: Importer, origin: Origin, trustTimes: boolean): Promise<boolean> {
  const { options, times } = store.manifest;
  if (options.imported !== importer.name || !Object.keys(options).every((name) => IMPORTED.includes(name))) return false;
  if (trustTimes && times === (await origin.times())) return true;
  return keptOrigin(store, importer) === (await origin.contents());
}

/** The origin that a store keeps; undefined where it was not made by this importer. */
export function keptOrigin({ path, manifest }: Store, { file: own }: Importer): string | undefined {
  const name = `metadata/${own}`;
  return manifest.files.some((file) => file.path === name) ? readFileSync(join(path, name), "utf8") : undefined;
}

type Use<T> = (dataset: Dataset) => Promise<T>;

/**
 * The fingerprint of imported files: a store keeps their origin, since its own fingerprint is that of the
 * imported dataset.
 */
export class OriginFingerprint implements Fingerprint {
  private readonly origin: Origin;

  constructor(
    private readonly importer: Importer,
    parts: {
      readonly source: string;
      readonly files: ConstructorParameters<typeof Origin>[2];
      readonly options: OriginOptions;
      readonly hashing: Hashing;
    },
    private readonly trustTimes: boolean,
  ) {
    this.origin = new Origin(importer, parts.source, parts.files, parts.options, parts.hashing);
  }

  matches(store: Store): Promise<boolean> {
    return isMadeOf(store, this.importer, this.origin, this.trustTimes);
  }

  end(): void {
    this.origin.end();
  }

  /**
   * Calls `run`, which imports the files, with what the store keeps of them. Before the dataset is used, the
   * files are compared with what they were: a change is an error.
   */
  async guard<T>(use: Use<T>, run: (origin: Promise<string>, use: Use<T>) => Promise<T>): Promise<T> {
    const { origin, trustTimes } = this;
    // Their names, sizes and times are read before the files are; their contents are hashed meanwhile.
    const times = await origin.times();
    const contents = origin.contents();
    // Where the import fails first, nothing waits for the hashes.
    contents.catch(() => {});
    return run(contents, async ({ plan, ...dataset }) => {
      await origin.check();
      const provenance = plan.provenance && { ...plan.provenance, times };
      return use({ ...dataset, plan: trustTimes && provenance ? { ...plan, provenance } : plan });
    });
  }
}

/** The native side neither compares times nor remembers hashes of files that are removed afterwards. */
export const FORGOTTEN = { trustTimes: undefined, hashes: undefined } as const;

/** The options of a plan that decide what a store contains, in one order. */
export function storeOptions({ columns, exclude = [], shardBytes }: ConversionPlan): OriginOptions {
  return { columns: columns === undefined ? null : [...columns].sort(), exclude: [...exclude].sort(), shardBytes: shardBytes ?? null };
}

/** Files of a source by their names relative to its folder, in order. */
export const namedFiles = (root: string, paths: readonly string[]) =>
  [...paths].sort().map((path) => [relative(root, path), path] as const);
