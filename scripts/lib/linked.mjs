// What a user of the package receives from others: the crates in the binding of any platform, and the npm packages.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { platforms } from "./native.mjs";
import { fail, root } from "./run.mjs";

function cargo(...args) {
  const done = spawnSync("cargo", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  if (done.status !== 0) fail(`cargo ${args[0]} failed: ${done.error?.message ?? done.stderr}`);
  return done.stdout;
}

const byName = (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1);

/**
 * The crates that are linked into the binding, sorted: without build scripts, macros, tests and our own crates.
 * `folder` contains the source, `sha256` is that of the published archive, `needs` has "NAME VERSION" of others,
 * and `direct` says whether one of our crates names it.
 */
export function crates() {
  const features = ["-p", "meds-node", "-e", "normal,no-proc-macro", "--prefix", "none", "-f", "{p}"];
  const linked = new Set();
  // Some crates are in the bindings of some platforms only.
  for (const { target } of Object.values(platforms)) {
    const lines = cargo("tree", "--locked", ...features, "--target", target).split("\n");
    for (const line of lines) linked.add(line.split(" ", 2).join(" ").replace(" v", " "));
  }
  const { packages, resolve } = JSON.parse(cargo("metadata", "--locked", "--format-version", "1"));
  const checksums = new Map();
  for (const [, name, version, sum] of readFileSync(join(root, "Cargo.lock"), "utf8").matchAll(
    /name = "(.+)"\nversion = "(.+)"\nsource = ".+"\nchecksum = "(\w+)"/g,
  ))
    checksums.set(`${name} ${version}`, sum);
  const keys = new Map(packages.map(({ id, name, version }) => [id, `${name} ${version}`]));
  const edges = new Map(resolve.nodes.map(({ id, dependencies }) => [id, dependencies.map((other) => keys.get(other))]));
  const ours = new Set(packages.filter(({ source }) => source === null).map(({ id }) => id));
  const named = new Set(resolve.nodes.filter(({ id }) => ours.has(id)).flatMap(({ dependencies }) => dependencies));
  return packages
    .filter(({ name, version, source }) => source !== null && linked.has(`${name} ${version}`))
    .map(({ id, name, version, license, manifest_path }) => ({
      name,
      version,
      license: license.replaceAll("/", " OR "),
      folder: dirname(manifest_path),
      sha256: checksums.get(`${name} ${version}`),
      direct: named.has(id),
      needs: edges.get(id).filter((other) => linked.has(other)),
    }))
    .sort(byName);
}

/** The npm packages that npm installs with this one, sorted. Some are bundled into dist/. */
export function npmPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(packages)
    .filter(([path, { dev, peer, optional }]) => path !== "" && !dev && !peer && !optional)
    .map(([path, { version, license }]) => ({
      name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
      version,
      license,
      folder: join(root, path),
    }))
    .sort(byName);
}
