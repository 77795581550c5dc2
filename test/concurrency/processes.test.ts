// Many processes at once, and ones that die suddenly.
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { convert, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { run, start } from "../support/child.js";
import { writeSimple } from "../support/dataset.js";
import { changed, contents, folder } from "../support/folder.js";
import { generated } from "../support/generated.js";

describe("eight processes that call from() at once", () => {
  it("make one store, and read the same from it", async () => {
    const target = folder("from");
    const path = join(target, "s.medsdb");
    const go = join(folder("go"), "go");
    const children = Array.from({ length: 8 }, () => start("from-child.mjs", [generated.source, path, go]));
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
    expect(await verify(path, generated.source)).toEqual({ ok: true, differences: [] });
  }, 120_000);

  it("wait for the one that converts, which is one", async () => {
    const path = join(folder("once"), "s.medsdb");
    const children = Array.from({ length: 8 }, () => start("convert-child.mjs", [generated.source, path, '{"force":true,"reuse":true}']));
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
    expect((await run("convert-child.mjs", [generated.source, path, "{}"])).code).toBe(0);
    const whole = performance.now() - began;
    const expected = contents(path);
    rmSync(path, { recursive: true });
    let killed = 0;
    for (let round = 0; round < 10; round += 1) {
      const { child, ended } = start("convert-child.mjs", [generated.source, path, "{}"]);
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
    await convert(generated.source, path);
    expect(changed(contents(path), expected)).toEqual([]);
    expect(readdirSync(target)).toEqual(["s.medsdb"]);
  }, 180_000);

  it("while it replaces a store leaves the old one or the new one", async () => {
    const target = folder("killed");
    const path = join(target, "s.medsdb");
    const other = await writeSimple(folder("other"), [[1n, 0n, "OLD"]]);
    for (let round = 0; round < 5; round += 1) {
      await convert(other, path, { force: true });
      const { child, ended } = start("convert-child.mjs", [generated.source, path, '{"force":true}']);
      await sleep(60 + round * 90);
      child.kill("SIGKILL");
      await ended;
      const db = PatientDatabase.open(path, { verify: true });
      expect([1, 300]).toContain(db.size);
      db.close();
    }
    await convert(generated.source, path, { force: true });
    expect(readdirSync(target)).toEqual(["s.medsdb"]);
  }, 120_000);

  it("by an AbortSignal leaves nothing", async () => {
    const target = folder("aborted");
    for (const delay of [0, 5, 40, 120]) {
      const stop = new AbortController();
      const job = convert(generated.source, join(target, "s.medsdb"), { signal: stop.signal });
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
