import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MedsError } from "../support/errors.js";
import { indexBytes, type Note } from "./manifest.js";
import type { Store } from "./store.js";

/**
 * What the source says of itself, and what became of it.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * console.log(db.metadata.dataset?.dataset_name, db.metadata.notes);
 * db.close();
 * ```
 */
export class Metadata {
  /** The store's content id: 32 hexadecimal digits; equal for equal sources and options (an index changes nothing in it). */
  readonly id: string;
  /** Files of the source's metadata folder, relative to it, as they stand in the store's `metadata/`. */
  readonly files: readonly string[];
  /** What the conversion skipped, changed or repaired, and why. */
  readonly notes: readonly Note[];
  /** Bytes of the store's files. */
  readonly bytes: number;
  /** Bytes of the inverted index among them (`convert(…, { index: true })`); 0 where the store has none. */
  readonly indexBytes: number;
  /** Number of shards. */
  readonly shards: number;
  private readonly path: string;
  /** Read when the store is opened: a store that replaces this one later has another. */
  private readonly text: string | null;
  private parsed: Readonly<Record<string, unknown>> | null | undefined;

  /** @internal */
  constructor(store: Store) {
    const { id, files, notes, shards } = store.manifest;
    this.id = id;
    this.path = join(store.path, "metadata", "dataset.json");
    this.files = files.filter(({ path }) => path.startsWith("metadata/")).map(({ path }) => path.slice("metadata/".length));
    this.notes = notes;
    this.shards = shards.length;
    this.text = this.files.includes("dataset.json") ? readFileSync(this.path, "utf8") : null;
    this.indexBytes = indexBytes(store.manifest);
    this.bytes = [...files, ...shards].reduce((sum, file) => sum + file.bytes, 0);
  }

  /**
   * `dataset.json` (dataset_name, dataset_version, etl_name, meds_version, created_at, …); null where the source has none. NaN and infinities, which
   * Python writes and JSON has not, are null here; the store's copy of the file is the source's, byte for byte.
   *
   * @throws MedsError `MEDS_METADATA` where it is no JSON object.
   */
  get dataset(): Readonly<Record<string, unknown>> | null {
    if (this.parsed === undefined) this.parsed = this.text === null ? null : parseObject(this.text, this.path);
    return this.parsed;
  }

  /** What `JSON.stringify` writes. */
  toJSON(): { readonly [name: string]: unknown } {
    const { id, dataset, files, notes, bytes, shards } = this;
    return { id, dataset, files, notes, bytes, shards };
  }
}

function parseObject(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(withoutNaN(text.replace(/^\ufeff/, "")));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw new MedsError("MEDS_METADATA", `${path}: it cannot be read as JSON. Correct the source's dataset.json and convert again.`, {
      path,
      cause,
    });
  }
  throw new MedsError("MEDS_METADATA", `${path}: it holds no JSON object. Correct the source's dataset.json and convert again.`, { path });
}

/** JSON as Python writes it, as JSON: NaN and infinities outside of texts become null. */
function withoutNaN(text: string): string {
  return text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/g, (token) => (token.startsWith('"') ? token : "null"));
}
