import { randomUUID } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { MedsError } from "./errors.js";
import { isSystemError } from "./io.js";

/** Writes a file whole or not at all: `write` writes another file beside it, which is then renamed. */
export async function writtenAside<T>(path: string, write: (part: string) => Promise<T>): Promise<T> {
  const part = `${path}.${randomUUID()}.part`;
  try {
    const result = await write(part);
    await rename(part, path);
    return result;
  } catch (cause) {
    await rm(part, { force: true }).catch(() => {});
    if (!isSystemError(cause)) throw cause;
    throw new MedsError("MEDS_IO", `${path}: the file cannot be written: ${cause.message}.`, { path, cause });
  }
}
