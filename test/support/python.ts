// Python programs for comparisons, in the venvs that `npm run test:all` makes. Without Python the tests report that,
// and are skipped.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * A Python with pyarrow (which writes the Arrow types that no JavaScript writer has), meds_reader, polars and
 * DuckDB; or null.
 */
export const python: string | null = pythonWith("peer", "pyarrow");

/** A Python with meds_etl, which converts OMOP to MEDS as our conversion must; or null. */
export const etlPython: string | null = pythonWith("etl", "meds_etl");

/**
 * A Python with the writers of requirements-writers.txt: pandas, polars, DuckDB, fastparquet, ClickHouse,
 * Delta Lake, Iceberg; or null.
 */
export const writersPython: string | null = pythonWith("writers", "fastparquet");

/** A Python with meds_evaluation and scikit-learn, which score predictions and fit models as ours must; or null. */
export const scorePython: string | null = pythonWith("score", "meds_evaluation");

/** The Python of the environment variable, or of the venv, if it has the module. */
export function pythonWith(name: string, module: string): string | null {
  const venv = fileURLToPath(new URL(`../../.cache/${name}/bin/python`, import.meta.url));
  for (const path of [process.env[`MEDS_${name.toUpperCase()}_PYTHON`], venv]) {
    if (path && existsSync(path) && spawnSync(path, ["-c", `import ${module}`]).status === 0) return path;
  }
  return null;
}

const script = fileURLToPath(new URL("./write.py", import.meta.url));

/** Runs `write.py` on a request. A failure of Python fails the test. */
export function runPython(request: unknown): void {
  const done = spawnSync(python!, [script], { input: JSON.stringify(request), encoding: "utf8", maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`write.py failed: ${done.error?.message ?? done.stderr}`);
}

/**
 * A value as JSON that Python restores exactly: no number becomes rounded decimal text, and no type is
 * guessed.
 */
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
