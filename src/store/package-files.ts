// Files of this package that are loaded at run time: the native part (see binding.ts), and the programs of
// worker threads. They are found relative to the running file. No `import` names them, because a bundler would
// then copy the loader without the loaded file.
import { existsSync } from "node:fs";
import type { Worker, WorkerOptions } from "node:worker_threads";
import { fail } from "../support/errors.js";
import { node } from "../support/node.js";

/** Undefined where a bundler has turned this file into CommonJS. */
export const HERE: string | undefined = import.meta.url;

/** Whether a file exists. False where Node's permissions hide it. */
export function exists(path: string | URL): boolean {
  try {
    return existsSync(path);
  } catch {
    return false;
  }
}

/** A file of this package, by its path relative to `dist/`; undefined where it does not exist. */
export function inPackage(path: string): URL | undefined {
  const url = HERE?.startsWith("file:") ? new URL(path, HERE) : undefined;
  return url !== undefined && exists(url) ? url : undefined;
}

/** Throws `MEDS_BUNDLED`: `part` of the package is missing. */
export function failBundled(part: string): never {
  fail(
    "MEDS_BUNDLED",
    `A bundler has copied meds-reader into another file (${HERE ?? "a CommonJS bundle"}), where its part ${part} is missing. ` +
      'Leave the package external and install it beside the program: esbuild --external:meds-reader; external: ["meds-reader"] in Rollup, ' +
      "Rolldown and tsup; externals in webpack and Rspack; build.rollupOptions.external or ssr.external in Vite; serverExternalPackages in Next; ncc --external meds-reader.",
  );
}

/**
 * Starts a worker thread with a file of `dist/`. The thread inherits all of node's flags. With `--input-type`
 * (a program passed as text) node refuses threads that start with a file. Then the thread starts with text
 * too, which imports the file.
 */
export function startWorker(name: "worker.js" | "batch-worker.js", options?: WorkerOptions): Worker {
  const url = inPackage(`./${name}`) ?? failBundled(name);
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? "").split(/[\s"']+/)];
  if (!flags.some((flag) => /^--input[-_]type\b/.test(flag))) return new node.threads.Worker(url, options);
  // Thrown outside the promise, because a flag of node may silence its rejection.
  const program = `import(${JSON.stringify(url.href)}).catch((error) => setImmediate(() => { throw error; }));`;
  return new node.threads.Worker(program, { ...options, eval: true });
}
