// What follows a first conversion of OMOP tables: one that finds its store there, a comparison with the tables, and one that finds what a killed one left.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ConvertOptions, convert, filter, PatientDatabase, type Progress, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { meds } from "../cli/run.js";
import { run, start } from "../support/child.js";
import { rejected } from "../support/errors.js";
import { changed, contents, folder, place } from "../support/folder.js";
import { brief, lines, writeCsv } from "../support/omop.js";

/** The store of some tables of the clinic, alone in its folder. */
async function made(options?: ConvertOptions) {
  const [tables, target] = [writeCsv(folder("tables"), brief), folder("target")];
  const store = join(target, "s.medsdb");
  return { tables, target, store, summary: await convert(tables, store, options) };
}

/** Replaces a text that stands in a table once. */
function edit(tables: string, table: string, from: string, to: string): void {
  const path = join(tables, `${table}.csv`);
  const text = readFileSync(path, "utf8");
  expect(text.split(from)).toHaveLength(2);
  writeFileSync(path, text.replace(from, to));
}

describe("convert() with reuse", () => {
  it("opens the existing store of the same tables, and imports nothing", async () => {
    const { tables, target, store, summary } = await made();
    const before = contents(store);
    const phases: Progress[] = [];
    const began = performance.now();
    // A folder that cannot be made is none that was made.
    const temp = join(tables, "person.csv", "temp");
    const again = await convert(tables, store, { reuse: true, temp, onProgress: (progress) => phases.push(progress) });
    expect(performance.now() - began).toBeLessThan(1000 * summary.seconds);
    expect(phases).toEqual([]);
    const { seconds, fsyncSeconds: _, files: __, ...figures } = summary as typeof summary & { files?: number };
    expect(again).toEqual({ ...figures, reused: true, seconds: expect.any(Number), fsyncSeconds: 0 });
    expect(again.seconds).toBeLessThan(seconds);
    expect(readdirSync(target)).toEqual(["s.medsdb"]);
    expect(changed(contents(store), before)).toEqual([]);
    expect((await rejected(convert(tables, store, { temp }))).code).toBe("MEDS_STORE_EXISTS");
  });

  it("imports anew what another version of the importer made", async () => {
    const { tables, store } = await made();
    const kept = join(store, "metadata", "omop.json");
    const phases = new Set<string>();
    const onProgress = ({ phase }: Progress) => {
      phases.add(phase);
    };
    await convert(tables, store, { reuse: true, onProgress });
    expect(phases).not.toContain("sort");
    writeFileSync(kept, readFileSync(kept, "utf8").replace(/"importer": \d+/, '"importer": 0'));
    await convert(tables, store, { reuse: true, onProgress });
    expect(phases).toContain("sort");
  });

  it("converts again if a table or an option differs, or if an index is requested", async () => {
    const { tables, store } = await made({ columns: ["table", "unit"] });
    const reused = async (options: ConvertOptions) => (await convert(tables, store, { ...options, reuse: true })).reused;
    expect(await reused({ columns: ["unit", "table"], threads: 1, memory: 2 ** 28, repair: true })).toBe(true);
    expect(await reused({})).toBe(false);
    expect(await reused({ keepUnmapped: true })).toBe(false);
    expect(await reused({ keepUnmapped: true, index: true })).toBe(false);
    expect(await reused({ keepUnmapped: true, index: true })).toBe(true);
    expect(await reused({ keepUnmapped: true })).toBe(true);
    expect(await reused({ keepUnmapped: true, exclude: ["unit"] })).toBe(false);
    expect(await reused({})).toBe(false);
    edit(tables, "death", "2022-11-11", "2022-11-12");
    expect(await reused({})).toBe(false);
    expect(lines(store).filter((line) => line.includes("MEDS_DEATH"))).toEqual([
      expect.stringContaining(String(Date.UTC(2022, 10, 12, 23, 59, 59))),
    ]);
    rmSync(join(tables, "note.csv"));
    expect(await reused({})).toBe(false);
    expect(await reused({})).toBe(true);
  });

  it("does not accept a part of a store, or a damaged store", async () => {
    const { tables, target, store } = await made();
    const part = join(target, "part.medsdb");
    await filter(store, part, { ids: [1] });
    expect(await convert(tables, part, { reuse: true })).toMatchObject({ reused: false, patients: 3 });
    await filter(store, part, { ids: [1], force: true });
    const db = await PatientDatabase.from(tables, { store: part });
    expect(db.size).toBe(3);
    db.close();
    const codes = join(part, "codes.arrow");
    const bytes = readFileSync(codes);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(codes, bytes);
    expect(await convert(tables, part, { reuse: true })).toMatchObject({ reused: false, patients: 3 });
    expect(await verify(part)).toEqual({ ok: true, differences: [] });
    writeFileSync(join(part, "manifest.json"), "{");
    expect(await convert(tables, part, { reuse: true })).toMatchObject({ reused: false, patients: 3 });
    mkdirSync(join(target, "mine"));
    expect((await convert(tables, join(target, "mine"), { reuse: true })).reused).toBe(false);
    rmSync(join(target, "mine"), { recursive: true });
    writeFileSync(place(target, "mine", "notes.txt"), "mine");
    expect((await rejected(convert(tables, join(target, "mine"), { reuse: true }))).code).toBe("MEDS_STORE_EXISTS");
    expect(readdirSync(target).sort()).toEqual(["mine", "part.medsdb", "s.medsdb"]);
  });

  it("in several processes at once makes one store", async () => {
    const [tables, target] = [writeCsv(folder("tables"), brief), folder("target")];
    const args = [tables, join(target, "s.medsdb"), '{"reuse":true}'];
    const ends = await Promise.all([1, 2, 3].map(() => run("convert-child.mjs", args)));
    const reused = ends.map(({ stdout, stderr }) => [
      stderr,
      (JSON.parse(stdout.trim().split("\n").at(-1)!) as { reused: boolean }).reused,
    ]);
    expect(reused.sort()).toEqual([
      ["", false],
      ["", true],
      ["", true],
    ]);
    expect(readdirSync(target)).toEqual(["s.medsdb"]);
  });

  it("is cancelled like any other", async () => {
    const { tables, store } = await made();
    expect((await rejected(convert(tables, store, { reuse: true, signal: AbortSignal.abort() }))).code).toBe("MEDS_CANCELLED");
  });
});

