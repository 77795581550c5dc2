// Budgets: what they count, what they keep first, and what commands and writers say.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import {
  demographics,
  Instructions,
  Labels,
  MedsError,
  notes,
  PatientDatabase,
  Predictions,
  type TextOptions,
  texts,
  visits,
  writeTexts,
} from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { meds } from "../cli/run.js";
import { rejected, thrown } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { type RecordRow, recordStore } from "../support/record.js";

const AT = "2020-06-01";
let db: PatientDatabase;
let labels: Labels;
beforeAll(async () => {
  const labs = Array.from(
    { length: 200 },
    (_, i): RecordRow => ({
      time: `2020-0${1 + Math.floor(i / 50)}-${10 + Math.floor((i % 50) / 5)}`,
      code: `LAB//${i % 40}`,
      value: i,
      visit: BigInt(Math.floor(i / 25)),
      table: "measurement",
    }),
  );
  const note: RecordRow = {
    time: "2020-05-01",
    code: "Note Type/1",
    table: "note",
    text: `Radiology: ${"no change was found. ".repeat(30)}`,
  };
  const person: RecordRow = { time: "1960-01-02", code: "MEDS_BIRTH", table: "person" };
  db = PatientDatabase.open(await recordStore(new Map([[1n, [person, ...labs, note]]])));
  labels = Labels.from([{ subjectId: 1, predictionTime: AT, booleanValue: true }]);
});
afterAll(() => db.close());

/** A token per character: a text that takes more than its parts would be seen. */
const tokenizer = (text: string) => text.length;
const one = async (options: TextOptions, source: Labels | Instructions = labels) => (await texts(db, source, options).toArray())[0]!;
const promptOf = (text: string) => {
  const { messages } = JSON.parse(text) as { readonly messages: readonly { readonly role: string; readonly content: string }[] };
  return messages.filter(({ role }) => role !== "assistant").map(({ content }) => content);
};

describe("the budget of a chat", () => {
  it("counts the question and the system message: the whole prompt never exceeds it", async () => {
    const words = fc.option(fc.integer({ min: 1, max: 300 }).map((length) => "Will the patient return? ".repeat(12).slice(0, length)));
    const given = fc.record({ budget: fc.integer({ min: 100, max: 3000 }), system: words, question: words });
    let whole = 0;
    await fc.assert(
      fc.asyncProperty(given, async ({ budget, system, question }) => {
        const chat = { ...(system !== null && { system }), ...(question !== null && { question }) };
        try {
          const { text, tokens } = await one({ format: "chat", chat, budget, tokenizer });
          const prompt = promptOf(text).join("");
          expect(tokens).toBe(prompt.length);
          expect(tokens).toBeLessThanOrEqual(budget);
          // The budget is used: a line has fewer than 200 characters.
          if (/left out/.test(text)) expect(tokens).toBeGreaterThan(budget - 250);
          whole += 1;
        } catch (error) {
          if (!(error instanceof MedsError) || error.code !== "MEDS_BUDGET") throw error;
          // Head, demographics, question and system message have no room.
          expect(budget).toBeLessThan(250 + (system?.length ?? 0) + (question?.length ?? 0));
        }
      }),
      { numRuns: 60 },
    );
    expect(whole).toBeGreaterThan(20);
  });

  it("counts an instruction, which is the question of its text", async () => {
    const root = folder("budget");
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, "i.csv"), `instruction_id,question,person_id,time\n1,${"What was measured? ".repeat(20)},1,2020-06-01\n`);
    const instructions = await Instructions.open(join(root, "i.csv"));
    const { text, tokens } = await one({ format: "chat", chat: { system: "Answer." }, budget: 800, tokenizer }, instructions);
    expect([promptOf(text).join("").length, tokens! <= 800, tokens! > 600]).toEqual([tokens, true, true]);
    const small = texts(db, instructions, { format: "chat", budget: 400, tokenizer });
    expect(await rejected(small.toArray())).toMatchObject({
      code: "MEDS_BUDGET",
      message: expect.stringMatching(
        /^The budget has 400 tokens, and the shortest text of subject 1 takes \d{3}, \d{3} of them for the question/,
      ),
    });
  });
});

describe("a short budget", () => {
  it("keeps notes before visits, since no text has notes unless it asks for them", async () => {
    const sections = (more = {}) => [demographics(), visits(), notes(more)];
    const { text } = await one({ sections: sections(), budget: 1200, tokenizer });
    expect(text).toContain("no change was found");
    expect(text).toMatch(/\(\d visits.* left out\)/);
    const last = await one({ sections: sections({ priority: 30 }), budget: 1200, tokenizer });
    expect(last.text).not.toContain("no change was found. no change was found. no change was found. no change was found. no change");
  });
});

describe("meds-reader text", () => {
  it("has notes in the place where --sections names them", async () => {
    const run = (...args: string[]) => meds("text", db.path, "--at", AT, "--out", "-", ...args);
    const headings = async (...args: string[]) => [...(await run(...args)).stdout.matchAll(/^## (\w+)/gm)].map(([, word]) => word);
    expect(await headings("--sections", "notes,demographics")).toEqual(["Notes", "Patient"]);
    expect(await headings("--sections", "demographics", "--notes", "1")).toEqual(["Patient", "Notes"]);
    expect(await headings("--sections", "notes,demographics", "--notes", "1")).toEqual(["Notes", "Patient"]);
    expect(await headings("--sections", "notes", "--note-type", "absent")).toEqual([]);
    expect((await run("--note-type", "Note")).stderr).toContain("--note-type requires --notes N");
    expect((await run("--sections", "note")).stderr).toContain("note is not a section. The sections are");
  });

  it("says which labels are left out for want of a time", async () => {
    const root = folder("budget");
    const path = join(root, "cohort.csv");
    writeFileSync(path, "PatientID,StudyTime,task\n1,2020-06-01,True\n1,NaT,False\n");
    const { code, stderr } = await meds("text", db.path, "--labels", path, "--out", join(root, "x.md"));
    expect([code, stderr]).toEqual([0, "left out: 1 label of studies without a time\n"]);
    expect(readFileSync(join(root, "x.md"), "utf8").split("# Electronic").length).toBe(2);
  });
});

describe("a file in a folder that does not exist", () => {
  it("is MEDS_NOT_FOUND, which names the folder, for texts as for predictions", async () => {
    const missing = join(folder("budget"), "missing");
    for (const [name, write] of [
      ["x.md", (path: string) => writeTexts(texts(db, labels), path)],
      ["x.parquet", (path: string) => writeTexts(texts(db, labels), path)],
      ["p.parquet", (path: string) => Predictions.from(labels, [0.5]).write(path)],
    ] as const) {
      const path = join(missing, name);
      const error = (await rejected(write(path))) as MedsError;
      expect([error.code, error.path]).toEqual(["MEDS_NOT_FOUND", path]);
      expect(error.message).toBe(`${path}: the folder ${missing} does not exist, or is a file. Create it, or choose another path.`);
    }
  });
});

describe("a budget without room for the required sections", () => {
  it("names the section where there is no chat", () => {
    expect(thrown(() => db.get(1)!.toText({ at: AT, budget: 60, tokenizer }))).toMatchObject({
      code: "MEDS_BUDGET",
      message: expect.stringMatching(/required section "demographics" of subject 1/),
    });
  });
});
