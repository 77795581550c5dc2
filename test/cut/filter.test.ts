// Some patients of a store as a store: what a conversion of these patients alone gives.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CodePart, convert, type FilterOptions, filter, generate, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { clinic, IDS } from "../support/clinic.js";
import { duck, hyparquetBytes, simple, simpleFile, writeFiles, writeSplits } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { checkStore } from "../support/expect.js";
import { changed, contents, folder } from "../support/folder.js";
import { forAll, runs } from "../support/property.js";
import { dataset, type RandomDataset } from "../support/random.js";
import { withStore } from "../support/stored.js";
import { unlike } from "../support/twin.js";

/** Filters a store, verifies the result, and returns its path. */
async function filtered(store: string, options: FilterOptions): Promise<string> {
  const out = join(folder("filtered"), "s.medsdb");
  await filter(store, out, options);
  expect(await verify(out)).toEqual({ ok: true, differences: [] });
  return out;
}

const idsOf = (store: string) => {
  const db = PatientDatabase.open(store);
  const ids = [...db.subjectIds];
  db.close();
  return ids;
};

/** The dataset of some patients alone. */
function only({ files, splits, ...rest }: RandomDataset, ids: ReadonlySet<bigint>): RandomDataset {
  const own = files.map((file) => {
    const subjects = file.columns.find(({ name }) => name === "subject_id")!.values;
    const columns = file.columns.map((column) => ({
      ...column,
      values: column.values.filter((_, row) => ids.has(subjects[row] as bigint)),
    }));
    return { ...file, columns };
  });
  return { ...rest, files: own, splits: new Map([...splits].filter(([id]) => ids.has(id))) };
}

