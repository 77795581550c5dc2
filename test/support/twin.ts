// Two stores of the same rows: equal byte for byte, except for the ids that depend on their sources.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { contents } from "./folder.js";

type Manifest = Record<string, unknown> & {
  readonly id: string;
  readonly columns: readonly { readonly type: string }[];
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
};

const read = (store: string) => JSON.parse(readFileSync(join(store, "manifest.json"), "utf8")) as Manifest;

/**
 * The differences of two stores: names of files, and of members of the manifest. `metadata`: compare the
 * metadata folders.
 */
export function unlike(a: string, b: string, { metadata = true } = {}): string[] {
  const twin = (store: string): Twin => {
    const manifest = read(store);
    const files = [...contents(store)].filter(([name]) => name !== "manifest.json" && (metadata || !name.startsWith("metadata/")));
    const bytes = files.map(([name, content]) => [name, content.toString("latin1").replaceAll(manifest.id, "")] as const);
    // Types are those of the source: an export contains the types of the store. Checksums and lengths follow
    // from the bytes.
    const columns = manifest.columns.map(({ type: _, ...column }) => column);
    return { files: new Map(bytes), manifest: { columns, counts: manifest.counts, splits: manifest.splits } };
  };
  const [first, second] = [twin(a), twin(b)];
  const names = new Set([...first.files.keys(), ...second.files.keys()]);
  const differing = [...names].filter((name) => first.files.get(name) !== second.files.get(name));
  const members = (["columns", "counts", "splits"] as const).filter(
    (name) => JSON.stringify(first.manifest[name]) !== JSON.stringify(second.manifest[name]),
  );
  return [...differing, ...members];
}

interface Twin {
  readonly files: ReadonlyMap<string, string>;
  readonly manifest: Readonly<Record<"columns" | "counts" | "splits", unknown>>;
}
