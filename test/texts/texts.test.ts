// Texts of many patients: order, threads, files.
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { Labels, MedsError, PatientDatabase, type TextOptions, texts, writeTexts } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { meds } from "../cli/run.js";
import { folder } from "../support/folder.js";
import { type RecordRow, recordStore } from "../support/record.js";

const HOUR = 3_600_000_000n;
const T0 = 1_577_836_800_000_000n;

/** 40 patients with up to 60 events each, some of whose texts are awkward. */
function patients(): Map<bigint, RecordRow[]> {
  const words = ["a & b", "<tag>", 'quote " and \n line', "\u0001\ufffe", "é😀", "]]>", ""];
  return new Map(
    Array.from({ length: 40 }, (_, p) => [
      BigInt(p % 2 === 0 ? p : -p) * 1_000_000_007n,
      [
        { time: null, code: p % 2 === 0 ? "GENDER//F" : "GENDER//M" },
        ...Array.from({ length: (p * 7) % 60 }, (_, i): RecordRow => {
          const note = i % 9 === 0;
          return {
            time: T0 + BigInt(i * (p + 1)) * HOUR,
            code: note ? "NOTE/1" : ["LOINC/8867-4", "RxNorm/1", "SNOMED/2"][i % 3]!,
            value: note || i % 3 > 0 ? null : 60 + i,
            unit: i % 3 === 0 && !note ? "bpm" : null,
            text: note ? words[i % words.length]!.repeat(3) : null,
            table: note ? "note" : ["measurement", "drug_exposure", "condition"][i % 3]!,
            end: i % 3 === 1 ? T0 + BigInt(i * (p + 1) + 30) * HOUR : null,
            visit: i % 5 === 0 ? null : BigInt(p * 100 + Math.floor(i / 10)),
          };
        }),
      ],
    ]),
  );
}

let store = "";
let db: PatientDatabase;
let labels: Labels;
const out = folder("texts");
beforeAll(async () => {
  store = await recordStore(patients(), { "LOINC/8867-4": "Heart rate <b>" });
  db = PatientDatabase.open(store);
  // Two labels per patient, the later one first, and one of a stranger.
  labels = Labels.from([
    ...Array.from(db, ({ subjectId }, i) => ({ subjectId, predictionTime: T0 + BigInt(20 * i) * HOUR, booleanValue: i % 2 === 0 })),
    ...Array.from(db, ({ subjectId }) => ({ subjectId, predictionTime: T0 + HOUR, booleanValue: null })),
    { subjectId: 5n, predictionTime: T0, booleanValue: true },
  ]);
});
afterAll(() => db.close());

const FORMATS = ["markdown", "chat", "lumia-xml", "medalign-xml", "jsonl", "jsonl-events"] as const;

