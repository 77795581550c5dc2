// An open store: replaced, deleted, written to, opened a thousand times, closed under its readers.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { convert, PatientDatabase } from "meds-reader";
import { describe, expect, it } from "vitest";
import { run } from "../support/child.js";
import { type SimpleRow, writeSimple } from "../support/dataset.js";
import { codeOf } from "../support/errors.js";
import { changed, contents, folder } from "../support/folder.js";
import { generated } from "../support/generated.js";
import { scaled } from "../support/property.js";

describe("an open store", () => {
  it("that is replaced returns the old data or throws MEDS_STORE_REPLACED, never a mix", async () => {
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
    await convert(generated.source, path, { shardBytes: 2 << 20 });
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
    const before = contents(generated.store);
    const db = PatientDatabase.open(generated.store);
    for (const patient of db) {
      patient.times.fill(7n);
      patient.timeWords.fill(-1);
      patient.codeIds.fill(1);
      patient.numericValues.fill(42);
    }
    db.close();
    expect(changed(contents(generated.store), before)).toEqual([]);
    const again = PatientDatabase.open(generated.store, { verify: true });
    expect(again.at(0)!.numericValues.some((value) => value !== 42)).toBe(true);
    again.close();
  });

  it(`is opened and closed ${scaled(1000)} times with flat memory`, async () => {
    const end = await run("memory-child.mjs", [generated.store, String(scaled(1000))], { node: ["--expose-gc"], timeout: 230_000 });
    expect({ code: end.code, signal: end.signal, stderr: end.stderr }).toEqual({ code: 0, signal: null, stderr: "" });
    const marks = JSON.parse(end.stdout) as { rss: number; external: number; mappings: number }[];
    expect(marks.length).toBe(10);
    expect(marks.at(-1)!.mappings).toBeLessThanOrEqual(marks[0]!.mappings);
    expect(marks.at(-1)!.external - marks[1]!.external).toBeLessThan(1 << 20);
    // A leak of one mapped store a round would be gigabytes; of one table of strings, hundreds of megabytes.
    expect((marks.at(-1)!.rss - marks[1]!.rss) >> 20).toBeLessThan(30);
  }, 240_000);

  it("survives eight workers that are terminated in mid-scan", async () => {
    const end = await run("workers-child.mjs", [generated.store, "5"], { timeout: 230_000 });
    expect({ code: end.code, signal: end.signal, stderr: end.stderr }).toEqual({ code: 0, signal: null, stderr: "" });
    expect(JSON.parse(end.stdout)).toEqual({ rows: 400_000 });
  }, 240_000);

  it("reads nothing after close, and says so", () => {
    const db = PatientDatabase.open(generated.store);
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
