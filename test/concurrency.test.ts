// Many processes and threads at once, sudden deaths, full disks, stores replaced under a reader.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { convert, generate, PatientDatabase, verify } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run, start } from "./support/child.js";
import { type SimpleRow, writeSimple } from "./support/dataset.js";
import { codeOf, rejected } from "./support/errors.js";
import { changed, contents, folder } from "./support/folder.js";

let source: string;
let store: string;

beforeAll(async () => {
  const root = folder("concurrency");
  source = join(root, "source");
  store = join(root, "sound.medsdb");
  await generate(source, { patients: 300, events: 400_000, seed: 5, files: 3 });
  await convert(source, store, { shardBytes: 2 << 20 });
});

describe("eight processes that call from() at once", () => {
  it("make one store, and read the same from it", async () => {
    const target = folder("from");
    const path = join(target, "s.medsdb");
    const go = join(folder("go"), "go");
    const children = Array.from({ length: 8 }, () => start("from-child.mjs", [source, path, go]));
    await sleep(1500);
    writeFileSync(go, "");
    const ends = await Promise.all(children.map(({ ended }) => ended));
    expect(ends.map(({ code, signal, stderr }) => ({ code, signal, stderr }))).toEqual(
      Array(8).fill({ code: 0, signal: null, stderr: "" }),
    );
    const results = ends.map(({ stdout }) => JSON.parse(stdout));
    for (const result of results) expect(result).toEqual(results[0]);
    expect(results[0]).toMatchObject({ size: 300, events: 400_000 });
    expect(readdirSync(target)).toEqual(["s.medsdb"]);
    expect(await verify(path, source)).toEqual({ ok: true, differences: [] });
  }, 120_000);

  it("wait for the one that converts, which is one", async () => {
    const path = join(folder("once"), "s.medsdb");
    const children = Array.from({ length: 8 }, () => start("convert-child.mjs", [source, path, '{"force":true,"reuse":true}']));
    const ends = await Promise.all(children.map(({ ended }) => ended));
    const results = ends.map(({ stdout }) => JSON.parse(stdout.trim().split("\n").at(-1)!) as { reused: boolean; events: number });
    expect(results.filter(({ reused }) => !reused).length).toBe(1);
    expect(new Set(results.map(({ events }) => events))).toEqual(new Set([400_000]));
  }, 120_000);

  it("convert again when the source changes, and not when it does not", async () => {
    const small = await writeSimple(folder("from"), [[1n, 0n, "A"]]);
    const path = join(folder("from"), "s.medsdb");
    const read = async () => {
      const db = await PatientDatabase.from(small, { store: path });
      const found = [db.metadata.id, ...[...db].map((patient) => patient.at(0)!.code)];
      db.close();
      return found;
    };
    const first = await read();
    const before = contents(path);
    expect(await read()).toEqual(first);
    expect(changed(contents(path), before)).toEqual([]);
    await writeSimple(small, [[1n, 0n, "B"]]);
    expect((await read())[1]).toBe("B");
  });
});

