// A memory cgroup, version 2 or 1, whichever the machine has; null where none can be made.
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const KINDS = [
  { version: 2, root: "/sys/fs/cgroup", has: "cgroup.controllers", limit: "memory.max", swap: "memory.swap.max" },
  {
    version: 1,
    root: "/sys/fs/cgroup/memory",
    has: "memory.limit_in_bytes",
    limit: "memory.limit_in_bytes",
    swap: "memory.memsw.limit_in_bytes",
  },
];

function usable({ version, root, has, limit, swap }) {
  if (!existsSync(join(root, has))) return null;
  const path = join(root, `meds-reader-${process.pid}`);
  const remove = () => rmdirSync(path);
  const make = (megabytes) => {
    if (version === 2) writeFileSync(join(root, "cgroup.subtree_control"), "+memory");
    mkdirSync(path);
    writeFileSync(join(path, limit), String(megabytes * 1e6));
    if (existsSync(join(path, swap))) writeFileSync(join(path, swap), String(version === 2 ? 0 : megabytes * 1e6));
    return path;
  };
  try {
    make(64);
    remove();
    return { version, make, remove };
  } catch {
    return null;
  }
}

/** `make(megabytes)` returns the folder whose cgroup.procs a process writes itself into; `remove()` ends it when its processes have ended. */
export const CGROUP = KINDS.map(usable).find((found) => found !== null) ?? null;
