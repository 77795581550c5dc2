import { conflict, expected } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { compiled, inlineOf } from "./inline.js";
import type { PassFunction } from "./messages.js";
import { type ModuleUrl, moduleOf, TYPESCRIPT_HINT } from "./module.js";

/** A function that a pass calls. */
export type Callable = (...args: never[]) => unknown;

/** The function that a caller gives: itself, or the module that exports it. */
export function functionOf(given: ModuleUrl | Callable, exportName: string | undefined): PassFunction {
  if (typeof given !== "function") return moduleOf(given, exportName);
  if (exportName !== undefined) conflict("`exportName` requires a module. Pass a module, or remove `exportName`.");
  return inlineOf(given);
}

/** What error messages call a function. */
export function titleOf(run: PassFunction): string {
  if (run.kind === "module") return run.path;
  return run.name === "" ? "The function" : `The function \`${run.name}\``;
}

/** The function, in this thread. `given` is what its first argument is called in the error. */
export async function loaded(run: PassFunction, given: string): Promise<Callable> {
  if (run.kind === "inline") return compiled(run);
  const { url, path, name } = run;
  const found = (await imported(url, path))[name];
  if (typeof found === "function") return found as Callable;
  const wanted = name === "default" ? `export default function (${given}, args, context) { … }` : `export function ${name}(…) { … }`;
  return fail("MEDS_INVALID_ARGUMENT", `${path}: its export "${name}" is not a function. Write: ${wanted}`, path);
}

async function imported(url: string, path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (error) {
    // A loader of TypeScript that the program registered itself is not in its threads.
    if ((error as { code?: unknown } | null)?.code !== "ERR_UNKNOWN_FILE_EXTENSION" || !/\.m?ts$/.test(path)) throw error;
    return expected("The module", path, `JavaScript, because this thread does not load TypeScript. ${TYPESCRIPT_HINT}`);
  }
}
