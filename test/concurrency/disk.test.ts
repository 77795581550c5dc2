// Disks that are full, read-only or not there.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert } from "meds-reader";
import { afterAll, describe, expect, it } from "vitest";
import { type SimpleRow, writeSimple } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { generated } from "../support/generated.js";

/** A file system of its own, of some megabytes; null where mounting is not permitted. */
function smallDisk(options: string): string | null {
  const path = folder("disk");
  if (process.platform !== "linux" || spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path]).status !== 0) return null;
  mounted.push(path);
  return path;
}
const mounted: string[] = [];
afterAll(() => {
  for (const path of mounted) spawnSync("umount", ["-l", path]);
});

describe("a disk", () => {
  it("that is full is an error, and nothing is left on it", async (test) => {
    for (const megabytes of [1, 3, 6]) {
      const disk = smallDisk(`size=${megabytes}m`);
      if (disk === null) return test.skip("mounting a tmpfs is not permitted");
      const error = await rejected(convert(generated.source, join(disk, "s.medsdb")));
      expect(error).toMatchObject({ code: "MEDS_DISK_FULL", path: expect.stringContaining(disk) });
      expect(readdirSync(disk)).toEqual([]);
    }
  });

  it("that is full where repair spills is an error, and nothing is left", async (test) => {
    const disk = smallDisk("size=1m");
    if (disk === null) return test.skip("mounting a tmpfs is not permitted");
    const rows = Array.from({ length: 60_000 }, (_, i): SimpleRow => [BigInt((i * 7919) % 60_013), BigInt(i), `CODE ${(i * i) % 5003}`, i]);
    const scattered = await writeSimple(folder("scattered"), [...rows, ...rows]);
    const target = folder("target");
    const error = await rejected(convert(scattered, join(target, "s.medsdb"), { repair: true, temp: disk, memory: 64 << 20 }));
    expect(error).toMatchObject({ code: "MEDS_DISK_FULL" });
    expect([readdirSync(disk), readdirSync(target)]).toEqual([[], []]);
  });

  it("that is read-only is an error", async (test) => {
    const disk = smallDisk("size=1m");
    if (disk === null || spawnSync("mount", ["-o", "remount,ro", disk]).status !== 0) return test.skip("mounting is not permitted");
    expect(await rejected(convert(generated.source, join(disk, "s.medsdb")))).toMatchObject({ code: "MEDS_PERMISSION" });
  });

  it("whose folder may not be written is an error", async (test) => {
    if (process.getuid?.() === 0 || process.platform === "win32") return test.skip("root may write anywhere");
    const locked = folder("locked");
    chmodSync(locked, 0o555);
    expect(await rejected(convert(generated.source, join(locked, "s.medsdb")))).toMatchObject({ code: "MEDS_PERMISSION" });
    chmodSync(locked, 0o755);
  });

  it("whose path goes through a file is an error", async () => {
    const file = join(folder("file"), "file");
    writeFileSync(file, "");
    expect(await rejected(convert(generated.source, join(file, "s.medsdb")))).toMatchObject({ code: expect.stringMatching(/^MEDS_/) });
  });
});

describe("the temporary folder", () => {
  it("of an option is used, and its files are not changed", async () => {
    const temp = folder("temp");
    mkdirSync(join(temp, "mine"));
    writeFileSync(join(temp, "mine", "file"), "keep");
    const scattered = await writeSimple(folder("scattered"), [
      [1n, 2n, "A"],
      [2n, 1n, "B"],
      [1n, 1n, "C"],
    ]);
    await convert(scattered, join(folder("target"), "s.medsdb"), { repair: true, temp });
    expect(readdirSync(temp)).toEqual(["mine"]);
    expect(readFileSync(join(temp, "mine", "file"), "utf8")).toBe("keep");
  });
});
