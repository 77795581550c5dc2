// The same scan in Rust on one thread: `crates/store/examples/scan.rs`, which prints {"nanosPerEvent": …, sums} as its last line.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { measure } from "./process.mjs";

let built;

/** What the example prints, or null where it is not there. */
export async function rustScan(root, store) {
  if (!existsSync(join(root, "crates", "store", "examples", "scan.rs"))) return null;
  built ??= build(root);
  return measure(built, [store]);
}

function build(root) {
  const args = ["build", "--release", "--locked", "--package", "meds-store", "--example", "scan", "--message-format=json"];
  const done = spawnSync("cargo", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 1 << 28 });
  if (done.status !== 0) throw new Error("cargo could not build the example scan");
  const lines = done.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return lines.find(({ executable, target }) => executable && target?.name === "scan").executable;
}
