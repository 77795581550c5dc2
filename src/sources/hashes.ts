// The folder where hashes of files are remembered. The native side reads and writes them; conversions also
// work without them.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/**
 * The folder; undefined where nothing is remembered: `MEDS_READER_CACHE` is `off`, or the user does not have
 * a home folder.
 */
export function hashesFolder(): string | undefined {
  const { MEDS_READER_CACHE: own, XDG_CACHE_HOME: shared } = process.env;
  if (own) return own === "off" ? undefined : resolve(own);
  if (shared && isAbsolute(shared)) return join(shared, "meds-reader");
  const home = homeFolder();
  if (home === undefined) return undefined;
  return join(home, ...(process.platform === "darwin" ? ["Library", "Caches"] : [".cache"]), "meds-reader");
}

/** The user's home folder. That of a service account may not exist: it is not made. */
function homeFolder(): string | undefined {
  try {
    const home = homedir();
    return isAbsolute(home) && existsSync(home) ? home : undefined;
  } catch {
    return undefined; // The system does not know the user.
  }
}
