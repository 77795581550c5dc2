// Texts of data that are seldom so: columns of other types, notes of white space, times at the end of the calendar.
import { join } from "node:path";
import { convert, demographics, notes, PatientDatabase, type TextFormat, texts, visits, writeTexts } from "meds-reader";
import { describe, expect, it } from "vitest";
import { duck } from "../support/dataset.js";
import { codeOf, rejected } from "../support/errors.js";
import { folder, place } from "../support/folder.js";
import { recordStore } from "../support/record.js";

/** A store of one patient with two visits, and further columns in SQL, in which `i` is the number of the row. */
async function withColumns(columns: string): Promise<PatientDatabase> {
  const source = join(folder("awkward"), "source");
  const rows = `SELECT 1::BIGINT AS subject_id, TIMESTAMP '2020-01-01' + INTERVAL (i) DAY AS "time", 'LAB//' || i AS code, i::FLOAT AS numeric_value, ${columns} FROM range(3) AS r(i)`;
  await (await duck()).run(`COPY (${rows}) TO '${place(source, "data", "0.parquet")}' (FORMAT parquet)`);
  const store = `${source}.medsdb`;
  await convert(source, store);
  return PatientDatabase.open(store);
}

describe("a column with a usual name", () => {
  it.each([
    ["end", "'later'"],
    ["end", "DATE '2020-01-02'"],
    ["visit_id", "[i]"],
    ["visit_id", "{'a': i}"],
    ["visit_id", "'a'::BLOB"],
    ["text_value", "[i]"],
  ])("%s = %s is not read where its type cannot be meant, and refused where it is named", async (name, sql) => {
    const [db, without] = [await withColumns(`${sql} AS "${name}"`), await withColumns("NULL::INTEGER AS other")];
    const role = { end: "end", visit_id: "visit", text_value: "text" }[name]!;
    for (const format of ["markdown", "lumia-xml", "jsonl"] as const) {
      expect(db.at(0)!.toText({ format }).text).toBe(without.at(0)!.toText({ format }).text);
      expect(codeOf(() => db.at(0)!.toText({ format, columns: { [role]: name } }))).toBe("MEDS_INVALID_ARGUMENT");
    }
    db.close();
    without.close();
  });

  it("visit_id of floats is JSON, NaN as a text", async () => {
    const db = await withColumns("CASE WHEN i = 1 THEN 'nan'::DOUBLE ELSE 1.5 END AS visit_id");
    const { events } = JSON.parse(db.at(0)!.toText({ format: "jsonl" }).text) as { events: readonly { visit: unknown }[] };
    expect(events.map(({ visit }) => visit)).toEqual([1.5, "NaN", 1.5]);
    db.close();
  });
});

const prose = (text: string) =>
  new Map([[1n, [{ time: "2020-01-01", code: "NOTE//x", table: "note", text: `Seen today.${text}end. ${"word ".repeat(3000)}` }]]]);

describe("a budget", () => {
  it.each([
    ["white space", " ".repeat(300_000)],
    ["line ends", "\n ".repeat(150_000)],
    ["one word", ` ${"A".repeat(300_000)} `],
  ])("cuts a note with much %s in time that grows with its length", async (_, text) => {
    const db = PatientDatabase.open(await recordStore(prose(text)));
    const started = performance.now();
    const { tokens } = db.at(0)!.toText({ sections: [notes()], budget: 104_000, tokenizer: "approximate" });
    expect(tokens).toBeLessThanOrEqual(104_000);
    expect(performance.now() - started).toBeLessThan(5000);
    db.close();
  });

  it("of exactly the tokens of the required sections is enough", async () => {
    const birth = { time: "1960-01-01", code: "MEDS_BIRTH", table: "person" };
    const lab = { time: "2020-01-01", code: "LAB//1", table: "measurement", visit: 1n };
    const db = PatientDatabase.open(await recordStore(new Map([[1n, [birth, lab]]])));
    for (const tokenizer of ["approximate", "o200k_base"]) {
      const least = db.at(0)!.toText({ sections: [demographics()], tokenizer });
      const given = { sections: [demographics(), visits()], tokenizer };
      expect(db.at(0)!.toText({ ...given, budget: least.tokens! }).text).toBe(least.text);
      expect(codeOf(() => db.at(0)!.toText({ ...given, budget: least.tokens! - 1 }))).toBe("MEDS_BUDGET");
    }
    db.close();
  });
});

describe("the last microsecond of 9999", () => {
  it.each<[TextFormat, string]>([
    ["lumia-xml", '<entry timestamp="9999-12-31 23:59:59">'],
    ["medalign-xml", 'start="12/31/9999 11:59 PM"'],
    ["jsonl", '"time":"9999-12-31T23:59:59.999999"'],
  ])("stays in 9999 as %s", async (format, expected) => {
    const time = 253_402_300_799_999_999n;
    const db = PatientDatabase.open(await recordStore(new Map([[1n, [{ time, code: "LAB//1", end: time }]]])));
    const { text } = db.at(0)!.toText({ format });
    expect(text).toContain(expected);
    expect(text).not.toContain("10000");
    db.close();
  });
});

describe("writeTexts", () => {
  it("to a path below a file is an error that names it", async () => {
    const store = await recordStore(new Map([[1n, [{ time: "2020-01-01", code: "LAB//1" }]]]));
    const db = PatientDatabase.open(store);
    const to = join(store, "manifest.json", "x.md");
    expect(await rejected(writeTexts(texts(db), to))).toMatchObject({ path: to });
    db.close();
  });
});
