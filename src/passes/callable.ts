import { conflict } from "../support/arguments.js";
import { type Callable, exported, type ModuleUrl, moduleOf } from "../support/module.js";
import { compiled, inlineOf } from "./inline.js";
import type { PassFunction } from "./messages.js";

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
  return run.kind === "inline" ? compiled(run) : exported(run, `${given}, args, context`);
}
