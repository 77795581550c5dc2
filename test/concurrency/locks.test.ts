// File systems on which flock() fails: the C library's is replaced by one that answers with an error of the test's choice.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generate } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { folder } from "../support/folder.js";
import { scaled } from "../support/property.js";

const SHIM = `#include <errno.h>
#include <stdlib.h>
int flock(int file, int operation) { (void)file; (void)operation; errno = atoi(getenv("LOCK_ERROR")); return -1; }
`;
const root = folder("locks");
const source = join(root, "source");
const command = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let shim: string | null = null;

beforeAll(async () => {
  await generate(source, { patients: 12, events: 600, seed: 3 });
  writeFileSync(join(root, "shim.c"), SHIM);
  const made = spawnSync("cc", ["-shared", "-fPIC", "-o", join(root, "shim.so"), join(root, "shim.c")]);
  if (process.platform === "linux" && made.status === 0) shim = join(root, "shim.so");
});

/** Runs the command line where locks fail; its exit status, code and what is in the folder then. */
function without(error: number, folder: string, ...args: string[]) {
  const ran = spawnSync(process.execPath, [command, ...args], {
    encoding: "utf8",
    env: { ...process.env, LD_PRELOAD: shim!, LOCK_ERROR: String(error) },
  });
  return { status: ran.status, stderr: ran.stderr, left: readdirSync(folder).sort() };
}

/** NFS without a lock manager, a file system that does not know locks, and a system that does not. */
const NONE = { ENOLCK: constants.errno.ENOLCK, EOPNOTSUPP: constants.errno.EOPNOTSUPP, ENOSYS: constants.errno.ENOSYS };

describe("file systems without locks", () => {
  it.for(Object.entries(NONE))("whatever writes a store works, and leaves no lock file (%s)", ([name, error], test) => {
    if (shim === null) return test.skip("Linux and a C compiler are needed");
    const place = folder(name);
    expect(without(error, place, "convert", source, join(place, "s"))).toMatchObject({ status: 0, left: ["s"] });
    // What is done without locks is the same, whatever the error.
    if (name !== "ENOLCK") return;
    expect(without(error, place, "convert", source, join(place, "s"), "--force", "--index")).toMatchObject({ status: 0, left: ["s"] });
    expect(without(error, place, "convert", source, join(place, "r"), "--repair")).toMatchObject({ status: 0, left: ["r", "s"] });
    expect(without(error, place, "filter", join(place, "s"), join(place, "f"), "--split", "train").status).toBe(0);
    expect(without(error, place, "export", join(place, "s"), join(place, "e")).status).toBe(0);
    expect(without(error, place, "generate", join(place, "g"), "--patients", "3", "--events", "60").status).toBe(0);
    expect(without(error, place, "verify", join(place, "f")).left).toEqual(["e", "f", "g", "r", "s"]);
  });

  it("conversions at once write a folder each: a sound store, and nothing is left", async (test) => {
    if (shim === null) return test.skip("Linux and a C compiler are needed");
    const place = folder("at-once");
    const large = join(place, "large");
    await generate(large, { patients: 500, events: 400_000, seed: 4 });
    const store = join(place, "s");
    const env = { ...process.env, LD_PRELOAD: shim, LOCK_ERROR: String(constants.errno.ENOLCK) };
    const start = () => once(spawn(process.execPath, [command, "convert", large, store, "--force"], { env, stdio: "ignore" }), "exit");
    for (let round = 0; round < scaled(5); round++) {
      expect(await Promise.all([start(), start(), start()])).toEqual([0, 0, 0].map((status) => [status, null]));
      expect(without(constants.errno.ENOLCK, place, "verify", store)).toMatchObject({ status: 0, left: ["large", "s"] });
    }
    const unforced = () => once(spawn(process.execPath, [command, "convert", large, join(place, "t")], { env, stdio: "ignore" }), "exit");
    const statuses = (await Promise.all([unforced(), unforced()])).map(([status]) => status);
    expect(statuses.sort()).toEqual([0, 1]);
    expect(without(constants.errno.ENOLCK, place, "verify", join(place, "t"))).toMatchObject({ status: 0, left: ["large", "s", "t"] });
  });

  it("another error of the lock is an error, and leaves neither the lock file nor folders", (test) => {
    if (shim === null) return test.skip("Linux and a C compiler are needed");
    const place = folder("eio");
    const ran = without(constants.errno.EIO, place, "convert", source, join(place, "deep", "er", "s"));
    expect(ran).toMatchObject({ status: 1, left: [] });
    expect(ran.stderr).toMatch(/^MEDS_IO: .*\.s\.lock.*lock the store/m);
    // What was there before is not ours to remove: it may be the lock of another process.
    mkdirSync(join(place, "kept"));
    writeFileSync(join(place, "kept", ".s.lock"), "");
    without(constants.errno.EIO, place, "convert", source, join(place, "kept", "s"));
    expect(readdirSync(join(place, "kept"))).toEqual([".s.lock"]);
  });
});
