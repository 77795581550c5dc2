// Stores that are larger than memory, or not in it: windows read their own pages and no others, and whatever reads in order is read ahead.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { convert, generate, loader, PatientDatabase, samples, Vocabulary } from "meds-reader";
import { beforeAll, describe, expect, it, type TestContext } from "vitest";
import { advice, unseen } from "../support/advice.js";
import { run } from "../support/child.js";
import { folder } from "../support/folder.js";
import { generated } from "../support/generated.js";

const ahead = new URL("../support/passes/ahead.mjs", import.meta.url);

/** A store that nothing else in this process has mapped. */
const own = join(folder("own"), "s.medsdb");
beforeAll(() => cpSync(generated.store, own, { recursive: true }));

describe("advice on the mapping", () => {
  /** Runs over a store, and says how its shards are read. */
  async function opened(test: TestContext, use: (db: PatientDatabase, now: () => { places: number; ahead: number }) => unknown) {
    if (unseen !== null) return test.skip(unseen);
    const db = PatientDatabase.open(own);
    const now = () => advice(join(own, "shards"));
    // Every shard is mapped for Rust and for JavaScript.
    const all = 2 * readdirSync(join(own, "shards")).length;
    try {
      expect(now(), "look-ups").toEqual({ places: all, ahead: 0 });
      // Threads of passes live on, with the store open.
      const threads = Number((await use(db, now)) ?? 0);
      for (let turn = 0; turn < 100 && now().places < all * (1 + threads); turn += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(now(), "afterwards").toEqual({ places: all * (1 + threads), ahead: 0 });
    } finally {
      db.close();
      await unmapped();
    }
  }

  /** Mappings go on a later turn of the event loop; some with a worker that ends. */
  async function unmapped() {
    const left = () => advice(join(own, "shards"));
    for (let turn = 0; turn < 100 && left().places + left().ahead > 0; turn += 1) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(left()).toEqual({ places: 0, ahead: 0 });
  }

  it("look-ups and windows read in places", (test) =>
    opened(test, (db, now) => {
      for (let i = 0; i < 50; i += 1) expect(db.at(i * 5)!.last(8).length).toBeGreaterThan(0);
      expect(now().ahead).toBe(0);
    }));

  it("iterations read ahead after the first patients, and end that when they end, early ones too", (test) =>
    opened(test, (db, now) => {
      const all = now().places;
      let patients = 0;
      for (const _ of db) {
        if (patients < 2) expect(now().ahead).toBe(0);
        else if (patients % 100 === 2) expect(now()).toEqual({ places: 0, ahead: all });
        patients += 1;
      }
      expect(patients).toBe(db.size);
      expect(now().ahead).toBe(0);
      // The last shard has no patient of it: it is not read.
      patients = 0;
      for (const _ of db.split("train")) {
        patients += 1;
        if (patients < 3) continue;
        expect(now()).toEqual({ places: 2, ahead: all - 2 });
        break;
      }
      expect(now().ahead).toBe(0);
      const [first, second] = [db[Symbol.iterator](), db[Symbol.iterator]()];
      for (let i = 0; i < 3; i += 1) for (const one of [first, second]) one.next();
      first.return!();
      expect(now().places, "another iteration goes on").toBe(0);
      second.return!();
    }));

  it("a few patients here and there are windows, not a scan", (test) =>
    opened(test, (db, now) => {
      for (const _ of db.subset({ slots: [1, Math.floor(db.size / 2), db.size - 2] })) expect(now().ahead).toBe(0);
    }));

  it("passes read ahead in their threads", (test) =>
    opened(test, async (db, now) => {
      const found = await db.map<number>(ahead, { threads: 2, per: "chunk" }).toArray();
      expect(found.length).toBeGreaterThan(1);
      expect(Math.min(...found)).toBeGreaterThanOrEqual(2);
      expect(now().ahead).toBe(0);
      return 2;
    }));

  it("batches read ahead in an epoch, and a vocabulary is fitted so", (test) =>
    opened(test, async (db, now) => {
      const all = now().places;
      const list = samples(db, { split: "train" }, { maxLength: 16, strategy: "to_end" });
      for (const shuffle of [true, false, "local"] as const) {
        for (const _ of loader(list, { batchSize: 8, shuffle })) {
          // (This store fits in any memory: a shuffled epoch reads it all.)
          expect(now()).toEqual({ places: 2, ahead: all - 2 });
          break;
        }
        expect(now().ahead).toBe(0);
      }
      for await (const _ of loader(list, { batchSize: 64, workers: 1 })) expect(now().ahead).toBe(all - 2);
      expect((await Vocabulary.fit(db.split("train"))).size).toBeGreaterThan(0);
      expect((await Vocabulary.fit(list)).size).toBeGreaterThan(0);
    }));

  it("queries end their scans", (test) =>
    opened(test, async (db) => {
      expect((await db.countCodes()).events.reduce((a, b) => a + b, 0)).toBe(db.eventCount);
    }));

  it("a table of apache-arrow and an export are scans for as long as they live", async (test) => {
    if (unseen !== null) return test.skip(unseen);
    const db = PatientDatabase.open(own);
    const now = () => advice(join(own, "shards"));
    const exported = db.exportC(0);
    expect(now().ahead).toBe(2);
    exported.release();
    expect(now().ahead).toBe(0);
    const table = await db.toArrow();
    expect(now().places).toBe(0);
    expect(table.numRows).toBe(db.size);
    db.close();
    await unmapped();
    expect(table).toBeDefined();
  });

  it("an iterator that is left keeps no file mapped after close()", async (test) => {
    if (unseen !== null) return test.skip(unseen);
    const db = PatientDatabase.open(own);
    const left = db[Symbol.iterator]();
    left.next();
    db.close();
    await unmapped();
    expect(left).toBeDefined();
  });
});

describe("bytes from the device", () => {
  const store = join(folder("cold"), "s.medsdb");
  let shards = 0;

  beforeAll(async () => {
    const source = join(folder("cold"), "source");
    await generate(source, { patients: 400, events: 800_000, seed: 9 });
    await convert(source, store);
    for (const name of readdirSync(join(store, "shards"))) shards += statSync(join(store, "shards", name)).size;
  });

  /** Drops the store's files from the page cache. */
  function evict(): boolean {
    const names = readdirSync(store, { recursive: true, encoding: "utf8" }).map((name) => join(store, name));
    return names
      .filter((path) => statSync(path).isFile())
      .every((path) => spawnSync("dd", [`if=${path}`, "iflag=nocache", "count=0", "status=none"]).status === 0);
  }

  async function cold(what: "windows" | "all"): Promise<{ rows: number; bytes: number }> {
    const ended = await run("cold-child.mjs", [store, what, ...(process.env.MEDS_COLD_LIBRARY ? [process.env.MEDS_COLD_LIBRARY] : [])]);
    if (ended.code !== 0) throw new Error(ended.stderr);
    return JSON.parse(ended.stdout) as { rows: number; bytes: number };
  }

  it("cold windows read their own pages, whatever the device reads ahead", async (test) => {
    if (!existsSync("/proc/self/io") || !/^read_bytes/m.test(readFileSync("/proc/self/io", "utf8"))) return test.skip("no /proc/self/io");
    if (!evict()) return test.skip("files cannot be dropped from the page cache (no GNU dd)");
    // The proof that dropping works, and that reads are counted: a scan reads most of the file. Not so on a tmpfs.
    const all = await cold("all");
    if (all.bytes < shards / 4) return test.skip("dropped files are not read from a device here (a tmpfs?)");
    expect(shards).toBeGreaterThan(10 << 20);
    expect(evict()).toBe(true);
    const windows = await cold("windows");
    expect(windows.rows).toBeGreaterThan(400);
    // 20 windows, each of some pages; what is checked at open and at a shard's first touch; the code table. A quarter would be read-ahead.
    expect(windows.bytes).toBeLessThan(shards / 8);
  });
});
