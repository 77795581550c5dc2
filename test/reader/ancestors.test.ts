// codes.withAncestor and the ancestors of a vocabulary, against a recursive query of DuckDB over the source's codes.parquet: codes that no event has count.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { convert, filter, PatientDatabase, Vocabulary, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { duck, writeSimple, writeSplits } from "../support/dataset.js";
import { folder, place } from "../support/folder.js";

/** A row of codes.parquet: a code, and what it lists as its parents. */
type CodeRow = readonly [code: string, parents: readonly (string | null)[] | null];

const text = (value: string | null) => (value === null ? "NULL" : `'${value}'`);

/** A dataset in which subject i has the code i; `column` is SQL for the column parent_codes, of a list called p. */
async function dataset(events: readonly string[], rows: readonly CodeRow[], column = "p"): Promise<string> {
  const source = folder("ancestors");
  await writeSimple(
    source,
    events.map((code, i) => [BigInt(i), 5n, code]),
  );
  writeSplits(source, new Map(events.map((_, i) => [BigInt(i), "train"])));
  const list = (parents: CodeRow[1]) => (parents === null ? "NULL::VARCHAR[]" : `[${parents.map(text).join(",")}]::VARCHAR[]`);
  const values = rows.map(([code, parents]) => `(${text(code)}, ${list(parents)})`).join(",");
  const path = place(source, "metadata", "codes.parquet");
  await (await duck()).run(
    `COPY (SELECT code, ${column} AS parent_codes FROM (VALUES ${values}) t(code, p)) TO '${path}' (FORMAT parquet)`,
  );
  return source;
}

/** Of each name the codes of events that reach it. */
async function closure(events: readonly string[], rows: readonly CodeRow[]): Promise<Map<string, string[]>> {
  const pairs = rows.flatMap(([code, parents]) =>
    (parents ?? []).filter((p) => p !== null).map((parent) => `(${text(code)}, ${text(parent)})`),
  );
  const own = events.map((code) => `(${text(code)})`).join(",");
  const found = await (await duck()).runAndReadAll(`
    WITH RECURSIVE link(child, parent) AS (VALUES ${[...pairs, "(NULL, NULL)"].join(",")}),
      up(code, name) AS (SELECT DISTINCT e, e FROM (VALUES ${own}) t(e) UNION SELECT up.code, link.parent FROM up JOIN link ON link.child = up.name)
    SELECT name, list(code ORDER BY code) FROM up GROUP BY name`);
  return new Map(found.getRowsJson().map(([name, codes]) => [name as string, codes as string[]]));
}

const below = (db: PatientDatabase, name: string) => Array.from(db.codes.withAncestor(name), (id) => db.codes.strings[id]!);

async function check(store: string, expected: ReadonlyMap<string, readonly string[]>, names: Iterable<string>): Promise<void> {
  const db = PatientDatabase.open(store, { verify: true });
  for (const name of names) expect([name, below(db, name)]).toEqual([name, expected.get(name) ?? []]);
  db.close();
}

describe("withAncestor", () => {
  it("goes through codes without events, over any number of steps, circles, several rows and several parents, also after filter and export", async () => {
    let state = 7;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    for (let round = 0; round < 12; round += 1) {
      const names = Array.from({ length: 14 }, (_, i) => `C${i}`);
      const rows = Array.from({ length: 20 }, (): CodeRow => {
        const parents = Array.from({ length: random(3) }, () => (random(6) === 0 ? null : names[random(14)]!));
        return [names[random(14)]!, random(6) === 0 ? null : parents];
      });
      const events = names.filter(() => random(3) === 0).concat("C0");
      const source = await dataset(events, rows);
      const expected = await closure(events, rows);
      const store = join(source, "s.medsdb");
      await convert(source, store, { index: round % 2 === 0 });
      await check(store, expected, [...names, "nothing"]);
      await filter(store, join(source, "cut.medsdb"), { split: "train" });
      await check(join(source, "cut.medsdb"), expected, names);
      const db = PatientDatabase.open(store);
      await db.export(join(source, "meds"));
      const fitted = await Vocabulary.fit(db.split("train"), { ancestors: true });
      expect(new Map(fitted.entries.map(({ code, patients }) => [code, patients]))).toEqual(
        new Map([...expected].map(([name, codes]) => [name, events.filter((code) => codes.includes(code)).length])),
      );
      db.close();
      await convert(join(source, "meds"), join(source, "back.medsdb"));
      await check(join(source, "back.medsdb"), expected, names);
    }
  }, 120_000);

  it.each([
    ["a single parent as text", "p[1]"],
    ["parents as a dictionary of text", "p[1]::ENUM('M', 'N', 'P')"],
    ["parents as an array of fixed size", "[p[1]]::VARCHAR[1]"],
  ])("takes %s, as a vocabulary does", async (_, column) => {
    const rows: CodeRow[] = [
      ["A", ["M"]],
      ["M", ["N"]],
      ["N", ["P"]],
      ["B", [null]],
    ];
    const source = await dataset(["A", "B"], rows, column);
    const store = join(source, "s.medsdb");
    await convert(source, store);
    await check(store, new Map(["A", "M", "N", "P"].map((name) => [name, ["A"]])), ["A", "M", "N", "P"]);
    const db = PatientDatabase.open(store);
    const fitted = await Vocabulary.fit(db.split("train"), { ancestors: true });
    expect(fitted.entries.map(({ code }) => code).sort()).toEqual(["A", "B", "M", "N", "P"]);
    db.close();
  });

  it("after the only patient who has a step is left out, and none of it is in the table of codes", async () => {
    const rows: CodeRow[] = [
      ["A", ["M"]],
      ["M", ["P"]],
      ["P", null],
    ];
    const source = await dataset(["A", "M"], rows);
    writeSplits(
      source,
      new Map([
        [0n, "train"],
        [1n, "held_out"],
      ] as const),
    );
    const [store, cut] = [join(source, "s.medsdb"), join(source, "cut.medsdb")];
    await convert(source, store);
    expect(existsSync(join(store, "ancestors.arrow"))).toBe(false);
    await filter(store, cut, { split: "train" });
    await check(cut, new Map(["A", "M", "P"].map((name) => [name, ["A"]])), ["A", "M", "P"]);
    const db = PatientDatabase.open(cut);
    expect([...db.codes].map(({ code, parents }) => [code, parents])).toEqual([["A", ["M"]]]);
    db.close();
  });

  it("reads what a store without ancestors.arrow has, and refuses one whose ancestors.arrow is missing", async () => {
    const source = await dataset(["A"], [["A", ["M"]]]);
    const store = join(source, "s.medsdb");
    await convert(source, store);
    expect(existsSync(join(store, "ancestors.arrow"))).toBe(false);
    await check(
      store,
      new Map([
        ["M", ["A"]],
        ["A", ["A"]],
      ]),
      ["M", "A"],
    );
    const deep = await dataset(
      ["A"],
      [
        ["A", ["M"]],
        ["M", ["P"]],
      ],
    );
    await convert(deep, join(deep, "s.medsdb"));
    expect((await verify(join(deep, "s.medsdb"))).ok).toBe(true);
    rmSync(join(deep, "s.medsdb", "ancestors.arrow"));
    expect(() => PatientDatabase.open(join(deep, "s.medsdb"))).toThrow(/ancestors\.arrow/);
  });
});
