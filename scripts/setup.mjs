// Installs and builds what is missing or older than its sources; does nothing, quickly, when all is there.
// Only Node's own modules: it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail, must, root, tool } from "./run.mjs";

const at = (...parts) => join(root, ...parts);
const mtime = (path) => (existsSync(path) ? statSync(path).mtimeMs : Number.NEGATIVE_INFINITY);

/** Time of the newest file at or below the paths whose name matches. */
function newest(paths, names) {
  let latest = Number.NEGATIVE_INFINITY;
  for (const path of paths) {
    if (!existsSync(path)) continue;
    if (!statSync(path).isDirectory()) {
      latest = Math.max(latest, mtime(path));
      continue;
    }
    for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
      if (entry.isFile() && names.test(entry.name)) latest = Math.max(latest, mtime(join(entry.parentPath ?? entry.path, entry.name)));
    }
  }
  return latest;
}

/** Stamps a result with the moment its build began: a source that was edited during the build counts as newer. */
function stamp(path, began) {
  if (!existsSync(path)) writeFileSync(path, "");
  utimesSync(path, began / 1000, began / 1000);
}

function node() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) fail(`Node.js ${process.versions.node} is too old: 20.19 or newer is needed.`);
}

function dependencies() {
  if (mtime(at("node_modules", ".package-lock.json")) >= newest([at("package-lock.json"), at("package.json")])) return;
  console.error("meds-reader: installing the npm packages of package-lock.json …");
  // A shell only on Windows, where npm is a batch file.
  const began = Date.now();
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"];
  const done = spawnSync(npm[0], [...npm.slice(1), "ci", "--loglevel=error", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
    shell: npm[0] === "npm" && process.platform === "win32",
  });
  if (done.status !== 0) fail("npm ci failed; its own message stands above. It needs access to an npm registry once.", done.status ?? 1);
  stamp(at("node_modules", ".package-lock.json"), began);
}

function cargo() {
  const found = spawnSync("cargo", ["--version"], { cwd: root, encoding: "utf8" });
  const wanted = /rust-version = "([\d.]+)"/.exec(readFileSync(at("Cargo.toml"), "utf8"))?.[1] ?? "?";
  if (found.status !== 0) {
    fail(
      `cargo was not found, and the native part is written in Rust. Install Rust ${wanted} or newer (https://rustup.rs), open a new terminal and run this again.`,
    );
  }
}

function native() {
  const began = Date.now();
  const built = existsSync(at("native")) ? readdirSync(at("native")).filter((name) => /^binding\..*\.node$/.test(name)) : [];
  const sources = newest([at("crates"), at("Cargo.toml"), at("Cargo.lock")], /\.(rs|toml)$/);
  if (built.length > 0 && existsSync(at("native", "binding.js")) && built.every((name) => mtime(at("native", name)) >= sources)) return;
  cargo();
  console.error("meds-reader: building the native part (some minutes the first time, on two cores) …");
  const napi = tool("@napi-rs/cli/dist/cli.js", "build", "--manifest-path", "crates/node/Cargo.toml", "--platform", "--release", "--esm");
  must([...napi, "--output-dir", "native", "--js", "binding.js", "--dts", "binding.d.ts", "--", "--locked"], "building the native part");
  for (const name of readdirSync(at("native")).filter((name) => name.endsWith(".node"))) stamp(at("native", name), began);
}

function typescript() {
  const began = Date.now();
  const sources = newest(
    [at("src"), at("tsconfig.json"), at("tsconfig.build.json"), at("native", "binding.d.ts"), at("node_modules", ".package-lock.json")],
    /\.ts$/,
  );
  if (mtime(at("dist", ".built")) >= sources) return;
  // From nothing each time: a file that is gone from src/ must not live on in dist/.
  rmSync(at("dist"), { recursive: true, force: true });
  must(tool("typescript/bin/tsc", "-p", "tsconfig.build.json"), "compiling src/");
  stamp(at("dist", ".built"), began);
}

node();
dependencies();
native();
typescript();
