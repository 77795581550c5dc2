// What the system was told of how this process reads a file: `/proc/self/smaps` says `rr` of a mapping that is read in places, without read-ahead.
import { existsSync, readFileSync } from "node:fs";

/** Why it cannot be seen here; null where it can. */
export const unseen = existsSync("/proc/self/smaps") ? null : "there is no /proc/self/smaps";

/** Mappings of the files below a folder: how many are read in places, and how many ahead. */
export function advice(folder: string): { places: number; ahead: number } {
  const found = { places: 0, ahead: 0 };
  let own = false;
  for (const line of readFileSync("/proc/self/smaps", "utf8").split("\n")) {
    const flags = /^VmFlags:(.*)/.exec(line)?.[1];
    if (flags === undefined) own = /^[0-9a-f]+-/.test(line) ? line.includes(` ${folder}/`) : own;
    else if (own) found[` ${flags} `.includes(" rr ") ? "places" : "ahead"] += 1;
  }
  return found;
}
