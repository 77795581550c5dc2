import { fail, MedsError } from "./errors.js";

/** Is an error the system's (a file that is gone, a disk that is full), and not one of what stands in a file. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === "string";
}

/** Throws what the system says of a path as a {@link MedsError}. */
export function failIo(path: string, error: unknown): never {
  if (error instanceof MedsError) throw error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") fail("MEDS_NOT_FOUND", `${path}: there is no such file or folder.`, path);
  const kind = code === "EACCES" || code === "EPERM" ? "MEDS_PERMISSION" : code === "ENOSPC" ? "MEDS_DISK_FULL" : "MEDS_IO";
  throw new MedsError(kind, `${path}: ${message}`, { path, cause: error });
}

/** Runs work on a path; what the system reports is told as a {@link MedsError}. */
export function withIo<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    return failIo(path, error);
  }
}