describe("texts", () => {
  it("hold their own bytes, and not the memory of the writer", async () => {
    const options = { format: "lumia-xml" as const };
    const made = [db.at(0)!.toText(options), ...(await texts(db, undefined, { ...options, threads: 0 }).toArray())];
    for (const { bytes } of made) expect(bytes.buffer.byteLength).toBe(bytes.length);
  });

  it.each(FORMATS)("of format %s are the same for any number of threads, in the order of the labels", async (format) => {
    const options: TextOptions = { format, budget: 400, tokenizer: "approximate" };
    const lists = await Promise.all([0, 1, 3].map((threads) => texts(db, labels, { ...options, threads }).toArray()));
    const [first, ...others] = lists.map((list) =>
      list.map((text) => [text.subjectId, text.predictionTime, text.text, text.tokens, text.rowsKept]),
    );
    expect(first).toHaveLength(80);
    expect(first!.map(([id]) => id).slice(0, 40)).toEqual(Array.from(db, ({ subjectId }) => subjectId));
    for (const other of others) expect(other).toEqual(first);
    for (const { tokens, rows, rowsKept, rowsLeftOut, bytes, text } of lists[0]!) {
      expect(tokens).toBeLessThanOrEqual(400);
      expect(rowsKept + rowsLeftOut).toBe(rows);
      expect(Buffer.from(bytes).toString("utf8")).toBe(text);
    }
  });

  it("report labels of subjects that are not in the store", () => {
    expect(texts(db, labels).report).toMatchObject({ given: 81, samples: 80, unknownLabels: 1, unknownSubjects: 1 });
  });

  it("are those of whole patients without labels, and as of one time with `at`", async () => {
    const ids = Array.from(db, ({ subjectId }) => subjectId)
      .slice(3, 6)
      .reverse();
    const whole = await texts(db, ids, { format: "jsonl", threads: 2 }).toArray();
    expect(whole.map(({ subjectId }) => subjectId)).toEqual(ids);
    expect(whole.map(({ text }) => text)).toEqual(ids.map((id) => db.get(id)!.toText({ format: "jsonl" }).text));
    const at = T0 + 10n * HOUR;
    const early = await texts(db, ids, { at, inclusive: false, threads: 0 }).toArray();
    expect(early.map(({ text }) => text)).toEqual(ids.map((id) => db.get(id)!.toText({ at, inclusive: false }).text));
  });

  it("end with MEDS_CANCELLED, with the error of a worker, and early", async () => {
    const aborted = texts(db, labels, { threads: 2, signal: AbortSignal.abort() }).toArray();
    await expect(aborted).rejects.toMatchObject({ code: "MEDS_CANCELLED" });
    const small = texts(db, labels, { threads: 2, budget: 3, tokenizer: "approximate" }).toArray();
    await expect(small).rejects.toSatisfy(
      (error) => error instanceof MedsError && error.code === "MEDS_BUDGET" && /subject/.test(error.message),
    );
    for await (const { text } of texts(db, labels, { threads: 2 })) {
      expect(text).toContain("# Electronic");
      break;
    }
  });

  it("refuse what cannot be combined", () => {
    expect(() => texts(db, labels, { at: T0 })).toThrow(/`at` cannot be combined/);
    expect(() => texts(db, undefined, { inclusive: false })).toThrow(/`inclusive` requires labels/);
    expect(() => texts(db, labels, { tokenizer: () => 1, threads: 2 })).toThrow(/cannot be sent to worker threads/);
    expect(() => texts(db, [5n])).toThrow(expect.objectContaining({ code: "MEDS_UNKNOWN_SUBJECT" }));
    expect(() => texts(db, labels, { budget: 5 })).toThrow(/`budget` requires `tokenizer`/);
    expect(() => texts(db, labels, { budget: 5, tokenizer: "no-such" })).not.toThrow();
    expect(() => db.at(0)!.toText({ tokenizer: "no-such" })).toThrow(expect.objectContaining({ code: "MEDS_NOT_FOUND" }));
  });
});

