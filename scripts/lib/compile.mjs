// Compiles the native part as it is published. Its bytes depend on the sources, the compiler and the linker,
// and not on the folders of the machine, which Rust writes into the messages of panics.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { platforms } from "./native.mjs";
import { fail, root, status } from "./run.mjs";

const cargoHome = () => process.env.CARGO_HOME ?? join(homedir(), ".cargo");

/** Folders of this machine, and what the native part contains instead of them. */
const renamed = (folder, target) => [
  [cargoHome(), "/cargo"],
  [folder, "/meds-reader"],
  [target, "/target"], // the last one that fits is used, and this one may be inside the others
];

/** Whether a platform's native part is linked by Zig when it is published: with an old glibc, or for another system. */
export const wantsZig = (name) => platforms[name].os === "linux" || platforms[name].os !== process.platform;

/** Whether cargo-zigbuild is installed. */
export const hasZig = () => spawnSync("cargo", ["zigbuild", "--help"]).status === 0;

/**
 * Compiles the native part of a platform, and returns its file. `folder` has the Rust sources. Without `zig`
 * it is linked with the libraries of this machine.
 */
export function compile(name, { folder = root, target = process.env.CARGO_TARGET_DIR ?? join(folder, "target"), profile = "dist", zig }) {
  const platform = platforms[name];
  const triple = zig && platform.glibc !== undefined ? `${platform.target}.${platform.glibc}` : platform.target;
  const wanted = ["--profile", profile, "--package", "meds-node", "--locked", "--target", triple];
  const flags = [
    ...(process.env.RUSTFLAGS?.split(" ").filter((flag) => flag !== "") ?? []),
    // Without this flag, Rust links musl into the library, where Node has its own already.
    ...(platform.libc === "musl" ? ["-C", "target-feature=-crt-static"] : []),
    ...renamed(folder, target).map(([from, to]) => `--remap-path-prefix=${from}=${to}`),
  ];
  const env = { ...process.env, CARGO_TARGET_DIR: target, CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") };
  if (status(["cargo", zig ? "zigbuild" : "build", ...wanted], { cwd: folder, env }) !== 0)
    fail(`compiling the native part for ${name} failed. Is the target installed? rustup target add ${platform.target}`);
  const file = { win32: "meds_node.dll", darwin: "libmeds_node.dylib" }[platform.os] ?? "libmeds_node.so";
  return join(target, platform.target, profile, file);
}

/** Copies the Rust sources into a folder that does not exist. */
export function copySources(folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of ["Cargo.toml", "Cargo.lock", "crates"]) cpSync(join(root, name), join(folder, name), { recursive: true });
}

/** The folders of this machine that a file names: they would say who built it, and where. */
export function machineFolders(file) {
  const bytes = readFileSync(file);
  return [...new Set([homedir(), cargoHome(), root])].filter((folder) => bytes.includes(folder));
}
