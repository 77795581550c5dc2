// A hidden folder for what is made on the way. It goes with its work; where that was killed, with the next work of its kind for the same target.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { failIo } from "../support/io.js";

/**
 * Makes an empty folder, `.TARGET.KIND-…`, hands it over, and removes it whatever happens. It stands in `temp`, or beside the target, or as near to it as
 * a folder stands. Folders of processes that are dead are removed first.
 *
 * @throws MedsError what the system says where the folder cannot be made.
 */
export async function withWorkFolder<T>(
  target: string,
  temp: string | undefined,
  kind: string,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = make(resolve(target), temp, kind);
  try {
    return await use(folder);
  } finally {
    remove(folder);
  }
}

function make(target: string, temp: string | undefined, kind: string): string {
  let beside = temp === undefined ? dirname(target) : resolve(temp);
  try {
    if (temp !== undefined) makeAll(beside);
    while (!existsSync(beside)) beside = dirname(beside);
    const prefix = `.${basename(target)}.${kind}-${processes()}-`;
    clear(beside, prefix);
    return mkdtempSync(join(beside, `${prefix}${process.pid}-`));
  } catch (error) {
    return failIo(beside, error);
  }
}

/** Makes a folder and those above it. Node's own way to do so never ends where the system denies that a folder is missing, as below /proc. */
function makeAll(folder: string): void {
  if (existsSync(folder)) return;
  makeAll(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process was quicker.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Removes what dead processes left. No work hangs on it: what cannot be seen or removed (another user's) stays. */
function clear(beside: string, prefix: string): void {
  try {
    for (const entry of readdirSync(beside, { withFileTypes: true })) {
      const owner = entry.isDirectory() && entry.name.startsWith(prefix) ? /^(\d+)-\w{6}$/.exec(entry.name.slice(prefix.length)) : null;
      if (owner !== null && isDead(Number(owner[1]))) remove(join(beside, entry.name));
    }
  } catch {
    // Whoever may will remove it.
  }
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** No process has this number. One that has it by chance, long after the owner, only makes the folder stay. */
function isDead(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/**
 * Whose process numbers ours are compared with, as eight hexadecimal digits: on a shared disk another machine's process may live while its number is free
 * here, and so may that of another container on this machine. Hosts may be called alike; what Linux calls a boot and a space of numbers is never the same twice.
 */
function processes(): string {
  const told = (read: () => string) => {
    try {
      return read();
    } catch {
      return ""; // A system without such files has no containers either.
    }
  };
  const boot = told(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
  const space = told(() => readlinkSync("/proc/self/ns/pid"));
  return createHash("sha256").update([hostname(), boot, space].join("\0")).digest("hex").slice(0, 8);
}
