// Python with pyarrow: writes the Arrow types that no JavaScript writer has. Absent on most machines: tests say so and are skipped.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const venv = fileURLToPath(new URL("../../.cache/peer/bin/python", import.meta.url));

/** A Python that has pyarrow (env MEDS_PEER_PYTHON, or the one that the benchmark makes), or null. */
export const python: string | null = find();

function find(): string | null {
  for (const path of [process.env.MEDS_PEER_PYTHON, venv]) {
    if (path && existsSync(path) && spawnSync(path, ["-c", "import pyarrow"]).status === 0) return path;
  }
  return null;
}

const script = fileURLToPath(new URL("./write.py", import.meta.url));

/** Runs `write.py` on a request; a failure of Python is a failure of the test. */
export function runPython(request: unknown): void {
  const done = spawnSync(python!, [script], { input: JSON.stringify(request), encoding: "utf8", maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`write.py failed: ${done.error?.message ?? done.stderr}`);
}

/** A value as JSON that Python gives back exactly: no number goes through decimal text that rounds, no type is guessed. */
export function tagged(value: unknown): unknown {
  if (typeof value === "bigint") return { i: String(value) };
  if (typeof value === "number")
    return Number.isSafeInteger(value) && !Object.is(value, -0)
      ? { i: String(value) }
      : { f: Object.is(value, -0) ? "-0.0" : String(value) };
  if (value instanceof Uint8Array) return { b: Buffer.from(value).toString("hex") };
  if (value instanceof Map) return { m: [...value].map(([key, inner]) => [tagged(key), tagged(inner)]) };
  if (Array.isArray(value)) return value.map(tagged);
  if (typeof value === "object" && value !== null) return { s: Object.entries(value).map(([key, inner]) => [key, tagged(inner)]) };
  return value;
}
