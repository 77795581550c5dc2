// MedAlign's instructions: the files as public code reads them, joined to patients, and their texts.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Instructions, microsOf, PatientDatabase, texts, writeTexts } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { meds } from "../cli/run.js";
import { folder } from "../support/folder.js";
import { type RecordRow, recordStore } from "../support/record.js";
import { one } from "../support/source.js";

const rows = (year: number): RecordRow[] => [
  { time: "1960-01-02", code: "MEDS_BIRTH", table: "person" },
  { time: `${year}-01-01T08:00`, code: "LOINC/1", table: "measurement", value: 5, unit: "mg" },
  { time: `${year}-02-01T08:00`, code: "LOINC/2", table: "measurement", value: 7, unit: "mg" },
  { time: `${year}-03-01T08:00`, code: "ICD/late", table: "condition" },
];

let db: PatientDatabase;
beforeAll(async () => {
  db = PatientDatabase.open(
    await recordStore(
      new Map([
        [124n, rows(2019)],
        [125n, rows(2020)],
      ]),
    ),
  );
});
afterAll(() => db.close());

/** Writes files, and returns their folder. */
function files(all: Readonly<Record<string, string>>): string {
  const root = folder("instructions");
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

const tsv = (...lines: string[]) => `${lines.map((line) => line.replaceAll("|", "\t")).join("\n")}\n`;

/** The files of release 1.3 in the columns that public code names. */
const RELEASE = {
  "all-instructions-rouge.tsv": tsv("instruction_id|question", "1|What was measured?", "2|Any disease?", "3|Is there more?"),
  "clinician-instruction-responses.tsv": tsv(
    "instruction_id|question|filename|annotator_num|clinician_response|evidence|submitter_specialty",
    '1|What was measured?|124.xml|Annotator_1|"Two tests,\nboth low."|LOINC 1|Neurology',
    "1|What was measured?|124.xml|Annotator_2|Two.||Neurology",
    "2|Any disease?|EHR_125.xml|Annotator_1|One.||Cardiology",
  ),
  "clinician-reviewed-model-responses.tsv": tsv(
    "instruction_id|question|person_id|model_name|binary_correct|annotator_num|clinician_response",
    "1|What was measured?|124|a|1|Annotator_1|Two.",
    "1|What  was measured?|124.0|b|0|Annotator_1|Two.",
    "4|About whom?|999|a|1||",
  ),
  "README.csv": "about\nsomething\n",
};

describe("Instructions.open", () => {
  it("joins the files of a folder by the id of the instruction", async () => {
    const root = files(RELEASE);
    const all = await Instructions.open(root);
    expect(all.report).toEqual({
      files: Object.keys(RELEASE)
        .slice(0, 3)
        .map((name) => join(root, name)),
      rows: 9,
      repeated: 5,
      notSelected: 0,
      orphanResponses: 0,
      withoutSubject: 1,
      withoutTime: 4,
    });
    expect([...all].map(({ id, subjectId, specialty }) => [id, subjectId, specialty])).toEqual([
      ["1", 124n, "Neurology"],
      ["2", 125n, "Cardiology"],
      ["3", null, null],
      ["4", 999n, null],
    ]);
    expect(all.at(0)!.responses).toEqual([
      { annotator: "Annotator_1", text: "Two tests,\nboth low.", evidence: "LOINC 1" },
      { annotator: "Annotator_2", text: "Two.", evidence: null },
      { annotator: "Annotator_1", text: "Two.", evidence: null },
    ]);
    expect(all.at(-1)!.text).toBe("About whom?");
    expect(all.at(4)).toBeUndefined();
  });

  it("reads instructions and responses from files in two places, as HELM does", async () => {
    const root = files({
      "a/ehr-relevance-labels.csv": "instruction_id,question,person_id,is_selected_ehr\n1,Q?,124,yes\n1,Q?,125,no\n2,R?,125,no\n",
      "b/clinician-instruction-responses.csv": "instruction_id,annotator_num,clinician_response\n1,Annotator_1,A\n3,Annotator_1,orphan\n",
    });
    const paths = [join(root, "a", "ehr-relevance-labels.csv"), join(root, "b")];
    const all = await Instructions.open(paths);
    expect([...all].map(({ id, subjectId, responses }) => [id, subjectId, responses.map(({ text }) => text)])).toEqual([
      ["1", 124n, ["A"]],
    ]);
    expect(all.report).toMatchObject({ rows: 5, notSelected: 2, orphanResponses: 1 });
    // The first instruction is about two patients then.
    await expect(Instructions.open(paths, { selectedOnly: false })).rejects.toMatchObject({ code: "MEDS_SCHEMA_CONFLICT" });
  });

  it("reads the columns of the public sample, and those that the caller names", async () => {
    const root = files({
      "instructions-sample.csv": "instruction_id,question,human_assigned_subcategory_1,source\n5479314876,Q?,retrieve vitals,table_s9\n",
      "own.csv": "nr,ask,who,cut\n9,Q?,124,2019-02-01 08:00\n",
    });
    const sample = await Instructions.open(join(root, "instructions-sample.csv"));
    expect([...sample]).toEqual([
      { id: "5479314876", text: "Q?", subjectId: null, time: null, category: "retrieve vitals", specialty: null, responses: [] },
    ]);
    const own = await Instructions.open(join(root, "own.csv"), { columns: { id: "nr", text: "ask", subject: "who", time: "cut" } });
    expect([...own]).toEqual([
      { id: "9", text: "Q?", subjectId: 124n, time: microsOf("2019-02-01T08:00"), category: null, specialty: null, responses: [] },
    ]);
  });

  it("takes a missing time or patient, as pandas writes it, for none, and counts it", async () => {
    const path = join(
      files({ "i.csv": "instruction_id,question,person_id,time\n1,Q?,124,NaT\n2,R?,nan,2019-02-01\n3,S?,124,None\n" }),
      "i.csv",
    );
    const all = await Instructions.open(path);
    expect([...all].map(({ subjectId, time }) => [subjectId, time])).toEqual([[124n, null], [null, microsOf("2019-02-01")], [124n, null]]); // biome-ignore format: a table
    expect(all.report).toMatchObject({ withoutSubject: 1, withoutTime: 2 });
  });

  const WRONG: readonly (readonly [what: string, text: string, code: string, message: RegExp])[] = [
    ["a date that is not one", "instruction_id,question,person_id,time\n1,Q?,124,2019-02-30\n", "MEDS_COLUMN_TYPE", /row 0, column "time": "2019-02-30" is not a time/],
    ["an American date", "instruction_id,question,person_id,time\n1,Q?,124,02/01/2019\n", "MEDS_COLUMN_TYPE", /"02\/01\/2019" is not a time/],
    ["a patient that is not one", "instruction_id,question,person_id\n1,Q?,Smith\n", "MEDS_COLUMN_TYPE", /"Smith" is not a whole number/],
    ["a file name without a patient", "instruction_id,question,filename\n1,Q?,record.xml\n", "MEDS_COLUMN_TYPE", /the name of the file of a patient/],
    ["a file name with a patient beyond int64", "instruction_id,question,filename\n1,Q?,9223372036854775808.xml\n", "MEDS_VALUE_RANGE", /a number that fits int64/],
    ["one id twice", "instruction_id,question,person_id\n1,Q?,124\n2,R?,124\n1,S?,124\n", "MEDS_SCHEMA_CONFLICT", /instruction 1 is in two rows with different texts \(i\.csv, row 0; i\.csv, row 2\)/],
    ["one id of two patients", "instruction_id,question,person_id\n1,Q?,124\n1,Q?,125\n", "MEDS_SCHEMA_CONFLICT", /different subjects/],
    ["one id of two times", "instruction_id,question,person_id,time\n1,Q?,124,2019-01-01\n1,Q?,124,2019-01-02\n", "MEDS_SCHEMA_CONFLICT", /different times/],
    ["no id", "instruction_id,question\n,Q?\n", "MEDS_NULL_VALUE", /row 0 has no instruction_id/],
    ["no text", "instruction_id,question\n1,\n", "MEDS_NULL_VALUE", /row 0 \(instruction 1\) has no question/],
    ["no column of ids", "id,question\n1,Q?\n", "MEDS_MISSING_COLUMN", /there is no column "instruction_id"/],
    ["no column of texts", "instruction_id,clinician_response\n1,A\n", "MEDS_MISSING_COLUMN", /there is no column "question" or "instruction"/],
  ]; // biome-ignore format: a table

  it.each(WRONG)("refuses %s", async (_, text, code, message) => {
    const path = join(files({ "i.csv": text }), "i.csv");
    await expect(Instructions.open(path)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("refuses a folder without instructions, and a path that is not there", async () => {
    await expect(Instructions.open(files({ "a.csv": "x\n1\n" }))).rejects.toMatchObject({ code: "MEDS_NO_DATA" });
    await expect(Instructions.open("/nowhere.csv")).rejects.toMatchObject({ code: "MEDS_NOT_FOUND" });
  });
});

const TIMED = tsv(
  "instruction_id|question|person_id|time|clinician_response",
  "1|What was measured?|124|2019-01-15|Secret answer.",
  "2|And later?|124|2019-02-01 08:00|Secret answer.",
  "3|All of it?|125||Secret answer.",
  "4|About whom?|999|2019-01-01|Secret answer.",
);

describe("instructions of a database", () => {
  it("have the record up to their time, or all of it; others are reported", async () => {
    const all = await Instructions.open(join(files({ "i.tsv": TIMED }), "i.tsv"));
    const joined = all.of(db);
    expect(joined.absent.map(({ id }) => id)).toEqual(["4"]);
    expect(Array.from(joined, ({ instruction, timeline }) => [instruction.id, Array.from(timeline, ({ code }) => code)])).toEqual([
      ["1", ["MEDS_BIRTH", "LOINC/1"]],
      ["2", ["MEDS_BIRTH", "LOINC/1", "LOINC/2"]],
      ["3", ["MEDS_BIRTH", "LOINC/1", "LOINC/2", "ICD/late"]],
    ]);
    expect([...joined.labels.subjectIds]).toEqual([124n, 124n, 125n]);
    expect([...joined.labels.predictionTimes]).toEqual(["2019-01-15", "2019-02-01T08:00", "2020-03-01T08:00"].map(microsOf));
    expect(all.filter(({ subjectId }) => subjectId === 125n).of(db.subset([124n])).size).toBe(0);
  });

  it.each([0, 2])("have texts with their question, and without their answer and what comes later: %i threads", async (threads) => {
    const all = await Instructions.open(join(files({ "i.tsv": TIMED }), "i.tsv"));
    const written = await texts(db, all, { format: "chat", chat: { system: "Answer." }, threads }).toArray();
    expect(written.map(({ instruction, subjectId }) => [instruction?.id, subjectId])).toEqual([["1", 124n], ["2", 124n], ["3", 125n]]); // biome-ignore format: a table
    for (const { text, instruction, label } of written) {
      const { messages } = JSON.parse(text) as { messages: { role: string; content: string }[] };
      expect(messages.map(({ role }) => role)).toEqual(["system", "user"]);
      expect(messages[1]!.content.endsWith(`\n${instruction!.text}`)).toBe(true);
      expect(text).not.toContain("Secret");
      expect(text.includes("ICD/late")).toBe(instruction!.id === "3");
      expect(label?.booleanValue).toBeNull();
    }
    const [first] = await texts(db, all, { format: "jsonl", threads }).toArray();
    expect(first!.text).toContain("LOINC/1");
    expect(first!.text).not.toContain("LOINC/2");
  });

  it("become prompts on the command line, with what is left out", async () => {
    const root = files({ "i.tsv": `${TIMED}5|Whose?|||Secret answer.\n`.replaceAll("|", "\t") });
    const [store, out] = [db.path, folder("prompts")];
    const run = (...args: string[]) => meds("text", store, "--instructions", root, ...args);
    const chat = await run("--format", "chat", "--system", "Answer.", "--out", join(out, "chat.jsonl"));
    expect(chat).toMatchObject({
      code: 0,
      stderr:
        "left out: 1 instruction without a patient, 1 instruction about other patients; 1 instruction without a time: as of the last row\n",
    });
    const lines = readFileSync(join(out, "chat.jsonl"), "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { subject_id: 124, instruction_id: "1" },
      { subject_id: 124, instruction_id: "2" },
      { subject_id: 125, instruction_id: "3" },
    ]);
    expect(lines.join("")).not.toContain("Secret");
    const all = await texts(db, await Instructions.open(root), { format: "chat", chat: { system: "Answer." } }).toArray();
    expect(lines).toEqual(all.map(({ text }) => text.trimEnd()));
    const ids = join(out, "ids.txt");
    writeFileSync(ids, "125\n");
    const chosen = await run("--ids", ids, "--out", "-");
    expect(chosen.stdout.split("# Electronic").length).toBe(2);
    expect(chosen.stderr).toContain("3 instructions about other patients");
    await writeTexts(texts(db, await Instructions.open(root)), join(out, "prompts.parquet"));
    expect((await one(`SELECT list(instruction_id) AS ids FROM read_parquet('${join(out, "prompts.parquet")}')`)).ids).toEqual([
      "1",
      "2",
      "3",
    ]);
    for (const [args, message] of [
      [["--at", "2019"], "--labels, --instructions and --at cannot be combined"],
      [["--format", "chat", "--question", "?"], "--question cannot be combined with --instructions"],
    ] as const)
      expect(await run("--out", "-", ...args)).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  it("cannot be combined with a time or another question", async () => {
    const all = await Instructions.open(join(files({ "i.tsv": TIMED }), "i.tsv"));
    expect(() => texts(db, all, { at: "2019-01-01" })).toThrow(/`at` cannot be combined/);
    expect(() => texts(db, all, { format: "chat", chat: { question: "Why?" } })).toThrow(/`chat.question` cannot be combined/);
    expect(() => all.of({} as never)).toThrow(/must be a PatientDatabase/);
  });
});
