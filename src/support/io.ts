import { realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { fail, MedsError } from "./errors.js";
import { isError } from "./realm.js";

/** What Node's permission model (`node --permission`) refuses. */
const REFUSED = "ERR_ACCESS_DENIED";

/** Is this an error of the system (a missing file, a full disk), not of a file's content. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  if (!isError(error)) return false;
  const { syscall, code } = error as NodeJS.ErrnoException;
  return typeof syscall === "string" || code === REFUSED;
}

/** Remedies for the system's errors; the native side has the same ones. */
const REMEDIES = {
  MEDS_PERMISSION: "Choose a path that you may use, or change its permissions.",
  MEDS_DISK_FULL: "Free some space, or choose another disk.",
  MEDS_IO: "Check the path and the disk.",
} as const;

const PERMISSION = ["EACCES", "EPERM", "EROFS", REFUSED];

/** Throws a system error about a path as a {@link MedsError}. */
export function failIo(path: string, error: unknown): never {
  if (error instanceof MedsError) throw error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") fail("MEDS_NOT_FOUND", `${path}: there is no such file or folder. Check the path.`, path);
  const kind = PERMISSION.includes(code ?? "") ? "MEDS_PERMISSION" : code === "ENOSPC" ? "MEDS_DISK_FULL" : "MEDS_IO";
  // Node's message repeats the code, the call and the path.
  const said = /^[A-Z0-9]+: (.*?), \w+(?: '.*)?$/s.exec(message)?.[1] ?? message;
  throw new MedsError(kind, `${path}: ${said} (${code}). ${REMEDIES[kind]}`, { path, cause: error });
}

/** Runs work on a path; throws system errors as {@link MedsError}s. */
export function withIo<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    return failIo(path, error);
  }
}

/** Is a path a folder itself, or inside it. Links are followed. */
export function isWithin(path: string, folder: string): boolean {
  const between = relative(real(folder), real(path));
  return between === "" || !(between === ".." || between.startsWith(`..${sep}`) || isAbsolute(between));
}

/** The real path, also where nothing exists there. */
function real(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch {
    const above = dirname(whole);
    return above === whole ? whole : join(real(above), basename(whole));
  }
}
