// Notes: their types and the search in their texts, against plain loops with JavaScript's own regular expressions.
import fc from "fast-check";
import { type Cohort, type NoteHits, type NoteQuery, type NoteSearchOptions, PatientDatabase } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { rejected } from "../support/errors.js";
import { source, text } from "../support/patterns.js";
import { scaled } from "../support/property.js";
import { micros, type RecordRow, recordStore } from "../support/record.js";

const NAMES = { "NOTE//progress": "Progress note", "NOTE//ct": "CT Chest report", "LOINC/1": "Nursing note" };
const note = (time: string | null, text: string | null, more: Partial<RecordRow> = {}): RecordRow => ({
  time,
  code: "NOTE//progress",
  text,
  table: "note",
  ...more,
});

const LONG = "No chest  pain.\r\nCHEST\tPAIN since Monday; chestpain, chest-pain";

let [db, random]: PatientDatabase[] = [];
beforeAll(async () => {
  const patients = new Map<bigint, RecordRow[]>([
    [
      -5n,
      [
        note(null, "static: Chest pain"),
        { time: "2020-01-01", code: "LAB//x", value: 1, text: "chest pain of a laboratory", table: "measurement" },
        note("2020-01-02", LONG),
        note("2020-01-03", "", { code: "NOTE//ct" }),
        note("2020-01-04", null),
      ],
    ],
    [7n, [note("2021-01-01", "😀 é Ödem — chest pain", { code: "LOINC/1" }), note("2021-01-02", "Ödeme", { code: "NOTE//ct" })]],
    // Without a kind, the code says what a row is.
    [2n ** 62n, [note("2019-01-01", "chest pain", { table: null }), note("2019-01-01", "chest pain", { table: null, code: "LAB//x" })]],
    [9n, [{ time: "2019-01-01", code: "LAB//x", value: 2 }]],
  ]);
  db = PatientDatabase.open(await recordStore(patients, NAMES));
  const texts = fc.sample(text, { numRuns: 400, seed: 5 });
  random = PatientDatabase.open(
    await recordStore(
      new Map(Array.from({ length: 20 }, (_, p) => [BigInt(p), texts.slice(20 * p, 20 * p + 20).map((text) => note("2020-01-01", text))])),
    ),
  );
  return () => {
    for (const one of [db, random]) one!.close();
  };
});

/** What a loop over rows finds. */
function plain(cohort: Cohort, expression: RegExp): [bigint, number, number, number][] {
  const found: [bigint, number, number, number][] = [];
  for (const patient of cohort)
    for (const [row, event] of [...patient].entries()) {
      const own = (event.get("table") ?? "note") === "note" && event.code !== "LAB//x" ? (event.get("text_value") as string | null) : null;
      for (const match of own?.matchAll(expression) ?? [])
        if (match[0] !== "") found.push([patient.subjectId, row, match.index, match.index + match[0].length]);
    }
  return found;
}

const places = (hits: NoteHits) => Array.from(hits, ({ subjectId, row, start, end }) => [subjectId, row, start, end]);

/** The subject and the characters of each match. */
async function search(query: NoteQuery, options?: NoteSearchOptions) {
  return Array.from(await db!.searchNotes(query, options), ({ subjectId, match }) => [subjectId, match] as const);
}

