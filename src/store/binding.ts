// Where the native part of this package is, and what is wrong where it cannot be loaded. The main package
// contains none: each platform has a package of its own, an optional dependency of the main one.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type * as Native from "../../native/binding.js";
import { MedsError } from "../support/errors.js";
import { exists, failBundled, HERE, inPackage } from "./package-files.js";

/** What the messages need of `platforms.json`, the table of packages. */
type Platforms = Readonly<Record<string, { readonly needs: string }>>;

/** The native part: that of `native/` in a clone, otherwise that of the package of this platform. */
export function loadBinding(): typeof Native {
  const load: unknown = HERE?.startsWith("file:") ? createRequire(HERE) : undefined;
  // webpack keeps the path that the package had when it was bundled, but replaces the function that loads
  // from there.
  if (typeof load !== "function") return failBundled("native/");
  const build = buildName();
  const file = `binding.${build}.node`;
  const built = inPackage(`../native/${file}`);
  if (built !== undefined) return loadFile(load as NodeJS.Require, fileURLToPath(built), `native/${file}`);
  return loadPackage(load as NodeJS.Require, build);
}

/**
 * The name of this platform's build, as napi-rs has it. A system has musl where musl's loader is, unless Node
 * itself runs with glibc: asking Node costs 20 ms.
 */
function buildName(): string {
  const { platform, arch, versions } = process;
  if (platform === "win32") return `win32-${arch}-msvc`;
  if (platform !== "linux") return `${platform}-${arch}`;
  const loader = `/lib/ld-musl-${{ x64: "x86_64", arm64: "aarch64" }[arch as string] ?? arch}.so.1`;
  // Deno has no build for musl, and asks its user before it looks for a file.
  const isMusl = versions.deno === undefined && exists(loader) && glibc() === undefined;
  return `linux-${arch}-${isMusl ? "musl" : "gnu"}`;
}

/** The version of glibc that Node runs with; undefined where it runs with another library. */
function glibc(): string | undefined {
  const report = process.report as typeof process.report & { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  try {
    report.excludeNetwork = true; // names of hosts may take seconds
    return (report.getReport() as { header?: { glibcVersionRuntime?: string } }).header?.glibcVersionRuntime;
  } catch {
    return undefined;
  } finally {
    if (before !== undefined) report.excludeNetwork = before;
  }
}

function loadPackage(load: NodeJS.Require, build: string): typeof Native {
  const own = packageOf(load, "../package.json");
  if (own?.name !== "meds-reader") return failBundled("native/");
  const name = `meds-reader-${build}`;
  const found = packageOf(load, `${name}/package.json`);
  if (found === undefined) return failMissing(load, own.version, build);
  if (found.version !== own.version) {
    const problem = `The package ${name} has version ${found.version}, but meds-reader has version ${own.version}. Both must be from one release.`;
    return failRuntime(problem, `Run on this machine: npm install --include=optional meds-reader@${own.version}`);
  }
  return loadFile(load, `${name}/binding.${build}.node`, `${name}/binding.${build}.node`);
}

/** A package.json. `require` would load it too, but takes 1 ms longer the first time. */
function packageOf(load: NodeJS.Require, path: string): { name: string; version: string } | undefined {
  try {
    return JSON.parse(readFileSync(load.resolve(path), "utf8"));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_ACCESS_DENIED") return undefined;
    return failRuntime(`Node.js may not read the file ${path}.`, remedyOf(cause), cause);
  }
}

function loadFile(load: NodeJS.Require, path: string, shown: string): typeof Native {
  try {
    return load(path);
  } catch (cause) {
    return failRuntime(
      `The file ${shown} cannot be loaded: ${(cause as Error).message.split("\n")[0]?.replace(/\.$/, "")}.`,
      remedyOf(cause),
      cause,
    );
  }
}

/** What to do where the native part is there, but the system or the runtime does not load it. */
function remedyOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (process.versions.deno !== undefined && /ffi/i.test(message)) return "Start Deno with --allow-ffi";
  if (code === "ERR_DLOPEN_DISABLED") return "Start Node.js with --allow-addons where it has --permission, and without --no-addons";
  if (code === "ERR_ACCESS_DENIED") return "Start Node.js with --allow-fs-read for the whole folder of the package, and for node_modules";
  if (/GLIBC_[\d.]+' not found/.test(message))
    return "Use a system with a newer glibc, or build the native part on this one: in a clone, npm run setup";
  return "The file is damaged, or is for another platform. Remove node_modules, and run npm install on this machine";
}

function failMissing(load: NodeJS.Require, version: string, build: string): never {
  const platforms: Platforms = load("../platforms.json");
  const file = `native/binding.${build}.node`;
  if (inPackage("../Cargo.toml") !== undefined) return failRuntime(`The file ${file} does not exist.`, "Run: npm run setup");
  const names = Object.entries(platforms).map(([name, { needs }]) => (needs === "" ? name : `${name} (${needs})`));
  if (platforms[build] === undefined)
    return failRuntime(
      `There is no package for ${build}, but for ${names.join(", ")}.`,
      "Use one of these platforms, or try to build the native part: in a clone, npm run setup",
    );
  const others = Object.keys(platforms).filter((name) => packageOf(load, `meds-reader-${name}/package.json`) !== undefined);
  const found =
    others.length === 0 ? "" : ` Only meds-reader-${others.join(", meds-reader-")} is installed, which is for another platform.`;
  return failRuntime(
    `Neither the package meds-reader-${build} nor the file ${file} was found.${found} The package is an optional dependency: npm leaves it out with --omit=optional, and it is missing where node_modules comes from another platform.`,
    `Run on this machine: npm install --include=optional meds-reader@${version}`,
  );
}

/** Throws `MEDS_UNSUPPORTED_RUNTIME`: where, what is wrong, what to do. */
function failRuntime(problem: string, remedy: string, cause?: unknown): never {
  const { bun, deno, node } = process.versions;
  const runtime = bun !== undefined ? `Bun ${bun}` : deno !== undefined ? `Deno ${deno}` : `Node.js ${node}`;
  const version = process.platform === "linux" ? glibc() : undefined;
  const libc = version === undefined ? "" : `, glibc ${version}`;
  const message = `The native part of meds-reader cannot be loaded (${process.platform}-${process.arch}${libc}, ${runtime}). ${problem} ${remedy}.`;
  throw new MedsError("MEDS_UNSUPPORTED_RUNTIME", message, { cause });
}
