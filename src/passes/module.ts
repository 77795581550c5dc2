import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { conflict, expected, shown, textOf } from "../support/arguments.js";
import { fail } from "../support/errors.js";
import { withIo } from "../support/io.js";

/** A function in a module, in the form that a worker imports. */
export interface ModuleFunction {
  /** The module's file: the URL for `import`, the path for messages. */
  readonly url: string;
  readonly path: string;
  readonly name: string;
}

const EXAMPLE = 'the URL of a .mjs or .js file, such as new URL("./pass.mjs", import.meta.url)';

/** A module: its file URL (a `URL`, or its text), or an absolute path. */
export type ModuleUrl = string | { readonly href: string };

/**
 * The function that the caller names. A relative path is refused: it would be relative to the current folder
 * of the process, not to the caller's file.
 */
export function moduleOf(module: ModuleUrl, exportName: string | undefined): ModuleFunction {
  const path = fileOf(module);
  if (!/\.m?js$/.test(path)) conflict(`The module is ${shown(path)}. It must be ${EXAMPLE}. Compile TypeScript first.`);
  if (!withIo(path, () => statSync(path, { throwIfNoEntry: false }))?.isFile())
    fail("MEDS_NOT_FOUND", `${path}: the module does not exist. Pass ${EXAMPLE}.`, path);
  const name = exportName === undefined ? "default" : textOf("exportName", exportName, "the name of an exported function");
  return { url: pathToFileURL(path).href, path, name };
}

function fileOf(module: ModuleUrl): string {
  if (typeof module === "string" && isAbsolute(module)) return module;
  // A URL of another realm is not an instance of our URL class.
  const href: unknown = typeof module === "object" && module !== null ? module.href : module;
  try {
    return fileURLToPath(new URL(href as string));
  } catch {
    return expected("The module", href, EXAMPLE);
  }
}