describe("searchNotes", () => {
  it("finds what JavaScript's regular expressions find", async () => {
    const property = fc.asyncProperty(source, fc.constantFrom("u", "iu", "su"), async (written, flags) => {
      // In JavaScript the Kelvin sign is in a word for the flags iu; here, only ASCII is.
      fc.pre(!(flags.includes("i") && /\\b/i.test(written)));
      const expression = new RegExp(written, `${flags}g`);
      const hits = await random!.searchNotes(new RegExp(written, flags));
      expect(places(hits), String(expression)).toEqual(plain(random!, expression));
    });
    await fc.assert(property, { numRuns: scaled(1500), seed: 11 });
  });

  it("finds words in this order, whole, whatever their case and the space between them", async () => {
    expect(await search("chest pain")).toEqual([
      [-5n, "Chest pain"],
      [-5n, "chest  pain"],
      [-5n, "CHEST\tPAIN"],
      [7n, "chest pain"],
      [2n ** 62n, "chest pain"],
    ]);
    expect(await search("Ödem")).toEqual([[7n, "Ödem"]]);
    expect(await search(["chest-pain", "monday"])).toEqual([
      [-5n, "Monday"],
      [-5n, "chest-pain"],
    ]);
    expect(await search("(pain")).toEqual([]);
    expect(await search("pain.")).toEqual([[-5n, "pain."]]);
  });

  it("returns places in units of UTF-16, texts, codes and times", async () => {
    const hits = await db!.searchNotes(/chest/u);
    const hit = hits.at(-2)!;
    expect([hit.subjectId, hit.row, hit.start, hit.end]).toEqual([7n, 0, 12, 17]);
    expect(hit.text.slice(hit.start, hit.end)).toBe("chest");
    expect([hit.event.code, hit.event.timeMicros]).toEqual(["LOINC/1", micros("2021-01-01")]);
    expect(db!.codes.strings[hits.codeIds.at(-2)!]).toBe("LOINC/1");
    expect(hits.subjectIds).toEqual(BigInt64Array.from(hits, ({ subjectId }) => subjectId));
    expect([hits.at(99), hits.at(-99)]).toEqual([undefined, undefined]);
    expect(JSON.parse(JSON.stringify(hit))).toEqual({
      subjectId: "7",
      time: Number(micros("2021-01-01")),
      code: "LOINC/1",
      row: 0,
      start: 12,
      end: 17,
      snippet: "😀 é Ödem — chest pain",
    });
    expect(hits).toMatchObject({ notesSearched: 5, notesFound: 3, matches: hits.length, patientsFound: 3 });
  });

  it("counts all matches where it returns only the first", async () => {
    const [all, few] = [await db!.searchNotes("chest pain"), await db!.searchNotes("chest pain", { limit: 2, threads: 1 })];
    expect(places(few)).toEqual(places(all).slice(0, 2));
    expect([few.length, few.matches, few.notesFound]).toEqual([2, all.matches, all.notesFound]);
    expect((await db!.searchNotes("chest pain", { limit: 0 })).length).toBe(0);
  });

  it("finds 0, and not -0, among no patients", async () => {
    const { length, matches, notesFound, notesSearched, patientsFound } = await db!.subset([]).searchNotes("chest pain");
    for (const count of [length, matches, notesFound, notesSearched, patientsFound]) expect(count).toBe(0);
    expect(await db!.subset([]).notes()).toEqual([]);
  });

  it("searches only notes that are known", async () => {
    const at = async (options: NoteSearchOptions) => (await search("chest pain", options)).map(([id]) => id);
    expect(await at({ until: "2020-01-02" })).toEqual([-5n, -5n, -5n, 2n ** 62n]);
    expect(await at({ until: "2020-01-02", inclusive: false })).toEqual([-5n, 2n ** 62n]);
    const windows = { subjectIds: [7n, 7n, -5n], end: ["2021-01-01", "2020-12-31", "2019-01-01"], static: false };
    expect(await at({ windows })).toEqual([7n]);
    expect((await db!.searchNotes("chest pain", { windows })).groups).toEqual(Uint32Array.of(0));
  });

  it("searches notes of some types, or rows of some codes", async () => {
    expect(await search("chest pain", { types: ["nursing"] })).toEqual([[7n, "chest pain"]]);
    expect(await search("Ödeme", { types: ["NOTE//ct"] })).toEqual([[7n, "Ödeme"]]);
    expect(await search("chest pain", { types: ["absent"] })).toEqual([]);
    // Rows of these codes, whatever their kind.
    expect((await search("chest pain", { codes: "LAB//x" })).map(([id]) => id)).toEqual([-5n, 2n ** 62n]);
    expect(await search("measurement", { columns: { text: "table" }, codes: "LAB//x" })).toEqual([[-5n, "measurement"]]);
  });

  it("understands what is written in JavaScript's syntax", async () => {
    for (const expression of [
      /^No/,
      /^CHEST/m,
      /Monday; \w+/,
      /pain\.$/m,
      new RegExp(`${"[^]"}{3}Monday`),
      /\x43H/,
      /chest(?<between>-| )pain/,
      /\cI/,
      /\u{1F600}/u,
      /\p{L}dem/u,
      /[\t-]PAIN/,
      /a{2}|{/,
      /[[]|Chest/,
    ])
      expect(places(await db!.searchNotes(expression)), String(expression)).toEqual(
        plain(db!, new RegExp(expression.source, `${expression.flags}g`)),
      );
  });

  it.each([
    [/a(?=b)/, "look-ahead"],
    [/(?<!a)b/, "look-behind"],
    [/(a)\1/, "a reference to a group"],
    [/(?<n>a)\k<n>/, "a reference to a group"],
    [/\ud83d/, "half of a character"],
    [/a/y, "flags"],
    [/(?:a{1000}){1000}/, "Shorten it"],
    [/\p{Script=Greek}/u, "contains the script \\p{Script=Greek}, which searches in notes do not have. Write the range"],
    [/[\P{scx=Latin}]/u, "for all letters"],
    [/\p{Emoji}/u, "property not found"],
    ["", "words"],
    [[], "an array of texts"],
    ["\ud83d", "half of a character"],
  ])("refuses %s with a sentence", async (query, part) => {
    expect(await rejected(db!.searchNotes(query))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT", message: expect.stringContaining(part) });
  });

  it("refuses columns without texts, and combinations that contradict each other", async () => {
    const code = async (options: NoteSearchOptions) => (await rejected(db!.searchNotes("a", options))).code;
    expect(await code({ columns: { text: "visit_id" } })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code({ columns: { text: "absent" } })).toBe("MEDS_UNKNOWN_COLUMN");
    expect(await code({ until: "2020", windows: { subjectIds: [7n] } })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code({ inclusive: false })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code({ codes: "LAB//x", types: ["a"] })).toBe("MEDS_INVALID_ARGUMENT");
    expect(await code({ split: "absent" })).toBe("MEDS_UNKNOWN_SPLIT");
    expect(await code({ signal: AbortSignal.abort() })).toBe("MEDS_CANCELLED");
  });
});

describe("notes", () => {
  it("counts the notes, patients and characters of each type", async () => {
    expect(await db!.notes()).toEqual([
      { code: "NOTE//progress", name: "Progress note", notes: 3, patients: 2, length: 18 + LONG.length + 10, longest: LONG.length },
      { code: "LOINC/1", name: "Nursing note", notes: 1, patients: 1, length: 22, longest: 22 },
      { code: "NOTE//ct", name: "CT Chest report", notes: 1, patients: 1, length: 5, longest: 5 },
    ]);
    expect((await db!.notes({ until: "2019-06-01" })).map(({ code, notes }) => [code, notes])).toEqual([["NOTE//progress", 2]]);
  });
});
