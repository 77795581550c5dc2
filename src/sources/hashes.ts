// Where the hashes of files that were read before are remembered. The native side reads and writes them; no work depends on them.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** The folder; undefined where nothing is to be remembered: `MEDS_READER_CACHE` is `off`, or there is no home. */
export function hashesFolder(): string | undefined {
  const { MEDS_READER_CACHE: own, XDG_CACHE_HOME: shared } = process.env;
  if (own) return own === "off" ? undefined : resolve(own);
  if (shared && isAbsolute(shared)) return join(shared, "meds-reader");
  const home = homeFolder();
  if (home === undefined) return undefined;
  return join(home, ...(process.platform === "darwin" ? ["Library", "Caches"] : [".cache"]), "meds-reader");
}

/** The user's folder. Accounts of services may name one that does not exist: it is not made. */
function homeFolder(): string | undefined {
  try {
    const home = homedir();
    return isAbsolute(home) && existsSync(home) ? home : undefined;
  } catch {
    return undefined; // A user that the system does not know.
  }
}
