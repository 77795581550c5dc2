// What is measured in Rust: examples of crates/store, which print JSON as their last line.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { nameCargoTarget } from "../../scripts/lib/run.mjs";
import { measure } from "./process.mjs";

const built = new Map();

/** The same scan as ours: {"nanosPerEvent": …, sums}; null where the example is not there. */
export async function rustScan(root, store, threads = 1) {
  if (!existsSync(join(root, "crates", "store", "examples", "scan.rs"))) return null;
  return measure(example(root, "scan"), [store, String(threads)]);
}

/** How fast this machine reads memory: {"gigabytesPerSecond": {"1": …, "2": …}}. */
export async function bandwidth(root, threads = [1, 2]) {
  return measure(example(root, "bandwidth"), threads.map(String));
}

/** The path of an example of crates/store, built on first use. */
export function example(root, name) {
  if (!built.has(name)) built.set(name, build(root, name));
  return built.get(name);
}

function build(root, name) {
  nameCargoTarget();
  // The whole workspace, because its packages ask for more of their dependencies than one alone: the tests' build is then used again.
  const args = ["build", "--quiet", "--release", "--locked", "--workspace", "--example", name, "--message-format=json"];
  const done = spawnSync("cargo", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error(`cargo could not build the example ${name}`);
  const lines = done.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return lines.find(({ executable, target }) => executable && target?.name === name).executable;
}
