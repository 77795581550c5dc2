// The read-ahead advice of this process for a file. `/proc/self/smaps` shows `rr` for a mapping with random
// access, without read-ahead.
import { existsSync, readFileSync } from "node:fs";

/** Why the advice is not visible on this system; null if it is. */
export const unseen = existsSync("/proc/self/smaps") ? null : "there is no /proc/self/smaps";

/** Mappings of the files below a folder: how many have random access, and how many are read ahead. */
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
