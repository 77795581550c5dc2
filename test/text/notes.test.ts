// The section of notes: paragraphs that are copied from note to note.
import { notes, PatientDatabase, type TimelineText } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { recordStore } from "../support/record.js";

const HISTORY = "History: arterial hypertension since 2010, no known allergies.";
const PLAN = "Plan: continue metoprolol 50 mg and see again in three months.";
const NEWS = "New: swelling of the left calf since yesterday, D-dimer is high.";

let db: PatientDatabase;
beforeAll(async () => {
  const note = (time: string, ...paragraphs: string[]) => ({ time, code: "NOTE//p", table: "note", text: paragraphs.join("\n\n") });
  const rows = [
    note("2020-01-01", "Subjective:", HISTORY, PLAN),
    note("2020-01-02", "Subjective:", `${HISTORY} `, HISTORY, "Objective:", PLAN),
    note("2020-01-03", "Subjective:", HISTORY, PLAN, NEWS),
  ];
  db = PatientDatabase.open(await recordStore(new Map([[1n, rows]]), { "NOTE//p": "Progress note" }));
  return () => db.close();
});

const written = (options: Parameters<typeof notes>[0], more: object = {}): TimelineText =>
  db.at(0)!.toText({ sections: [notes(options)], tokenizer: "approximate", ...more });
/** The notes, the newest first. */
const parts = (text: TimelineText) =>
  text.text
    .split(/^### .*\n+/m)
    .slice(1)
    .map((part) => part.trim());

describe("copied paragraphs", () => {
  it("are in the newest note only, and older notes say so", () => {
    const text = written({});
    expect(parts(text)).toEqual([
      `Subjective:\n\n${HISTORY}\n\n${PLAN}\n\n${NEWS}`,
      `Subjective:\n\n${HISTORY} \n\n[1 paragraph as in a newer note]\n\nObjective:\n\n[1 paragraph as in a newer note]`,
      "Subjective:\n\n[2 paragraphs as in a newer note]",
    ]);
    expect(text.sections[0]).toMatchObject({ name: "notes", copies: 4, rows: 3 });
  });

  it("stay where they are asked for", () => {
    const text = written({ copies: "keep" });
    expect(parts(text).at(-1)).toBe(`Subjective:\n\n${HISTORY}\n\n${PLAN}`);
    expect(text.sections[0]!.copies).toBe(0);
  });

  it("of a newer note that is cut before them, or not shown, are shown", () => {
    const cut = parts(written({ maxTokens: 30 }));
    expect(cut[0]).toMatch(/^Subjective:\n\nHistory: .* \[…\]$/s);
    expect(cut[0]).not.toContain(PLAN);
    const plan = parts(written({ maxTokens: 45 })).map((part) => part.includes(PLAN));
    expect(plan).toEqual([false, false, true]);
    expect(parts(written({}, { at: "2020-01-01" }))).toEqual([`Subjective:\n\n${HISTORY}\n\n${PLAN}`]);
  });
});

it("a text as `types` of notes is refused, not read letter by letter", () => {
  expect(() => notes({ types: "progress" as never })).toThrow(/types/);
  expect(parts(written({ types: ["PROGRESS"] }))).toHaveLength(3);
  expect(parts(written({ types: ["NOTE//p"] }))).toHaveLength(3);
  expect(parts(written({ types: ["radiology"] }))).toHaveLength(0);
});
