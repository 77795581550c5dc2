// A hidden folder for temporary files. It is removed when its work ends; where the process was killed, by the
// next work of its kind for the target.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { failIo } from "../support/io.js";
import { node } from "../support/node.js";

/**
 * Calls `use` with a new empty folder `.TARGET.KIND-…`, and removes it afterwards in any case. The folder is
 * in `temp`, or beside the target, or in the nearest folder above it that exists. Folders of processes that
 * have ended are removed first.
 *
 * @throws MedsError where the folder cannot be made.
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

/**
 * Makes a folder and those above it. Node's `recursive` never returns where the system denies that a folder
 * is missing, as below /proc.
 */
function makeAll(folder: string): void {
  if (existsSync(folder)) return;
  makeAll(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another process made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/**
 * Removes the folders of processes that have ended. What cannot be seen or removed, such as another user's
 * folder, is left.
 */
function clear(beside: string, prefix: string): void {
  try {
    for (const entry of readdirSync(beside, { withFileTypes: true })) {
      const owner = entry.isDirectory() && entry.name.startsWith(prefix) ? /^(\d+)-\w{6}$/.exec(entry.name.slice(prefix.length)) : null;
      if (owner !== null && isDead(Number(owner[1]))) remove(join(beside, entry.name));
    }
  } catch {
    // A process with the permission will remove it.
  }
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Whether no process has this number. Where a later process has the same number, the folder is only kept
 * longer.
 */
function isDead(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/**
 * Identifies the processes with which ours can be compared by number, as eight hexadecimal digits. On a
 * shared disk a process of another machine or container may run while its number is free here. Hosts may
 * share a name, but boot id and process namespace of Linux are unique.
 */
function processes(): string {
  const attempted = (read: () => string) => {
    try {
      return read();
    } catch {
      return ""; // A system without these files does not have containers either.
    }
  };
  const boot = attempted(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
  const space = attempted(() => readlinkSync("/proc/self/ns/pid"));
  return node.crypto.createHash("sha256").update([hostname(), boot, space].join("\0")).digest("hex").slice(0, 8);
}
