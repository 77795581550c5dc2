import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MedsError } from "../support/errors.js";
import { shownAs } from "../support/inspect.js";
import { indexBytes, type Note } from "./manifest.js";
import type { Store } from "./store.js";

/**
 * The metadata of the source, and the results of its conversion.
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
  /**
   * The store's content id: 32 hexadecimal digits. Equal sources and options have equal ids, with or without
   * an index.
   */
  readonly id: string;
  /** Paths of the files in the store's `metadata/`, relative to it: those of the source's metadata folder. */
  readonly files: readonly string[];
  /** What the conversion dropped, skipped, changed or repaired, and why. */
  readonly notes: readonly Note[];
  /** Bytes of the store's files. */
  readonly bytes: number;
  /** Bytes of the inverted index among them (`convert(…, { index: true })`); 0 where there is none. */
  readonly indexBytes: number;
  /** Number of shards. */
  readonly shards: number;
  private readonly path: string;
  /** Read when the store is opened, because another store may replace the files later. */
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
   * `dataset.json` (dataset_name, dataset_version, etl_name, meds_version, created_at, …); null where the
   * source has none. NaN and infinities, which Python writes although JSON does not allow them, are null
   * here. The file in the store is a copy of the source's, byte for byte.
   *
   * @throws MedsError `MEDS_METADATA` where it is not a JSON object.
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

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    const { id, bytes, shards, files, notes } = this;
    return shownAs("Metadata", { id, bytes, shards, files: files.length, notes: notes.length });
  }
}

function parseObject(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(withoutNaN(text.replace(/^\ufeff/, "")));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw new MedsError("MEDS_METADATA", `${path}: this is not valid JSON. Correct the source's dataset.json and convert again.`, {
      path,
      cause,
    });
  }
  throw new MedsError("MEDS_METADATA", `${path}: this is not a JSON object. Correct the source's dataset.json and convert again.`, {
    path,
  });
}

/** Valid JSON from the JSON of Python: NaN and infinities outside strings become null. */
function withoutNaN(text: string): string {
  return text.replace(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/g, (token) => (token.startsWith('"') ? token : "null"));
}
