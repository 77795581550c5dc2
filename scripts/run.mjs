// How the scripts start other programs: inherited output, no shell, a failure ends the script with a sentence and the program's exit code.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** A tool of node_modules, run by this very Node: no shim, no PATH. */
export const tool = (path, ...args) => [process.execPath, join(root, "node_modules", path), ...args];

/** Runs a command in the project's folder and returns its exit code; a program that cannot be started is a failure with a remedy. */
export function status([command, ...args], options = {}) {
  const done = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (done.error) fail(`cannot start ${command}: ${done.error.message}`);
  return done.status ?? 1;
}

/** Runs a command that must succeed. */
export function must(command, what) {
  const code = status(command);
  if (code !== 0) fail(`${what} failed (exit code ${code}); its own message stands above.`, code);
}

/**
 * `napi build` names the host's triple to cargo, and cargo keeps what is built for a named target apart: named to every cargo command, it
 * lets the dependencies be compiled once and not twice.
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
