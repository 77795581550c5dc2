// The inverted index: what it holds, as another program reads it, and when it is made.
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Data, tableFromIPC } from "apache-arrow";
import { convert, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { clinic } from "./support/clinic.js";
import { type SimpleRow, writeSimple } from "./support/dataset.js";
import { codeOf, rejected } from "./support/errors.js";
import { folder } from "./support/folder.js";
import { generated } from "./support/generated.js";

/** `code id, slot: rows` of every entry, as apache-arrow reads it. */
function entries(store: string): string[] {
  const found: string[] = [];
  let base = 0;
  for (const name of readdirSync(join(store, "index")).sort()) {
    const codes = tableFromIPC(readFileSync(join(store, "index", name))).getChild("patients")!.data[0]!;
    const [patients, lists] = codes.children[0]!.children as [Data, Data];
    for (let code = 0; code < codes.length; code += 1) {
      for (let pair = codes.valueOffsets[code]!; pair < codes.valueOffsets[code + 1]!; pair += 1) {
        const rows = lists.children[0]!.values.subarray(lists.valueOffsets[pair], lists.valueOffsets[pair + 1]);
        found.push(`${code}, ${base + patients.values[pair]}: ${rows.join(" ")}`);
      }
    }
    base += tableFromIPC(readFileSync(join(store, "shards", name))).numRows;
  }
  return found.sort();
}

/** The same by a scan of all rows. */
function scanned(store: string): string[] {
  const db = PatientDatabase.open(store);
  const found: string[] = [];
  for (let slot = 0; slot < db.size; slot += 1) {
    const rows = new Map<number, number[]>();
    db.at(slot)!.codeIds.forEach((code, row) => {
      const own = rows.get(code);
      if (own === undefined) rows.set(code, [row]);
      else own.push(row);
    });
    for (const [code, own] of rows) found.push(`${code}, ${slot}: ${own.join(" ")}`);
  }
  db.close();
  return found.sort();
}

/** The first entries that differ. An assertion over hundreds of thousands of them takes many seconds. */
const different = (found: readonly string[], expected: readonly string[]) =>
  Array.from({ length: Math.max(found.length, expected.length) }, (_, i) => [found[i], expected[i]])
    .filter(([one, other]) => one !== other)
    .slice(0, 5);

/** What queries say of some codes, over whole timelines, a part of the patients, and windows. */
async function answers(db: PatientDatabase, codes: readonly number[]): Promise<unknown[]> {
  const half = db.subset({ slots: Array.from({ length: db.size >> 1 }, (_, i) => 2 * i) });
  const windows = {
    subjectIds: [...db.subjectIds].reverse(),
    end: Array.from(db, (patient) => patient.times[patient.length >> 1]!).reverse(),
    last: 200,
  };
  const asked = [db, half].flatMap((cohort) => [
    cohort.rowsWithCode(codes),
    cohort.firstOf(codes),
    cohort.lastOf(codes),
    cohort.countCodesEach({ codes }),
    cohort.aggregate({ codes }),
  ]);
  // Few patients, some in several windows: looked for among those of a code.
  const longest = [...db].sort((a, b) => b.length - a.length).slice(0, 9);
  const few = db.subset(longest.map(({ subjectId }) => subjectId));
  const again = {
    subjectIds: [...longest, ...longest.slice(3)].map(({ subjectId }) => subjectId),
    start: [...longest, ...longest.slice(3)].map((patient, i) => patient.times[(patient.length * (1 + (i % 5))) >> 4]!),
  };
  const inWindows = [
    few.rowsWithCode(codes),
    few.lastOf(codes),
    few.aggregate({ codes, windows: again }),
    db.rowsWithCode(codes, { windows: again }),
    db.rowsWithCode(codes, { windows }),
    db.firstOf(codes, { windows }),
    db.lastOf(codes, { windows, threads: 1 }),
  ];
  return Promise.all([...asked, ...inWindows]);
}

const indexFiles = (store: string) => readdirSync(join(store, "index")).map((name) => readFileSync(join(store, "index", name)));

describe("an inverted index", () => {
  it("holds what a scan finds, the same bytes with 1 and 4 threads", async () => {
    const place = folder("index");
    const one = join(place, "one");
    const { indexBytes, storeBytes, shards } = await convert(generated.source, one, { index: true, threads: 1, shardBytes: 2 << 20 });
    await convert(generated.source, join(place, "four"), { index: true, threads: 4, shardBytes: 2 << 20 });
    expect(shards).toBeGreaterThan(1);
    expect(indexFiles(one).map(({ length }) => length)).toEqual(indexFiles(join(place, "four")).map(({ length }) => length));
    expect(Buffer.concat(indexFiles(one)).equals(Buffer.concat(indexFiles(join(place, "four"))))).toBe(true);
    expect(indexFiles(one).reduce((sum, { length }) => sum + length, 0)).toBe(indexBytes);
    expect(indexBytes).toBeLessThan(storeBytes / 3);
    expect(different(entries(one), scanned(one))).toEqual([]);
    expect(await verify(one, generated.source)).toEqual({ ok: true, differences: [] });
  });

  it("holds rows of 32 bits where a patient has more than 16 hold", async () => {
    const rows = Array.from({ length: 65_540 }, (_, i): SimpleRow => [1n, BigInt(i), i === 65_537 ? "RARE" : "C", null]);
    const source = await writeSimple(folder("long"), [...rows, [2n, 5n, "RARE", null]]);
    const store = join(source, "s.medsdb");
    await convert(source, store, { index: true });
    expect(await verify(store)).toEqual({ ok: true, differences: [] });
    expect(entries(store)).toEqual(scanned(store));
    expect(entries(store)).toContain("2, 0: 65537");
  });

  it("is found damaged by verify, and refused at open where it is cut or missing", async () => {
    const { source } = await clinic();
    const store = `${source}.index`;
    await convert(source, store, { index: true, shardBytes: 1024 });
    const path = join(store, "index/00001.arrow");
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += 7) {
      bytes[at]! ^= 4;
      writeFileSync(path, bytes);
      bytes[at]! ^= 4;
      const { ok, differences } = await verify(store);
      expect([ok, differences[0]?.path], `byte ${at}`).toEqual([false, "index/00001.arrow"]);
    }
    writeFileSync(path, bytes);
    expect(await verify(store)).toEqual({ ok: true, differences: [] });
    for (const length of [0, 8, bytes.length - 64, bytes.length - 1]) {
      truncateSync(path, length);
      expect(codeOf(() => PatientDatabase.open(store).close())).toBe("MEDS_CORRUPT");
      writeFileSync(path, bytes);
    }
    PatientDatabase.open(store, { verify: true }).close();
  });

  it("is made if requested, and then kept; the rest of the store is the same", async () => {
    const { source } = await clinic();
    const store = `${source}.asked`;
    const inode = () => statSync(join(store, "manifest.json")).ino;
    const plain = await PatientDatabase.from(source, { store });
    const { id, bytes } = plain.metadata;
    expect(plain.metadata.indexBytes).toBe(0);
    plain.close();
    const before = inode();
    const indexed = await PatientDatabase.from(source, { store, index: true });
    expect(inode()).not.toBe(before);
    const { indexBytes } = indexed.metadata;
    expect(indexBytes).toBeGreaterThan(0);
    // What the store holds is the same.
    expect(indexed.metadata).toMatchObject({ id, bytes: bytes + indexBytes });
    indexed.close();
    const made = inode();
    for (const index of [undefined, false, true]) (await PatientDatabase.from(source, { store, index })).close();
    expect(await convert(source, store, { reuse: true })).toMatchObject({ reused: true, indexBytes });
    expect(inode()).toBe(made);
  });

  it("answers queries for few rows as a scan does", async () => {
    const store = join(folder("queried"), "s.medsdb");
    await convert(generated.source, store, { index: true, shardBytes: 2 << 20 });
    const plain = PatientDatabase.open(generated.store);
    const indexed = PatientDatabase.open(store);
    const rare = [...plain.codes].filter(({ events }) => events > 0 && events < plain.eventCount / 1000).map(({ id }) => id);
    expect(rare.length).toBeGreaterThan(50);
    const some = (step: number) => rare.filter((_, i) => i % step === 0).slice(0, 5);
    const frequent = [...plain.codes].reduce((most, code) => (code.events > most.events ? code : most)).id;
    for (const codes of [...rare.slice(0, 20).map((id) => [id]), some(7), some(11), [rare.at(-1)!, frequent], [frequent], []])
      expect(await answers(indexed, codes), `codes ${codes}`).toEqual(await answers(plain, codes));
    plain.close();
    indexed.close();

    // That the index was asked at all shows where it is damaged: its patients lie beyond the shard.
    const path = join(store, "index/00000.arrow");
    const bytes = readFileSync(path);
    const pairs = tableFromIPC(bytes).getChild("patients")!.data[0]!.children[0]!.children[0]!.values as Uint32Array;
    Buffer.from(pairs.buffer, pairs.byteOffset, pairs.byteLength).fill(0x7f);
    writeFileSync(path, bytes);
    const damaged = PatientDatabase.open(store);
    const inFirst = (id: number) => damaged.at(0)!.codeIds.includes(id);
    expect(await rejected(damaged.rowsWithCode(rare.find(inFirst)!))).toMatchObject({ code: "MEDS_CORRUPT", path });
    const long = damaged.subset({ slots: [[...damaged].findIndex(({ length }) => length > 1000)] });
    expect(await rejected(long.rowsWithCode(rare.find(inFirst)!))).toMatchObject({ code: "MEDS_CORRUPT", path });
    expect((await damaged.rowsWithCode(frequent)).rows.length).toBeGreaterThan(0);
    damaged.close();
  });
});
