// Temporary folders, and the proof that nothing remains in them.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

const made: string[] = [];

/** A folder that is removed after the test file. */
export function folder(name = "t"): string {
  const path = mkdtempSync(join(tmpdir(), `meds-reader-${name}-`));
  made.push(path);
  return path;
}

afterAll(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** Creates the folder of a file, and returns the file's path. */
export function place(...parts: string[]): string {
  const path = join(...parts);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

/** Every file below a folder, relative to it, sorted. */
export function files(path: string): string[] {
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort();
}

/** Every file below a folder with its bytes. */
export function contents(path: string): Map<string, Buffer> {
  return new Map(files(path).map((name) => [name, readFileSync(join(path, name))]));
}

/** The names in which two results of {@link contents} differ. An assertion over megabytes takes minutes. */
export function changed(found: ReadonlyMap<string, Buffer>, expected: ReadonlyMap<string, Buffer>): string[] {
  const names = new Set([...found.keys(), ...expected.keys()]);
  return [...names].filter((name) => !found.get(name)?.equals(expected.get(name) ?? Buffer.from("absent")));
}
