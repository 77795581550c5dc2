// Builds the add-on with the compiler that is there, against the headers of this very Node: nothing is downloaded.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const source = fileURLToPath(new URL("addon.cc", import.meta.url));
const cache = fileURLToPath(new URL("../../.cache/addon/", import.meta.url));

/** Folder of node_api.h: where Node's own installation has it, or below `npm_config_nodedir`. */
function headers() {
  const prefixes = [process.env.npm_config_nodedir, dirname(dirname(process.execPath))].filter((prefix) => prefix !== undefined);
  return prefixes.map((prefix) => join(prefix, "include", "node")).find((folder) => existsSync(join(folder, "node_api.h")));
}

/** The built add-on's path, or a sentence that says why there is none. */
export function build() {
  if (process.platform === "win32") return { reason: "the add-on is built with a Unix compiler's command line" };
  const include = headers();
  if (include === undefined)
    return { reason: "Node's headers (include/node/node_api.h) are not installed; npm_config_nodedir may name them" };
  const compilers = process.env.CXX ? [process.env.CXX] : ["c++", "g++", "clang++"];
  const compiler = compilers.find((name) => spawnSync(name, ["--version"]).status === 0);
  if (compiler === undefined) return { reason: `there is no C++ compiler (${compilers.join(", ")})` };
  let api;
  try {
    api = require("node-addon-api").include_dir;
  } catch {
    return { reason: "node-addon-api is not installed" };
  }
  const hash = createHash("sha256").update(readFileSync(source)).update(`${process.version} ${compiler} ${process.arch}`);
  const path = join(cache, `addon-${hash.digest("hex").slice(0, 16)}.node`);
  if (existsSync(path)) return { path };
  mkdirSync(cache, { recursive: true });
  // The runtime resolves Node's symbols when it loads the add-on.
  const unresolved = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [];
  // Two processes may build at once: each writes its own file, and the rename is whole.
  const own = `${path}.${process.pid}`;
  const flags = ["-std=c++17", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-DNAPI_CPP_EXCEPTIONS", "-DNAPI_VERSION=9"];
  const folders = [include, api.replaceAll('"', "")].flatMap((folder) => ["-I", folder]);
  const done = spawnSync(compiler, [...flags, ...folders, ...unresolved, "-o", own, source], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${compiler} could not build ${source}:\n${done.stderr}`);
  renameSync(own, path);
  return { path };
}

/** The add-on, loaded; null with the reason on stderr where it cannot be built. */
export function load() {
  const { path, reason } = build();
  if (path !== undefined) return require(path);
  console.error(`bench: no C++ add-on: ${reason}`);
  return null;
}
