// Functions of the caller that write a section, or a whole text.
import { conflict, expected } from "../support/arguments.js";
import { MedsError } from "../support/errors.js";
import { type Callable, exported, failureOf, type ModuleFunction, type ModuleUrl, moduleOf } from "../support/module.js";

/** A function of the caller: itself, or the module that exports it, which worker threads import. */
export type Own<F extends Callable> = F | ModuleFunction;

/** `name` is the option that has the function. */
export function ownOf<F extends Callable>(name: string, given: F | ModuleUrl, exportName?: string): Own<F> {
  if (given === undefined || given === null) expected(name, given, "a function, or the URL of a module that exports one");
  if (typeof given !== "function") return moduleOf(given, exportName);
  if (exportName !== undefined) conflict("`exportName` requires a module. Pass a module, or remove `exportName`.");
  return given;
}

/** The function, in this thread. `title` names it in errors, `parameter` is what it receives. */
export async function loaded<F extends Callable>(own: Own<F>, title: string, parameter: string): Promise<F> {
  if (typeof own === "function") return own;
  try {
    return (await exported(own, parameter)) as F;
  } catch (error) {
    throw error instanceof MedsError ? error : failureOf(`${title} could not be loaded`, error, own.path);
  }
}

/** What a function of the caller returns for a patient. `title` names it in the error. */
export function called<A, R>(own: (given: A) => R, given: A, title: string, subjectId: bigint): R {
  try {
    return own(given);
  } catch (error) {
    throw failureOf(`${title} failed at subject ${subjectId}`, error, undefined);
  }
}