describe("verify() against tables", () => {
  it("accepts those of the store, in any form, however it was made", async () => {
    const zipped = writeCsv(folder("tables"), brief, (table) => `${table}.csv.gz`);
    for (const [options, form] of [
      [{}, undefined],
      [{ keepUnmapped: true, exclude: ["unit"], index: true }, undefined],
      [{ columns: ["text_value"], shardBytes: 1024 }, zipped],
    ] as const) {
      const { tables, target, store } = await made(options as ConvertOptions);
      expect(await verify(store, form ?? tables, { temp: folder("temp"), memory: 2 ** 28, threads: 1 })).toEqual({
        ok: true,
        differences: [],
      });
      expect(readdirSync(target)).toEqual(["s.medsdb"]);
    }
  });

  it("names subject and column of a cell that is another one", async () => {
    const { tables, target, store } = await made();
    edit(tables, "observation", ",never,", ",always,");
    const { ok, differences } = await verify(store, tables);
    expect(ok).toBe(false);
    expect(differences).toEqual([expect.objectContaining({ subject: "2", column: "text_value" })]);
    edit(tables, "person", "2,8507,1955", "4,8507,1955");
    expect((await verify(store, tables)).differences).toContainEqual(
      expect.objectContaining({ subject: "4", message: "is in the source, but not in the store" }),
    );
    edit(tables, "death", "2,2022", "two,2022");
    expect(await rejected(verify(store, tables))).toMatchObject({ code: "MEDS_COLUMN_TYPE", path: join(tables, "death.csv") });
    expect(readdirSync(target)).toEqual(["s.medsdb"]);
  });

  it("finds damage of the store before it imports, and compares a store of something else", async () => {
    const { tables, store } = await made();
    const phases = new Set<string>();
    const onProgress = ({ phase }: Progress) => {
      phases.add(phase);
    };
    const dataset = join(folder("meds"), "dataset");
    const db = PatientDatabase.open(store);
    await db.export(dataset);
    db.close();
    rmSync(join(dataset, "metadata", "omop.json"));
    const other = join(folder("target"), "other.medsdb");
    await convert(dataset, other);
    expect(await verify(other, tables)).toEqual({ ok: true, differences: [] });
    const shard = join(store, "shards", "00000.arrow");
    const bytes = readFileSync(shard);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(shard, bytes);
    const { ok, differences } = await verify(store, tables, { onProgress });
    expect([ok, differences[0]?.path]).toEqual([false, "shards/00000.arrow"]);
    expect(phases).not.toContain("sort");
  });

  it("leaves nothing behind where it is cancelled", async () => {
    const { tables, target, store } = await made();
    for (const phase of ["plan", "measure", "sort"]) {
      const stop = new AbortController();
      const onProgress = (progress: Progress) => {
        if (progress.phase === phase) stop.abort();
      };
      expect((await rejected(verify(store, tables, { signal: stop.signal, onProgress }))).code).toBe("MEDS_CANCELLED");
      expect(readdirSync(target)).toEqual(["s.medsdb"]);
    }
  });

  it("is the command's too", async () => {
    const { tables, store } = await made({ keepUnmapped: true });
    const same = await meds("verify", store, tables, "--progress", "none");
    expect([same.code, same.stdout]).toEqual([0, `${store}: ok, all values equal those of the source\n`]);
    edit(tables, "observation", ",never,", ",always,");
    const { code, stdout } = await meds("verify", store, tables, "--memory", "256MiB", "--temp", folder("temp"), "--progress", "none");
    expect(code).toBe(1);
    expect(stdout).toMatch(/subject 2, row \d+, column text_value: /);
  });
});

