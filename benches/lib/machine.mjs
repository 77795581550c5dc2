// On what a run was made.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";

const lineOf = (program, args, cwd) => {
  const done = spawnSync(program, args, { cwd, encoding: "utf8" });
  return done.status === 0 ? `${done.stdout}${done.stderr}`.trim().split("\n")[0] : null;
};

export function machine(root, python) {
  const system = existsSync("/etc/os-release") ? /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] : null;
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryBytes: totalmem(),
    system: `${system ?? platform()}, ${platform()} ${release()}, ${arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    rust: lineOf("rustc", ["--version"]),
    python: python ? lineOf(python, ["--version"]) : null,
    commit: lineOf("git", ["rev-parse", "HEAD"], root),
    changed: Boolean(lineOf("git", ["status", "--porcelain", "--untracked-files=no"], root)), // files that the commit has not
  };
}
