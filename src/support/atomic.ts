import { readlink, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { fail } from "./errors.js";
import { failIo, isSystemError } from "./io.js";
import { node } from "./node.js";

/**
 * Writes a complete file or none: `write` writes another file beside it, which then replaces it.
 * A link stays a link. A device or a pipe is written directly, because a rename would put a file in its place.
 */
export async function writtenAside<T>(path: string, write: (part: string, durable: boolean) => Promise<T>): Promise<T> {
  const there = await stat(path).catch(() => null);
  const special = there !== null && !there.isFile() && !there.isDirectory();
  const target = there === null ? await linked(path) : await realpath(path).catch(() => path);
  await checkFolder(path, dirname(target));
  const part = special ? path : `${target}.${node.crypto.randomUUID()}.part`;
  try {
    // Node's permission model refuses fsync.
    const isRefused = (process as { permission?: unknown }).permission !== undefined;
    const result = await write(part, !special && !isRefused);
    if (!special) await rename(part, target);
    return result;
  } catch (cause) {
    if (!special) await rm(part, { force: true }).catch(() => {});
    if (!isSystemError(cause)) throw cause;
    return failIo(path, cause);
  }
}

/** Throws where the folder of a file does not exist: the system would name the temporary file. */
async function checkFolder(path: string, folder: string): Promise<void> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) =>
    /^ENO(ENT|TDIR)$/.test(error.code ?? "") ? null : failIo(path, error),
  );
  if (found?.isDirectory() !== true)
    fail("MEDS_NOT_FOUND", `${path}: the folder ${folder} does not exist, or is a file. Create it, or choose another path.`, path);
}

/** Maximum length of a chain of links, as in Linux. */
const MOST_LINKS = 40;

/** The path at the end of a chain of links, where no file exists yet; the path itself if it is not a link. */
async function linked(path: string): Promise<string> {
  let end = path;
  for (let i = 0; i < MOST_LINKS; i += 1) {
    const next = await readlink(end).catch(() => null);
    if (next === null) return end;
    // The folder may be reached through a link itself, so that ".." of its path is another folder.
    const folder = dirname(end);
    end = resolve(await realpath(folder).catch(() => folder), next);
  }
  return path; // a circle of links
}