describe("an import that was killed", () => {
  const left = (target: string) => readdirSync(target).filter((name) => name.startsWith(".s.medsdb.omop-"));

  it("leaves a folder that the next one removes; those of others stay", async () => {
    const { tables, target, store, summary } = await made();
    rmSync(store, { recursive: true });
    const { child, ended } = start("convert-child.mjs", [tables, store, "{}"]);
    while (left(target).length === 0 && child.exitCode === null) await sleep(1);
    child.kill("SIGKILL");
    expect((await ended).signal).toBe("SIGKILL");
    const [dead, ...more] = left(target);
    expect(more).toEqual([]);
    const [, machine] = /^\.s\.medsdb\.omop-([0-9a-f]{8})-\d+-\w{6}$/.exec(dead!)!;
    expect(dead).toContain(`-${machine}-${child.pid}-`);
    // A process that lives, one of another machine, another store's, and what no conversion made.
    const others = [
      `.s.medsdb.omop-${machine}-${process.pid}-abcdef`,
      `.s.medsdb.omop-${machine === "00000000" ? "11111111" : "00000000"}-${child.pid}-abcdef`,
      `.other.medsdb.omop-${machine}-${child.pid}-abcdef`,
      `.s.medsdb.omop-${machine}-${child.pid}-abcdef-mine`,
    ];
    for (const name of others) mkdirSync(join(target, name));
    writeFileSync(join(target, `.s.medsdb.omop-${machine}-${child.pid}-abcdeg`), "a file is nobody's folder");
    expect(await convert(tables, store)).toMatchObject({ reused: false, events: summary.events });
    expect(existsSync(join(target, dead!))).toBe(false);
    expect(readdirSync(target).sort()).toEqual([...others, `.s.medsdb.omop-${machine}-${child.pid}-abcdeg`, "s.medsdb"].sort());
  });

  it.runIf(existsSync("/proc/self"))("fails if the system cannot create folders", async () => {
    const { tables, target, store } = await made();
    const error = await rejected(convert(tables, store, { force: true, temp: "/proc/none/temp" }));
    expect(error).toMatchObject({ code: "MEDS_NOT_FOUND", path: "/proc/none/temp" });
    expect(readdirSync(target)).toEqual(["s.medsdb"]);
  });

  it("also in a folder of its own for temporary files", async () => {
    const { tables, store } = await made();
    const temp = folder("temp");
    const { child, ended } = start("convert-child.mjs", [tables, store, JSON.stringify({ temp, force: true })]);
    while (left(temp).length === 0 && child.exitCode === null) await sleep(1);
    child.kill("SIGKILL");
    expect((await ended).signal).toBe("SIGKILL");
    expect(left(temp)).toHaveLength(1);
    expect(await verify(store, tables, { temp })).toEqual({ ok: true, differences: [] });
    expect(readdirSync(temp)).toEqual([]);
  });
});

describe("a whole vocabulary", () => {
  it("changes only the time: concepts that no event names are skipped", async () => {
    const { tables, store } = await made({ keepUnmapped: true });
    const path = join(tables, "concept.csv");
    const concepts = readFileSync(path, "utf8").trimEnd();
    const names = concepts.split("\n")[0]!.split(",");
    const usual: Readonly<Record<string, string>> = { vocabulary_id: "SNOMED", concept_name: "a name of usual length as concepts have" };
    // More than 8 MB, beyond which only those are held that events name.
    const more = Array.from({ length: 120_000 }, (_, i) => {
      const own: Readonly<Record<string, string>> = { ...usual, concept_id: String(900_000_000 + i), concept_code: `unused ${i}` };
      return names.map((name) => own[name] ?? "").join(",");
    });
    writeFileSync(path, `${concepts}\n${more.join("\n")}\n`);
    expect(readFileSync(path).length).toBeGreaterThan(9e6);
    expect(await verify(store, tables)).toEqual({ ok: true, differences: [] });
  });
});
