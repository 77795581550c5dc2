import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { conflict, expected, shown, textOf } from "./arguments.js";
import { fail, MedsError } from "./errors.js";
import { withIo } from "./io.js";
import { isError } from "./realm.js";

/** A function of the caller. */
export type Callable = (...args: never[]) => unknown;

/** A function in a module, in the form that a worker imports. */
export interface ModuleFunction {
  readonly kind: "module";
  /** The module's file: the URL for `import`, the path for messages. */
  readonly url: string;
  readonly path: string;
  readonly name: string;
  /** Changes with the file, because a thread that has imported the file never reads it again. */
  readonly version: string;
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
  if (/\.m?ts$/.test(path)) checkTypeScript(path);
  else if (!/\.m?js$/.test(path)) conflict(`The module is ${shown(path)}. It must be ${EXAMPLE}.`);
  const file = withIo(path, () => statSync(path, { throwIfNoEntry: false, bigint: true }));
  if (!file?.isFile()) fail("MEDS_NOT_FOUND", `${path}: the module does not exist. Pass ${EXAMPLE}.`, path);
  const name = exportName === undefined ? "default" : textOf("exportName", exportName, "the name of an exported function");
  return { kind: "module", url: pathToFileURL(path).href, path, name, version: `${file.mtimeNs} ${file.size} ${file.ino}` };
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

/** The function, in this thread. `parameters` are those of the function that the error asks for. */
export async function exported({ url, path, name }: ModuleFunction, parameters: string): Promise<Callable> {
  const found = (await imported(url, path))[name];
  if (typeof found === "function") return found as Callable;
  const wanted = name === "default" ? `export default function (${parameters}) { … }` : `export function ${name}(…) { … }`;
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

/** The error where a function of the caller fails. `what` names the function and says when, such as "f failed at subject 5". */
export function failureOf(what: string, cause: unknown, path: string | undefined): MedsError {
  const text = isError(cause) ? `${cause.name}: ${cause.message}` : String(cause);
  return new MedsError("MEDS_PASS_FAILED", `${what}: ${text}`, { path, cause });
}

/** What to do where threads cannot load TypeScript. */
const TYPESCRIPT_HINT = "Node.js 22.18, 23.6 and newer load it. For an older one, compile the module, or pass the function itself";

/**
 * Flags of node that load something first: it may be a loader of TypeScript. Worker threads inherit them (with
 * Node.js 20, tsx registers itself in the main thread only, and the module then cannot be loaded).
 */
const PRELOAD = /^(--import|--loader|--experimental-loader|--experimental-strip-types|--experimental-transform-types)(=|$)/;

/** Throws where this runtime cannot load TypeScript in a thread. */
function checkTypeScript(path: string): void {
  const { features, versions, execArgv, env } = process;
  if ("typescript" in features && features.typescript) return;
  if (versions.bun !== undefined || versions.deno !== undefined) return;
  if ([...execArgv, ...(env.NODE_OPTIONS ?? "").split(/[\s"']+/)].some((flag) => PRELOAD.test(flag))) return;
  conflict(`The module is ${shown(path)}, and Node.js ${versions.node} does not load TypeScript. ${TYPESCRIPT_HINT}.`);
}
