// Installs and builds what is missing or out of date. If everything is up to date, it ends quickly.
// It uses only Node's own modules, because it runs before packages are installed. Where the package of this
// platform is installed and was made from the same Rust sources, its native part is used: no compiler is
// needed. With --build it is compiled all the same, with --no-native neither.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { below, hash, prebuilt, rustSources, thisPlatform } from "./lib/native.mjs";
import { fail, must, npmCommand, root, tool } from "./lib/run.mjs";

const at = (...parts) => join(root, ...parts);

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
  const [npm, ...args] = npmCommand("ci", "--loglevel=error", "--no-audit", "--no-fund");
  // npm ci removes what the lock file does not name.
  const kept = prebuilt();
  const aside = at(".cache", "prebuilt");
  if (kept !== undefined) {
    mkdirSync(at(".cache"), { recursive: true });
    rmSync(aside, { recursive: true, force: true });
    renameSync(kept, aside);
  }
  const done = spawnSync(npm, args, {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: npm === "npm" && process.platform === "win32", // there npm is a batch file
  });
  if (kept !== undefined) {
    mkdirSync(at("node_modules"), { recursive: true });
    renameSync(aside, kept);
  }
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
  const isBuildWanted = process.argv.includes("--build");
  const sources = hash([], rustSources(), process.platform, process.arch, process.env.RUSTFLAGS ?? "");
  const copied = `${sources} prebuilt`;
  const exists = existsSync(at("native")) && readdirSync(at("native")).some((name) => name.endsWith(".node"));
  if (exists && (current("native", sources) || (!isBuildWanted && current("native", copied)))) return;
  const ready = isBuildWanted ? undefined : prebuilt();
  if (ready !== undefined) {
    const file = `binding.${thisPlatform()}.node`;
    console.error(`meds-reader: using the native part of ${basename(ready)}. To compile it: npm run setup -- --build`);
    copyFileSync(join(ready, file), at("native", file));
    keep("native", copied);
    return;
  }
  cargo();
  console.error("meds-reader: building the native part (some minutes the first time, on two cores) …");
  const napi = tool("@napi-rs/cli/dist/cli.js", "build", "--manifest-path", "crates/node/Cargo.toml", "--platform", "--release");
  must([...napi, "--output-dir", "native", "--no-js", "--dts", "binding.d.ts", "--", "--locked"], "building the native part");
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
if (!process.argv.includes("--no-native")) native();
typescript();
