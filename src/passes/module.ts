import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { failGiven, textOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { withIo } from "../support/io.js";

/** A function in a module, as a worker finds it. */
export interface ModuleFunction {
  /** The module's file, for `import` and for messages. */
  readonly url: string;
  readonly path: string;
  readonly name: string;
}

const WANTED = 'a URL of a .mjs or .js file: new URL("./pass.mjs", import.meta.url)';

/** A module: its file URL (a `URL`, or its text), or an absolute path. */
export type ModuleUrl = string | { readonly href: string };

/**
 * The function that a caller means. A relative path is refused: it would mean another file than the caller's neighbour, as it is looked for from where
 * the process was started.
 */
export function moduleOf(module: ModuleUrl, exportName: string | undefined): ModuleFunction {
  const path = fileOf(module);
  if (!/\.m?js$/.test(path)) failGiven("The module", path, `${WANTED}; TypeScript is to be compiled first`);
  if (!withIo(path, () => statSync(path, { throwIfNoEntry: false }))?.isFile())
    fail("MEDS_NOT_FOUND", `${path}: there is no such module. Give ${WANTED}.`, path);
  const name = exportName === undefined ? "default" : textOf("exportName", exportName, "the name of a function that the module exports");
  return { url: pathToFileURL(path).href, path, name };
}

function fileOf(module: ModuleUrl): string {
  if (typeof module === "string" && isAbsolute(module)) return module;
  // A URL of another realm is no instance of ours.
  const href: unknown = typeof module === "object" && module !== null ? module.href : module;
  try {
    return fileURLToPath(new URL(href as string));
  } catch {
    return failGiven("The module", href, WANTED);
  }
}
