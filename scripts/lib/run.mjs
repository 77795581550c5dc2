// Starts other programs for the scripts: with inherited output and without a shell. A failure ends the script
// with a sentence and the exit code of the program.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** A tool in node_modules, run by the same Node: without a shim or PATH. */
export const tool = (path, ...args) => [process.execPath, join(root, "node_modules", path), ...args];

/** npm: the one that runs this script, otherwise that of PATH. */
export const npmCommand = (...args) => [...(process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ["npm"]), ...args];

/**
 * Runs a command in the project's folder and returns its exit code. Fails if the program cannot be started.
 */
export function status([command, ...args], options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (done.error) fail(`Cannot start ${command}: ${done.error.message}`);
  return done.status ?? 1;
}

/** Runs a command that must succeed. */
export function must(command, what) {
  const code = status(command);
  if (code !== 0) fail(`${what} failed with exit code ${code}. Its own message is above.`, code);
}

/**
 * Sets the host's target triple for all cargo commands. `napi build` passes it to cargo, and cargo keeps
 * builds for a named target apart: without this, all dependencies are compiled twice.
 */
export function nameCargoTarget() {
  const host = /^host: (.+)$/m.exec(spawnSync("rustc", ["-vV"], { encoding: "utf8" }).stdout ?? "")?.[1];
  if (host !== undefined) process.env.CARGO_BUILD_TARGET ??= host;
}

/** Ends the script. */
export function fail(message, code = 1) {
  console.error(`meds-reader: ${message}`);
  process.exit(code);
}