describe("a conversion that is killed", () => {
  it("at ten moments leaves no half store, and the next one succeeds", async () => {
    const target = folder("killed");
    const path = join(target, "s.medsdb");
    const began = performance.now();
    expect((await run("convert-child.mjs", [source, path, "{}"])).code).toBe(0);
    const whole = performance.now() - began;
    const expected = contents(path);
    rmSync(path, { recursive: true });
    let killed = 0;
    for (let round = 0; round < 10; round += 1) {
      const { child, ended } = start("convert-child.mjs", [source, path, "{}"]);
      await sleep((whole * (round + 1)) / 11);
      child.kill("SIGKILL");
      if ((await ended).signal === "SIGKILL") killed += 1;
      // Either nothing or the whole of it.
      if (existsSync(path)) {
        expect(changed(contents(path), expected)).toEqual([]);
        rmSync(path, { recursive: true });
      }
    }
    expect(killed).toBeGreaterThan(5);
    await convert(source, path);
    expect(changed(contents(path), expected)).toEqual([]);
    expect(readdirSync(target)).toEqual(["s.medsdb"]);
  }, 180_000);

  it("while it replaces a store leaves the old one or the new one", async () => {
    const target = folder("killed");
    const path = join(target, "s.medsdb");
    const other = await writeSimple(folder("other"), [[1n, 0n, "OLD"]]);
    for (let round = 0; round < 5; round += 1) {
      await convert(other, path, { force: true });
      const { child, ended } = start("convert-child.mjs", [source, path, '{"force":true}']);
      await sleep(60 + round * 90);
      child.kill("SIGKILL");
      await ended;
      const db = PatientDatabase.open(path, { verify: true });
      expect([1, 300]).toContain(db.size);
      db.close();
    }
    await convert(source, path, { force: true });
    expect(readdirSync(target)).toEqual(["s.medsdb"]);
  }, 120_000);

  it("by an AbortSignal leaves nothing", async () => {
    const target = folder("aborted");
    for (const delay of [0, 5, 40, 120]) {
      const stop = new AbortController();
      const job = convert(source, join(target, "s.medsdb"), { signal: stop.signal });
      if (delay === 0) stop.abort();
      else setTimeout(() => stop.abort(), delay);
      const result = await job.then(
        () => "done",
        (error) => error.code,
      );
      expect(delay < 10 ? ["MEDS_CANCELLED"] : ["MEDS_CANCELLED", "done"]).toContain(result);
      expect(readdirSync(target)).toEqual(result === "done" ? ["s.medsdb"] : []);
      rmSync(join(target, "s.medsdb"), { recursive: true, force: true });
    }
  });
});

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
  it("that is full is told, and nothing is left on it", async (test) => {
    for (const megabytes of [1, 3, 6]) {
      const disk = smallDisk(`size=${megabytes}m`);
      if (disk === null) return test.skip("mounting a tmpfs is not permitted");
      const error = await rejected(convert(source, join(disk, "s.medsdb")));
      expect(error).toMatchObject({ code: "MEDS_DISK_FULL", path: expect.stringContaining(disk) });
      expect(readdirSync(disk)).toEqual([]);
    }
  });

  it("that is full where repair spills is told, and nothing is left", async (test) => {
    const disk = smallDisk("size=1m");
    if (disk === null) return test.skip("mounting a tmpfs is not permitted");
    const rows = Array.from({ length: 60_000 }, (_, i): SimpleRow => [BigInt((i * 7919) % 60_013), BigInt(i), `CODE ${(i * i) % 5003}`, i]);
    const scattered = await writeSimple(folder("scattered"), [...rows, ...rows]);
    const target = folder("target");
    const error = await rejected(convert(scattered, join(target, "s.medsdb"), { repair: true, temp: disk, memory: 64 << 20 }));
    expect(error).toMatchObject({ code: "MEDS_DISK_FULL" });
    expect([readdirSync(disk), readdirSync(target)]).toEqual([[], []]);
  });

  it("that is read-only is told", async (test) => {
    const disk = smallDisk("size=1m");
    if (disk === null || spawnSync("mount", ["-o", "remount,ro", disk]).status !== 0) return test.skip("mounting is not permitted");
    expect(await rejected(convert(source, join(disk, "s.medsdb")))).toMatchObject({ code: "MEDS_PERMISSION" });
  });

  it("whose folder may not be written is told", async (test) => {
    if (process.getuid?.() === 0 || process.platform === "win32") return test.skip("root may write anywhere");
    const locked = folder("locked");
    chmodSync(locked, 0o555);
    expect(await rejected(convert(source, join(locked, "s.medsdb")))).toMatchObject({ code: "MEDS_PERMISSION" });
    chmodSync(locked, 0o755);
  });

  it("that lies below a file is told", async () => {
    const file = join(folder("file"), "file");
    writeFileSync(file, "");
    expect(await rejected(convert(source, join(file, "s.medsdb")))).toMatchObject({ code: expect.stringMatching(/^MEDS_/) });
  });
});

