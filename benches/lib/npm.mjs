// The npm packages that only the benchmarks (benches/package-lock.json) or the documentation site
// (site/package-lock.json) need, installed on demand.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Does a loader import one of them. */
export function needsPackages(root, file) {
  const { dependencies } = JSON.parse(readFileSync(join(root, "benches", "package.json"), "utf8"));
  const text = readFileSync(file, "utf8");
  return Object.keys(dependencies).some((name) => text.includes(`from "${name}"`));
}

/** Installs them if that is not done yet. If it fails, returns a sentence: loaders that lack a package then report it themselves. */
export function installPackages(root, name = "benches") {
  const folder = join(root, name);
  const lock = readFileSync(join(folder, "package-lock.json"), "utf8");
  const stamp = join(folder, "node_modules", ".lock");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return null;
  console.error(`meds-reader: installing the npm packages of ${name}/package-lock.json …`);
  const done = spawnSync("npm", ["ci", "--loglevel=error", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  if (done.status !== 0) return `npm ci in ${name}/ failed. Its own message is above`;
  writeFileSync(stamp, lock);
  return null;
}