describe("writeTexts", () => {
  it("writes a Parquet table with a row per text", async () => {
    const path = join(out, "prompts.parquet");
    const report = await writeTexts(texts(db, labels, { tokenizer: "approximate", threads: 2 }), path);
    const rows = await parquetReadObjects({ file: await bufferOf(path), compressors });
    const all = await texts(db, labels, { tokenizer: "approximate", threads: 0 }).toArray();
    expect(report).toMatchObject({ texts: 80, rows: all.reduce((sum, text) => sum + text.rows, 0) });
    expect(rows.map((row) => [row.subject_id, row.text, row.tokens, row.rows_kept, row.rows_left_out, row.boolean_value ?? null])).toEqual(
      all.map((text) => [
        text.subjectId,
        text.text,
        BigInt(text.tokens!),
        BigInt(text.rowsKept),
        BigInt(text.rowsLeftOut),
        text.label!.booleanValue,
      ]),
    );
  });

  it("writes a file per text, JSON lines, and one document", async () => {
    const files = join(out, "files");
    await writeTexts(texts(db, undefined, { format: "medalign-xml" }), files);
    expect(readdirSync(files)).toHaveLength(40);
    expect(existsSync(join(files, "0.xml"))).toBe(true);
    await expect(writeTexts(texts(db), files)).rejects.toMatchObject({ code: "MEDS_STORE_EXISTS" });
    // An empty folder is replaced, and stays where the texts fail.
    const empty = join(out, "empty");
    mkdirSync(empty);
    await expect(writeTexts(texts(db, undefined, { budget: 3, tokenizer: "approximate" }), empty)).rejects.toMatchObject({
      code: "MEDS_BUDGET",
    });
    expect(readdirSync(out).filter((name) => name.includes("empty"))).toEqual(["empty"]);
    await writeTexts(texts(db, [db.at(0)!.subjectId]), empty);
    expect(readdirSync(empty)).toEqual(["0.md"]);
    await writeTexts(texts(db, labels), join(out, "lines.jsonl"));
    const lines = readFileSync(join(out, "lines.jsonl"), "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(80);
    expect(JSON.parse(lines[2]!)).toMatchObject({ boolean_value: true, prediction_time: "2020-01-02T16:00:00" });
    await writeTexts(texts(db, undefined, { format: "lumia-xml" }), join(out, "all.xml"));
    const xml = readFileSync(join(out, "all.xml"), "utf8");
    expect(xml.startsWith('<?xml version="1.0" encoding="UTF-8"?>\n<eventstreams>\n')).toBe(true);
    expect(xml.split("<eventstream ").length).toBe(41);
  });

  it("writes the same files by any number of threads, and none where it is cancelled", async () => {
    const twice = Labels.from([0, 1, 1].map((i) => ({ subjectId: db.at(i)!.subjectId, predictionTime: "2020-01-02T16:00:00" })));
    const expected = await texts(db, twice, { threads: 0 }).toArray();
    const names = [0, 1, 1].map((i, at) => `${db.at(i)!.subjectId}_20200102T160000${at === 2 ? "_2" : ""}.md`);
    for (const threads of [0, 1, 3]) {
      const folder = join(out, `by-${threads}`);
      const report = await writeTexts(texts(db, twice, { threads }), folder);
      expect(report).toMatchObject({ texts: 3, bytes: expected.reduce((sum, { bytes }) => sum + bytes.length, 0) });
      expect(names.map((name) => readFileSync(join(folder, name), "utf8"))).toEqual(expected.map(({ text }) => text));
      expect(readdirSync(folder)).toHaveLength(3);
      const controller = new AbortController();
      const cancelled = writeTexts(texts(db, labels, { threads, signal: controller.signal }), join(out, "cancelled"));
      controller.abort();
      await expect(cancelled).rejects.toMatchObject({ code: "MEDS_CANCELLED" });
    }
    expect(readdirSync(out).filter((name) => name.includes("cancelled"))).toEqual([]);
  });

  it.runIf(process.platform === "linux")("names the folder of a file that a thread cannot write", async () => {
    // On Linux a path has at most 4,095 bytes: the folder has this name, but a file in it cannot.
    let deep = out;
    while (deep.length < 4070) deep = join(deep, "d".repeat(Math.min(200, 4070 - deep.length)));
    mkdirSync(deep, { recursive: true });
    const folder = join(deep, "f");
    const failed = writeTexts(texts(db, labels, { threads: 1 }), folder, { as: "files" });
    await expect(failed).rejects.toMatchObject({ code: "MEDS_IO", path: folder });
  });
});

describe("meds-reader text", () => {
  it("writes prompts of labels, and says what it left out", async () => {
    const tasks = join(out, "tasks", "task");
    labels.write(tasks);
    const path = join(out, "cli.parquet");
    const done = await meds("text", store, "--labels", tasks, "--budget", "300", "--tokenizer", "approximate", "--out", path, "--json");
    expect(done).toMatchObject({ code: 0, stderr: "left out: 1 label of 1 subject outside the store\n" });
    expect(JSON.parse(done.stdout)).toMatchObject({ texts: 80, mostTokens: expect.any(Number) });
    expect(await parquetReadObjects({ file: await bufferOf(path), compressors })).toHaveLength(80);
  });

  it("writes to stdout, and refuses options that would do nothing", async () => {
    const done = await meds(
      "text",
      store,
      "--at",
      "2020-01-02",
      "--times",
      "shift",
      "--sections",
      "demographics",
      "--notes",
      "1",
      "--out",
      "-",
    );
    expect(done.code).toBe(0);
    expect(done.stdout).toContain("Prediction time: 2024-01-01");
    expect(done.stdout.split("# Electronic Healthcare Record").length).toBe(41);
    const format = fileURLToPath(new URL("../support/texts/format.mjs", import.meta.url));
    const own = await meds("text", store, "--at", "2020-01-02", "--format", format, "--out", "-", "--threads", "2");
    expect(own.code).toBe(0);
    expect(
      own.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as object)[0],
    ).toMatchObject({ predictionTime: "2020-01-02T00:00:00" });
    expect(await meds("text", store, "--format", "./no-such.mjs", "--out", "-")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("MEDS_NOT_FOUND"),
    });
    for (const [args, message] of [
      [["--format", "html"], "or the path of a .js, .mjs or .ts file"],
      [["--exclusive"], "--exclusive requires --labels, --instructions or --at"],
      [["--times", "relative"], "--times relative requires"],
      [["--budget", "5"], "--budget requires --tokenizer"],
      [["--format", "jsonl", "--notes", "2"], "--sections, --concepts and --notes are for"],
      [["--sections", "nothing"], "nothing is not a section"],
      [["--question", "x"], "--system and --question are for --format chat"],
    ] as const) {
      const wrong = await meds("text", store, "--out", "-", ...args);
      expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
    }
  });
});

async function bufferOf(path: string): Promise<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
}
