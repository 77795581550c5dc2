// Files of this package that are loaded at run time: the native part, and the programs of worker threads.
// They are found relative to the running file. No `import` names them, because a bundler would then copy the
// loader without the loaded file.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import type { Worker, WorkerOptions } from "node:worker_threads";
import type * as Native from "../../native/binding.js";
import { fail, MedsError } from "../support/errors.js";
import { node } from "../support/node.js";

/** Undefined where a bundler has turned this file into CommonJS. */
const HERE: string | undefined = import.meta.url;

/** A file of this package, by its path relative to `dist/`. */
function packageFile(path: string): URL {
  const url = typeof HERE === "string" && HERE.startsWith("file:") ? new URL(path, HERE) : undefined;
  if (url !== undefined && existsSync(url)) return url;
  return failBundled(path);
}

function failBundled(path: string): never {
  fail(
    "MEDS_BUNDLED",
    `A bundler has copied meds-reader into another file (${HERE ?? "a CommonJS bundle"}), where its part ${path.replace("../", "")} is missing. ` +
      'Leave the package external and install it beside the program: esbuild --external:meds-reader; external: ["meds-reader"] in Rollup, ' +
      "Rolldown and tsup; externals in webpack and Rspack; build.rollupOptions.external or ssr.external in Vite; serverExternalPackages in Next; ncc --external meds-reader.",
  );
}

/** The native part. */
export function loadBinding(): typeof Native {
  const url = packageFile("../native/binding.cjs");
  const load: unknown = createRequire(url);
  // webpack keeps the path that the package had when it was bundled, but replaces the function that loads
  // from there.
  if (typeof load !== "function") return failBundled("../native/binding.cjs");
  try {
    return (loadUsual(url, load as NodeJS.Require) ?? load("./binding.cjs")) as typeof Native;
  } catch (cause) {
    const message =
      `The native part of meds-reader cannot be loaded on ${process.platform}-${process.arch} with Node.js ${process.versions.node} ` +
      `(${(cause as Error).message.split("\n")[0]}). Install meds-reader again on this machine; in its repository, run: npm run setup.`;
    throw new MedsError("MEDS_UNSUPPORTED_RUNTIME", message, { cause });
  }
}

/** Ends of the names of native files on the usual systems. */
const USUAL: Readonly<Record<string, string>> = { linux: "-gnu", darwin: "", win32: "-msvc" };

/**
 * The native file of the usual systems. `binding.cjs` looks for it too, but a cold process takes 1 ms longer
 * with it. Undefined where `binding.cjs` must choose: other systems, and users who name another file.
 */
function loadUsual(binding: URL, load: NodeJS.Require): unknown {
  const { platform, arch } = process;
  const name = (end: string) => `./binding.${platform}-${arch}${end}.node`;
  const has = (end: string) => existsSync(new URL(name(end), binding));
  const end = USUAL[platform];
  if (process.env.NAPI_RS_NATIVE_LIBRARY_PATH || end === undefined || !has(end) || (platform === "linux" && has("-musl"))) return undefined;
  try {
    return load(name(end));
  } catch {
    return undefined; // binding.cjs tries other files, and says what was wrong with each
  }
}

/**
 * Starts a worker thread with a file of `dist/`. The thread inherits all of node's flags. With `--input-type`
 * (a program passed as text) node refuses threads that start with a file. Then the thread starts with text
 * too, which imports the file.
 */
export function startWorker(name: "worker.js" | "batch-worker.js", options?: WorkerOptions): Worker {
  const url = packageFile(`./${name}`);
  const flags = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? "").split(/[\s"']+/)];
  if (!flags.some((flag) => /^--input[-_]type\b/.test(flag))) return new node.threads.Worker(url, options);
  // Thrown outside the promise, because a flag of node may silence its rejection.
  const program = `import(${JSON.stringify(url.href)}).catch((error) => setImmediate(() => { throw error; }));`;
  return new node.threads.Worker(program, { ...options, eval: true });
}