describe("filter()", () => {
  it("makes the store that the chosen patients alone would make, with all column types", async () => {
    await forAll(dataset, Math.ceil(runs / 3), 21, (data) =>
      withStore(data, async (_, store) => {
        const chosen = data.expected.filter((_, i) => i % 2 === 0 || i % 5 === 0);
        const ids = chosen.map(({ id }) => id);
        const out = await filtered(store, { ids, threads: data.threads });
        const db = PatientDatabase.open(out);
        checkStore(db, chosen);
        db.close();
        const alone = only(data, new Set(ids));
        const [source, twin] = [folder("alone"), join(folder("alone"), "s.medsdb")];
        await writeFiles(source, alone.files);
        if (alone.splits.size > 0) writeSplits(source, alone.splits);
        await convert(source, twin, { shardBytes: data.shardBytes });
        expect(unlike(out, twin, { metadata: false })).toEqual([]);
        expect((await verify(out, source)).differences.filter(({ path }) => !path?.startsWith("metadata/"))).toEqual([]);
      }),
    );
  }, 600_000);

  it("of a filter is the intersection, byte for byte", async () => {
    const { store } = await clinic();
    const first = await filtered(store, { ids: IDS.slice(0, 4) });
    const both = await filtered(first, { ids: [IDS[3]!, IDS[1]!, IDS[5]!], ignoreMissing: true });
    const direct = await filtered(store, { ids: [IDS[1]!, IDS[3]!] });
    expect(idsOf(both)).toEqual([IDS[1], IDS[3]]);
    expect(changed(contents(both), contents(direct)).filter((name) => name !== "manifest.json")).toEqual([]);
    expect(idsOf(await filtered(both, { ids: [] }))).toEqual([]);
  });

  it("of a filter is the intersection, also where a column is sparse on the way only", async () => {
    const rows = [4, 20, 10].flatMap((count, i) => Array.from({ length: count }, (_, at) => [BigInt(i + 1), BigInt(at), "A", 1] as const));
    const source = folder("sparse");
    const more = ["first", "second"].map((name) => ({
      name,
      type: simple.text,
      values: rows.map(([id], at) => (id === 2n && name === "first" ? null : `${at}`)),
    }));
    await writeFiles(source, [simpleFile("0.parquet", rows, {}, more)]);
    const store = join(source, "s.medsdb");
    await convert(source, store);
    const way = await filtered(store, { ids: [1, 2] });
    const [both, direct] = [await filtered(way, { ids: [1] }), await filtered(store, { ids: [1] })];
    expect(unlike(both, direct)).toEqual([]);
    const storage = (path: string) => {
      const db = PatientDatabase.open(path);
      const found = db.columns.slice(3).map(({ name, storage }) => `${name} ${storage}`);
      db.close();
      return found;
    };
    expect(storage(way)).toEqual(["first sparse", "second dense"]);
    expect([storage(store), storage(both)]).toEqual([
      ["first dense", "second dense"],
      ["first dense", "second dense"],
    ]);
  });

  it("accepts splits, codes and prefixes of codes, and all of them together", async () => {
    const { store } = await clinic();
    const db = PatientDatabase.open(store);
    const having = (test: (code: string) => boolean) =>
      [...db].filter((patient) => [...patient].some(({ code }) => test(code))).map((p) => p.subjectId);
    expect(idsOf(await filtered(store, { split: "train" }))).toEqual([...db.split("train").subjectIds]);
    expect(idsOf(await filtered(store, { withCode: "MEDS_BIRTH" }))).toEqual(having((code) => code === "MEDS_BIRTH"));
    expect(idsOf(await filtered(store, { withCode: ["MEDS_DEATH*", "DX//1"] }))).toEqual(
      having((code) => /^MEDS_DEATH|^DX\/\/1$/.test(code)),
    );
    const all = await filtered(store, { split: "held_out", withCode: "LAB//*", ids: IDS });
    expect(idsOf(all)).toEqual([...db.split("held_out").subjectIds]);
    const cut = PatientDatabase.open(all);
    expect([...cut.splits]).toEqual([["held_out", 2]]);
    expect(cut.codes.get(cut.codes.id("MEDS_BIRTH")!)?.patients).toBe(2);
    expect(cut.metadata.dataset).toEqual({ dataset_name: "clinic" });
    cut.close();
    const splits = await (await duck()).runAndReadAll(`SELECT subject_id FROM '${all}/metadata/subject_splits.parquet'`);
    expect(splits.getRows().flat()).toEqual([IDS[3], IDS[4]]);
    const { options, notes } = JSON.parse(readFileSync(join(all, "manifest.json"), "utf8"));
    const from = JSON.parse(readFileSync(join(store, "manifest.json"), "utf8")).fingerprint;
    expect(options.filter).toEqual({ from, patients: 2, selection: { ids: 6, split: "held_out", withCode: ["LAB//*"] } });
    expect(notes).toContainEqual({
      kind: "skipped",
      message: `patients that the filter left out, of the store with fingerprint ${from}`,
      count: 4,
    });
    db.close();
  });

  it("takes codes in every spelling, also selections of another database of the same codes", async () => {
    const { store } = await clinic();
    const db = PatientDatabase.open(store);
    const codeAt = (ids: Iterable<number>) => Array.from(ids, (id) => db.codes.strings[id]!);
    const parts: readonly [CodePart, string[]][] = [
      [/^MEDS_D|^DX\/\/1$/gy, ["/^MEDS_D|^DX\\/\\/1$/gy"]],
      [{ prefix: ["MEDS_D", "DX//1"] }, ["MEDS_D*", "DX//1*"]],
      [({ code }) => code.endsWith("1"), codeAt(db.codes.select(({ code }) => code.endsWith("1")))],
      [db.codes.id("DX//1")!, ["DX//1"]],
      [db.codes.withPrefix("DX//"), codeAt(db.codes.withPrefix("DX//"))],
      [db.codes.select(/^MEDS_D/), codeAt(db.codes.select(/^MEDS_D/))],
    ];
    for (const [part, record] of parts) {
      const chosen = db.codes.select(part);
      const expected = [...db].filter((patient) => patient.some(chosen)).map(({ subjectId }) => subjectId);
      for (const withCode of [part, new Set([part])]) {
        const out = await filtered(store, { withCode });
        expect(idsOf(out)).toEqual(expected);
        const { options } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
        expect(options.filter.selection.withCode).toEqual(record);
      }
    }
    db.close();
  });

  it("names the parts of a choice that no code matches", async () => {
    const { store } = await clinic();
    const db = PatientDatabase.open(store);
    const withCode = ["NONE", /nope/i, { prefix: ["DX//", "NOPE"] }, 9999, () => false, db.codes.withPrefix("NADA"), "MEDS_BIRTH"];
    const out = join(folder("parts"), "s.medsdb");
    expect((await rejected(filter(store, out, { withCode }))).message).toContain(
      'the codes "NONE", /nope/i, "NOPE*", with the id 9999, that the function chooses, "NADA*". Remove',
    );
    const { notes, patients } = await filter(store, out, { withCode, ignoreMissing: true });
    expect(notes).toContainEqual({ kind: "skipped", message: "codes that are not in the store", count: 6 });
    expect(patients).toBe([...db].filter((patient) => patient.some(["MEDS_BIRTH", "DX//*"])).length);
    for (const wrong of [1.5, null, true, { prefx: "A" }, [["A"]]])
      expect((await rejected(filter(store, out, { withCode: wrong as never, force: true }))).code).toBe("MEDS_INVALID_ARGUMENT");
    db.close();
  });

  it("reads ids from text, CSV and Parquet", async () => {
    const { store } = await clinic();
    const place = folder("ids");
    const ids = [IDS[4]!, IDS[1]!];
    writeFileSync(join(place, "a.txt"), `subject_id\r\n${ids.join("\r\n")}\r\n\r\n`);
    writeFileSync(join(place, "a.csv"), `name,patient_id\nx,${ids.join("\ny,")}\n`);
    writeFileSync(join(place, "a.parquet"), hyparquetBytes({ name: "", columns: [{ name: "subject_id", type: simple.id, values: ids }] }));
    for (const name of ["a.txt", "a.csv", "a.parquet"])
      expect(idsOf(await filtered(store, { ids: join(place, name) }))).toEqual([IDS[1], IDS[4]]);
    writeFileSync(join(place, "b.txt"), "7\nseven\n");
    const error = await rejected(filter(store, join(place, "out"), { ids: join(place, "b.txt") }));
    expect([error.code, error.message]).toEqual(["MEDS_INVALID_ARGUMENT", expect.stringContaining("line 2")]);
  });

  it("lists the first ten ids that are not there, or counts them", async () => {
    const { store } = await clinic();
    const out = join(folder("unknown"), "s.medsdb");
    const ids = [7n, ...Array.from({ length: 12 }, (_, i) => BigInt(100 + i))];
    const error = await rejected(filter(store, out, { ids }));
    expect(error.code).toBe("MEDS_UNKNOWN_SUBJECT");
    expect(error.message).toContain("100, 101, 102, 103, 104, 105, 106, 107, 108, 109, and 2 more");
    const { patients, notes } = await filter(store, out, { ids, ignoreMissing: true });
    expect(patients).toBe(1);
    expect(notes).toContainEqual({ kind: "skipped", message: "subjects that are not in the store", count: 12 });
    const none = join(folder("none"), "s.medsdb");
    expect((await rejected(filter(store, none, { withCode: "NONE" }))).code).toBe("MEDS_INVALID_ARGUMENT");
    expect((await rejected(filter(store, out, {}))).code).toBe("MEDS_INVALID_ARGUMENT");
    const slip = await rejected(filter(store, none, { ids: [7], slots: [0] } as FilterOptions));
    expect([slip.code, slip.message]).toEqual(["MEDS_INVALID_ARGUMENT", expect.stringMatching(/"slots" is not an option of filter/)]);
    expect((await rejected(filter(store, none, { split: "none" }))).code).toBe("MEDS_UNKNOWN_SPLIT");
    expect((await rejected(filter(store, out, { ids: [7] }))).code).toBe("MEDS_STORE_EXISTS");
    expect((await rejected(filter(store, store, { ids: [7], force: true }))).code).toBe("MEDS_INVALID_ARGUMENT");
    expect((await filter(store, out, { ids: [0], force: true })).patients).toBe(1);
  });

  it("keeps an index, divides patients into shards again, and is the same on any number of threads", async () => {
    const place = folder("many");
    await generate(join(place, "source"), { patients: 60, events: 90_000, files: 3 });
    const store = join(place, "s.medsdb");
    await convert(join(place, "source"), store, { index: true, shardBytes: 1 << 18 });
    const one = await filtered(store, { split: "train", threads: 1 });
    const two = await filtered(store, { split: "train", threads: 2 });
    expect(changed(contents(one), contents(two))).toEqual([]);
    const db = PatientDatabase.open(one);
    expect(db.metadata.indexBytes).toBeGreaterThan(0);
    expect(db.shardCount).toBeGreaterThan(1);
    db.close();
    const whole = await filtered(store, { split: "train", shardBytes: 1 << 26, index: false });
    const other = PatientDatabase.open(whole);
    expect([other.shardCount, other.metadata.indexBytes]).toEqual([1, 0]);
    other.close();
  }, 60_000);

  it("refuses a target that is not a store at once, and does not change it", async () => {
    const out = folder("taken");
    writeFileSync(join(out, "mine"), "");
    const seen: string[] = [];
    const work = { ids: join(out, "none.txt"), force: true, onProgress: ({ phase }: { phase: string }) => seen.push(phase) };
    expect((await rejected(filter((await clinic()).store, out, work))).code).toBe("MEDS_STORE_EXISTS");
    expect([seen, readdirSync(out)]).toEqual([[], ["mine"]]);
  });

  it("fails for a damaged store, and makes no store", async () => {
    const { store } = await clinic();
    const path = join(store, "shards/00000.arrow");
    const bytes = readFileSync(path);
    const place = folder("damaged");
    const outcomes = new Set<string>();
    for (let at = 0; at < bytes.length; at += 61) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 0x81;
      writeFileSync(path, damaged);
      outcomes.add((await rejected(filter(store, join(place, "s"), { ids: [7] }))).code);
    }
    expect([...outcomes]).toEqual(["MEDS_CORRUPT"]);
    expect(readdirSync(place)).toEqual([]);
    writeFileSync(path, bytes);
    writeFileSync(join(store, "metadata/dataset.json"), '{"dataset_name":"clinik"}');
    expect((await rejected(filter(store, join(place, "s"), { ids: [7] }))).code).toBe("MEDS_CORRUPT");
  }, 60_000);
});
