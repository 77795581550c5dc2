import { realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { fail, MedsError } from "./errors.js";

/** Is an error the system's (a file that is gone, a disk that is full), and not one of what stands in a file. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === "string";
}

/** What there is to do about what the system says, as the native side has it. */
const REMEDIES = {
  MEDS_PERMISSION: "Choose a path that you may use, or change its permissions.",
  MEDS_DISK_FULL: "Free some space, or choose another disk.",
  MEDS_IO: "Check the path and the disk.",
} as const;

/** Throws what the system says of a path as a {@link MedsError}. */
export function failIo(path: string, error: unknown): never {
  if (error instanceof MedsError) throw error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") fail("MEDS_NOT_FOUND", `${path}: there is no such file or folder.`, path);
  const kind =
    code === "EACCES" || code === "EPERM" || code === "EROFS" ? "MEDS_PERMISSION" : code === "ENOSPC" ? "MEDS_DISK_FULL" : "MEDS_IO";
  // Node's message has the code, the call and the path once more.
  const said = /^[A-Z0-9]+: (.*?), \w+(?: '.*)?$/s.exec(message)?.[1] ?? message;
  throw new MedsError(kind, `${path}: ${said} (${code}). ${REMEDIES[kind]}`, { path, cause: error });
}

/** Runs work on a path; what the system reports is told as a {@link MedsError}. */
export function withIo<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    return failIo(path, error);
  }
}

/** Is a path a folder, or something in it; links are followed as far as they lead. */
export function isWithin(path: string, folder: string): boolean {
  const between = relative(real(folder), real(path));
  return between === "" || !(between === ".." || between.startsWith(`..${sep}`) || isAbsolute(between));
}

/** Where a path leads, whether there is something or not. */
function real(path: string): string {
  const whole = resolve(path);
  try {
    return realpathSync(whole);
  } catch {
    const above = dirname(whole);
    return above === whole ? whole : join(real(above), basename(whole));
  }
}
