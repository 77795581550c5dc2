// Installs and builds what is missing or out of date. If everything is up to date, it ends quickly.
// It uses only Node's own modules, because it runs before packages are installed.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail, must, root, tool } from "./lib/run.mjs";

const at = (...parts) => join(root, ...parts);

/** Files below a folder whose names match, in order of path. */
function below(folder, names) {
  if (!existsSync(at(folder))) return [];
  const found = readdirSync(at(folder), { recursive: true, encoding: "utf8" });
  return found
    .filter((name) => names.test(name))
    .map((name) => join(folder, name))
    .sort();
}

/** A hash of the files' names and contents: after a checkout, the times of files say nothing. */
function hash(files, ...more) {
  const sum = createHash("sha256");
  for (const file of files) sum.update(`${file}\0`).update(readFileSync(at(file)));
  return sum.update(more.join("\0")).digest("hex");
}

/** Whether a result was made from these sources: a file in its folder records them. */
const current = (folder, sources) => existsSync(at(folder, ".sources")) && readFileSync(at(folder, ".sources"), "utf8") === sources;
const keep = (folder, sources) => writeFileSync(at(folder, ".sources"), sources);

function node() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) fail(`Node.js ${process.versions.node} is too old. Install Node.js 20.19 or newer.`);
}

function dependencies() {
  const sources = hash(["package-lock.json"]);
  if (current("node_modules", sources)) return;
  console.error("meds-reader: installing the npm packages of package-lock.json …");
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"];
  const done = spawnSync(npm[0], [...npm.slice(1), "ci", "--loglevel=error", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: npm[0] === "npm" && process.platform === "win32", // there npm is a batch file
  });
  if (done.status !== 0) fail("npm ci failed. Its own message is above. It requires access to an npm registry once.", done.status ?? 1);
  keep("node_modules", sources);
}

function cargo() {
  if (spawnSync("cargo", ["--version"], { cwd: root }).status === 0) return;
  const wanted = /rust-version = "([\d.]+)"/.exec(readFileSync(at("Cargo.toml"), "utf8"))?.[1];
  fail(
    `cargo was not found, but the native part is written in Rust. Install Rust ${wanted} or newer (https://rustup.rs), open a new terminal and run this again.`,
  );
}

function native() {
  const sources = hash(
    ["Cargo.toml", "Cargo.lock", ...below("crates", /^[^/\\]+[/\\](src[/\\].*\.rs|build\.rs|Cargo\.toml)$/)],
    process.platform,
    process.arch,
    process.env.RUSTFLAGS ?? "",
  );
  const built = existsSync(at("native", "binding.cjs")) && readdirSync(at("native")).some((name) => name.endsWith(".node"));
  if (built && current("native", sources)) return;
  cargo();
  console.error("meds-reader: building the native part (some minutes the first time, on two cores) …");
  const napi = tool("@napi-rs/cli/dist/cli.js", "build", "--manifest-path", "crates/node/Cargo.toml", "--platform", "--release");
  must([...napi, "--output-dir", "native", "--js", "binding.cjs", "--dts", "binding.d.ts", "--", "--locked"], "building the native part");
  keep("native", sources);
}

function typescript() {
  const sources = hash([
    "package-lock.json",
    "scripts/setup.mjs",
    "scripts/bundle.mjs",
    "tsconfig.json",
    "tsconfig.build.json",
    "native/binding.d.ts",
    ...below("src", /\.ts$/),
  ]);
  if (current("dist", sources)) return;
  // Always from an empty folder: files that were removed from src/ must not remain in dist/.
  rmSync(at("dist"), { recursive: true, force: true });
  must(tool("typescript/bin/tsc", "-p", "tsconfig.build.json"), "compiling src/");
  must([process.execPath, at("scripts", "bundle.mjs")], "bundling dist/");
  keep("dist", sources);
}

node();
dependencies();
native();
typescript();
