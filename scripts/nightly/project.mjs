// A copy of the project in which tests run with the packages of another platform.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { platforms } from "../lib/native.mjs";
import { root as project } from "../lib/run.mjs";
import { run } from "./root.mjs";

/** Copies the project's files and `dist/` to a folder, and installs the tools and the native part of a platform. */
export function copyProject(platform, tarball, folder) {
  const files = run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: project }).split("\0");
  for (const name of readdirSync(mkdirSync(folder, { recursive: true }) ?? folder)) {
    if (name !== "node_modules") rmSync(join(folder, name), { recursive: true });
  }
  for (const name of [...files.filter((name) => name !== "" && existsSync(join(project, name))), "dist"]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    cpSync(join(project, name), join(folder, name), { recursive: true });
  }
  installTools(platforms[platform], folder);
  // The tests expect the native part where a clone has it.
  run("tar", ["xf", tarball, "-C", join(folder, "native"), "--strip-components=1", `package/binding.${platform}.node`]);
}

/** npm ci for another platform: once, until the lock file changes. */
function installTools({ os, cpu, libc }, folder) {
  const stamp = join(folder, "node_modules", ".nightly");
  const lock = createHash("sha256")
    .update(readFileSync(join(folder, "package-lock.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  run("npm", ["ci", `--os=${os}`, `--cpu=${cpu}`, `--libc=${libc}`, ...flags], { cwd: folder });
  writeFileSync(stamp, lock);
}

/** A hash of the name and the bytes of every file below a folder. */
export function hashOf(folder) {
  const sum = createHash("sha256");
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of names.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort())
    sum.update(`${path.slice(folder.length)}\0`).update(readFileSync(path));
  return sum.digest("hex");
}
