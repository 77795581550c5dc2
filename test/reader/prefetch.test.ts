// db.prefetch and db.residency: what is in memory, and that reads never depend on it.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { convert, generate, Labels, PatientDatabase, samples } from "meds-reader";
import { beforeAll, describe, expect, it, type TestContext } from "vitest";
import { run } from "../support/child.js";
import { rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { generated } from "../support/generated.js";

describe("prefetch", () => {
  it("takes ids, slots, cohorts, timelines, windows and samples, and resolves with the bytes of their pages", async () => {
    const db = PatientDatabase.open(generated.store);
    const patient = db.at(7)!;
    const id = patient.subjectId;
    // Three columns of a patient: at least its values, at most two more pages for each column.
    const bytes = patient.length * (8 + patient.codeIds.BYTES_PER_ELEMENT + patient.numericValues.BYTES_PER_ELEMENT);
    const whole = await db.prefetch([id]);
    expect(whole).toBeGreaterThanOrEqual(bytes);
    expect(whole).toBeLessThan(bytes + 6 * 65536);
    for (const same of [[Number(id)], { ids: [id] }, { slots: [7] }, db.subset([id]), [patient], patient])
      expect(await db.prefetch(same)).toBe(whole);
    const codes = await db.prefetch([id], { columns: ["code"] });
    expect(codes).toBeGreaterThan(0);
    expect(codes).toBeLessThan(whole);
    for (const { name } of db.columns) expect(await db.prefetch([id], { columns: [name] }), name).toBeGreaterThanOrEqual(0);
    expect(await db.prefetch([])).toBe(0);
    expect(await db.prefetch([id], { columns: [] })).toBe(0);

    const time = patient.times[patient.length >> 1]!;
    const window = patient.until(time, { static: false }).last(5);
    const cut = await db.prefetch([window]);
    expect(cut).toBeGreaterThan(0);
    expect(cut).toBeLessThanOrEqual(whole);
    expect(await db.prefetch({ subjectIds: [id], end: [time], last: 5, static: false })).toBe(cut);
    expect(await db.prefetch({ subjectIds: [id], start: [window.times[0]!], end: [window.times[0]!] })).toBeLessThanOrEqual(cut);
    const labels = Labels.from([{ subjectId: id, predictionTime: time, booleanValue: true }]);
    expect(await db.prefetch(samples(db, labels, { maxLength: 5, static: "omit" }))).toBe(cut);
    expect(await db.prefetch(samples(db, { split: "train" }, { maxLength: 5, strategy: "random" }))).toBeGreaterThan(whole);
    expect(await db.prefetch(db)).toBeGreaterThan(whole);
    db.close();
  });

  it("says what is wrong", async () => {
    const db = PatientDatabase.open(generated.store);
    const other = PatientDatabase.open(generated.store);
    const id = db.at(0)!.subjectId;
    const wrong: [string, () => Promise<unknown>][] = [
      ["MEDS_UNKNOWN_SUBJECT", () => db.prefetch([-5n])],
      ["MEDS_UNKNOWN_SUBJECT", () => db.prefetch({ subjectIds: [-5n] })],
      ["MEDS_UNKNOWN_SUBJECT", () => db.prefetch({ slots: [db.size] })],
      ["MEDS_UNKNOWN_COLUMN", () => db.prefetch([id], { columns: ["cod"] })],
      ["MEDS_INVALID_ARGUMENT", () => db.prefetch([id], { column: "code" } as never)],
      ["MEDS_INVALID_ARGUMENT", () => db.prefetch([id], { columns: "code" as never })],
      ["MEDS_INVALID_ARGUMENT", () => db.prefetch({ subjectIds: [id], end: [] })],
      ["MEDS_INVALID_ARGUMENT", () => db.prefetch({ subjectIds: [id], until: [1] } as never)],
      ["MEDS_INVALID_ARGUMENT", () => db.prefetch("1" as never)],
      ["MEDS_INVALID_ARGUMENT", () => db.prefetch(5 as never)],
      ["MEDS_INVALID_ARGUMENT", () => db.prefetch([other.at(0)!])],
      ["MEDS_INVALID_ARGUMENT", () => db.prefetch([db.at(0)!, id] as never)],
      ["MEDS_INVALID_ARGUMENT", () => db.prefetch(other)],
      ["MEDS_INVALID_ARGUMENT", () => db.prefetch(samples(other, { split: "train" }, { maxLength: 5 }))],
    ];
    for (const [code, call] of wrong) expect(await rejected(call()), String(call)).toMatchObject({ code });
    db.close();
    expect(await rejected(db.prefetch([id]))).toMatchObject({ code: "MEDS_CLOSED" });
    other.close();
  });

  it("goes on where the database is closed meanwhile", async () => {
    const db = PatientDatabase.open(generated.store);
    const running = db.prefetch(db);
    db.close();
    expect(await running).toBeGreaterThan(0);
  });
});

describe("residency", () => {
  it("lists files, and the columns of shards", () => {
    const db = PatientDatabase.open(generated.store);
    const parts = db.residency();
    const files = parts.filter(({ column }) => column === null);
    expect(files.map(({ file }) => file)).toContain("patients.arrow");
    for (const { file, bytes } of files) expect(bytes).toBe(statSync(join(generated.store, file)).size);
    const first = parts.filter(({ file, column }) => file.endsWith("00000.arrow") && file.startsWith("shards") && column !== null);
    expect(first.map(({ column }) => column).sort()).toEqual(db.columns.map(({ name }) => name).sort());
    expect(first.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(statSync(join(generated.store, "shards/00000.arrow")).size);
    for (const { bytes, resident } of parts) {
      if (resident === null) continue;
      expect(resident).toBeGreaterThanOrEqual(0);
      expect(resident).toBeLessThanOrEqual(bytes);
    }
    db.close();
    expect(() => db.residency()).toThrow(expect.objectContaining({ code: "MEDS_CLOSED" }));
  });
});

describe("a store that is not in memory", () => {
  const store = join(folder("prefetch"), "s.medsdb");
  let shards = 0;
  /** Bytes of the shards that are in memory after they were dropped. */
  let inMemory: number | undefined;

  beforeAll(async () => {
    const source = join(folder("prefetch"), "source");
    await generate(source, { patients: 400, events: 800_000, seed: 9 });
    await convert(source, store);
    for (const name of readdirSync(join(store, "shards"))) shards += statSync(join(store, "shards", name)).size;
  });

  /** Drops the store's files from the page cache. They must not be mapped. */
  function evict(): boolean {
    const names = readdirSync(store, { recursive: true, encoding: "utf8" }).map((name) => join(store, name));
    return names
      .filter((path) => statSync(path).isFile())
      .every((path) => spawnSync("dd", [`if=${path}`, "iflag=nocache", "count=0", "status=none"]).status === 0);
  }

  interface Found {
    readonly digest: string;
    readonly bytes: number;
    /** Bytes of the shards in memory when the store was opened, and after a prefetch. */
    readonly before: number;
    readonly after: number;
    readonly requested: number;
    /** Whether the store, and samples of one split, count as not in memory: before and after. */
    readonly states: readonly (readonly [boolean, boolean])[];
  }

  async function child(what: string): Promise<Found> {
    const ended = await run("prefetch-child.mjs", [store, what]);
    if (ended.code !== 0) throw new Error(ended.stderr);
    return JSON.parse(ended.stdout) as Found;
  }

  /** Drops the files. Whether dropped files are read from a device, whose bytes the system counts. Not so on a tmpfs. */
  async function isCold(test: TestContext): Promise<boolean> {
    if (!existsSync("/proc/self/io") || !/^read_bytes/m.test(readFileSync("/proc/self/io", "utf8"))) test.skip("no /proc/self/io");
    if (!evict()) test.skip("files cannot be dropped from the page cache (no GNU dd)");
    if (inMemory === undefined) {
      inMemory = (await child("nothing")).before;
      evict();
    }
    if (inMemory > shards / 4) test.skip("dropped files stay in memory here (a tmpfs?)");
    return true;
  }

  it("has the rows of a prefetch in memory, and not much else", async (test) => {
    await isCold(test);
    const { before, after, requested } = await child("prefetch");
    expect(requested).toBeGreaterThan(20 * 4096);
    expect(after).toBeGreaterThanOrEqual(before + requested / 2);
    expect(after).toBeLessThan(shards / 4);
  });

  for (const what of ["batches", "timelines", "scan", "query"]) {
    it(`returns the same as one that is: ${what}`, async (test) => {
      await isCold(test);
      evict();
      const cold = await child(what);
      expect((await child(what)).digest).toBe(cold.digest);
    });
  }

  it("is cold before it is read, and not if only columns that nobody reads are missing", async (test) => {
    await isCold(test);
    const { states, after } = await child("columns");
    expect(states).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(after, "the other columns").toBeLessThan(shards);
  });

  it("samples of a split are not cold once the split was read, though the store is", async (test) => {
    await isCold(test);
    const { states } = await child("split");
    expect(states).toEqual([
      [true, true],
      [true, false],
    ]);
  });

  it("reads the pages of its batches, and not the whole store", async (test) => {
    await isCold(test);
    expect((await child("batch")).bytes).toBeLessThan(shards / 3);
  });
});