describe("an open store", () => {
  it("that is replaced gives the old data or MEDS_STORE_REPLACED, never a mix", async () => {
    const rows = (code: string): SimpleRow[] =>
      Array.from(
        { length: 2000 },
        (_, i): SimpleRow => [BigInt(Math.floor(i / 50)), BigInt(i), `${code}${i % 50}`, code === "OLD" ? 1 : 2],
      );
    const old = await writeSimple(folder("old"), rows("OLD"));
    const fresh = await writeSimple(folder("fresh"), rows("NEW"));
    const path = join(folder("replaced"), "s.medsdb");
    const { shards } = await convert(old, path, { shardBytes: 1024 });
    expect(shards).toBeGreaterThan(3);
    const db = PatientDatabase.open(path);
    expect(db.at(0)!.at(0)!.code).toBe("OLD0");
    await convert(fresh, path, { shardBytes: 1024, force: true });
    const seen = new Set<string>();
    for (let slot = 0; slot < db.size; slot += 1) {
      try {
        const patient = db.at(slot)!;
        for (const event of patient) seen.add(event.code.slice(0, 3) + event.numericValue);
      } catch (error) {
        seen.add((error as { code: string }).code);
      }
    }
    expect([...seen].filter((what) => what !== "OLD1" && what !== "MEDS_STORE_REPLACED")).toEqual([]);
    expect(seen.has("OLD1")).toBe(true);
    db.close();
    const next = PatientDatabase.open(path, { verify: true });
    expect(next.at(0)!.at(0)!.code).toBe("NEW0");
    next.close();
  });

  it("that is deleted while it is open is read on or refused, without a crash", async () => {
    const path = join(folder("deleted"), "s.medsdb");
    await convert(source, path, { shardBytes: 2 << 20 });
    const db = PatientDatabase.open(path);
    const before = db.at(0)!.at(-1)!.code;
    rmSync(path, { recursive: true });
    expect(db.at(0)!.at(-1)!.code).toBe(before);
    const far = () => db.at(-1)!.at(-1)!.code.length > 0;
    try {
      expect(far()).toBe(true);
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/^MEDS_(NOT_FOUND|STORE_REPLACED|CORRUPT)$/) });
    }
    db.close();
  });

  it("is not changed by a view that is written to", async () => {
    const before = contents(store);
    const db = PatientDatabase.open(store);
    for (const patient of db) {
      patient.times.fill(7n);
      patient.timeWords.fill(-1);
      patient.codeIds.fill(1);
      patient.numericValues.fill(42);
    }
    db.close();
    expect(changed(contents(store), before)).toEqual([]);
    const again = PatientDatabase.open(store, { verify: true });
    expect(again.at(0)!.numericValues.some((value) => value !== 42)).toBe(true);
    again.close();
  });

  it("is opened and closed 1,000 times with flat memory", async () => {
    const end = await run("memory-child.mjs", [store, "1000"], { node: ["--expose-gc"], timeout: 110_000 });
    expect({ code: end.code, signal: end.signal, stderr: end.stderr }).toEqual({ code: 0, signal: null, stderr: "" });
    const marks = JSON.parse(end.stdout) as { rss: number; external: number; mappings: number }[];
    expect(marks.length).toBe(10);
    expect(marks.at(-1)!.mappings).toBeLessThanOrEqual(marks[0]!.mappings);
    expect(marks.at(-1)!.external - marks[1]!.external).toBeLessThan(1 << 20);
    // A leak of one mapped store a round would be gigabytes; of one table of strings, hundreds of megabytes.
    expect((marks.at(-1)!.rss - marks[1]!.rss) >> 20).toBeLessThan(30);
  }, 120_000);

  it("survives eight workers that are terminated in mid-scan", async () => {
    const end = await run("workers-child.mjs", [store, "5"], { timeout: 110_000 });
    expect({ code: end.code, signal: end.signal, stderr: end.stderr }).toEqual({ code: 0, signal: null, stderr: "" });
    expect(JSON.parse(end.stdout)).toEqual({ rows: 400_000 });
  }, 120_000);

  it("reads nothing after close, and says so", () => {
    const db = PatientDatabase.open(store);
    const patient = db.at(3)!;
    const { times, codeIds, numericValues } = patient;
    const event = patient.at(2)!;
    const column = patient.column("code");
    const text = patient.column("text_value");
    const [walk] = [patient[Symbol.iterator]()];
    walk.next();
    const { codes } = db;
    db.close();
    db.close();
    const reads: Record<string, () => unknown> = {
      size: () => db.size,
      get: () => db.get(1),
      at: () => db.at(0),
      iterate: () => [...db],
      split: () => db.split("train"),
      columns: () => db.columns,
      timeAt: () => patient.timeAt(3),
      codeAt: () => patient.codeAt(3),
      times: () => patient.times,
      until: () => patient.until(0n),
      event: () => patient.at(0)!.code,
      time: () => event.time,
      code: () => event.code,
      value: () => event.numericValue,
      text: () => event.get("text_value"),
      column: () => patient.column("code"),
      cell: () => column.at(0),
      textCell: () => text.at(0),
      array: () => text.toArray(),
      walk: () => walk.next().value?.code,
      visit: () => patient.forEach(() => {}),
      codeTable: () => codes.id("MEDS_BIRTH"),
      birth: () => patient.birthTime,
    };
    for (const [what, read] of Object.entries(reads)) expect(codeOf(read), what).toBe("MEDS_CLOSED");
    expect([times.length, codeIds.length, numericValues.length]).toEqual([0, 0, 0]);
  });
});

describe("the temporary folder", () => {
  it("given by option is made use of and left as it was", async () => {
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
