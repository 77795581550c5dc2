// The native part: its sources, the platforms that have a package, and a prebuilt one in node_modules.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./run.mjs";

const at = (...parts) => join(root, ...parts);
const json = (...parts) => JSON.parse(readFileSync(at(...parts), "utf8"));

/** Files below a folder whose names match, in order of path. */
export function below(folder, names) {
  if (!existsSync(at(folder))) return [];
  const found = readdirSync(at(folder), { recursive: true, encoding: "utf8" });
  return found
    .filter((name) => names.test(name))
    .map((name) => join(folder, name))
    .sort();
}

/** A hash of the files' names and contents: after a checkout, the times of files say nothing. */
export function hash(files, ...more) {
  const sum = createHash("sha256");
  for (const file of files) sum.update(`${file.replaceAll("\\", "/")}\0`).update(readFileSync(at(file)));
  return sum.update(more.join("\0")).digest("hex");
}

/** What the native part is made from. */
export const rustSources = () =>
  hash(["Cargo.toml", "Cargo.lock", ...below("crates", /^[^/\\]+[/\\](src[/\\].*\.rs|build\.rs|Cargo\.toml)$/)]);

/** The platforms that have a package, by the names of napi-rs. */
export const platforms = json("platforms.json");

/** The name of this platform. */
export function thisPlatform() {
  const { platform, arch, report } = process;
  if (platform === "win32") return `win32-${arch}-msvc`;
  if (platform !== "linux") return `${platform}-${arch}`;
  report.excludeNetwork = true;
  return `linux-${arch}-${report.getReport().header.glibcVersionRuntime === undefined ? "musl" : "gnu"}`;
}

/**
 * The folder of this platform's package in node_modules, where it was made from this version and these sources;
 * undefined otherwise.
 */
export function prebuilt() {
  const folder = join("node_modules", `meds-reader-${thisPlatform()}`);
  if (!existsSync(at(folder, "package.json"))) return undefined;
  const { version, sources } = json(folder, "package.json");
  return version === json("package.json").version && sources === rustSources() ? at(folder) : undefined;
}
