// `meds-reader show`: which rows it shows, how it groups and wraps them, and when it uses a pager.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { PatientDatabase } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { width } from "../../dist/cli/format.js";
import { pagers } from "../../dist/cli/page.js";
import { Search } from "../../dist/cli/search.js";
import { timelineLines } from "../../dist/cli/timeline.js";
import { duckdb, folder, meds, start, TERMINAL, terminal } from "./run.js";

const work = folder();
const source = join(work, "source");
const store = join(work, "store.medsdb");
const clinic = join(work, "clinic.medsdb");
const data = `read_parquet('${source}/data/**/*.parquet', file_row_number = true, filename = true)`;
/** A subject of a middling length, and the one with the most rows. */
let [subject, longest] = ["", ""];

/**
 * Patient 1 of a clinic: two visits with rows of no visit between their rows, in one of them two visits at
 * once, wide characters, and codes and texts that are longer than a line.
 */
const LONG_CODE = `PROCEDURE//${"VERY-LONG-CODE/".repeat(12)}END`;
const LONG_TEXT = `${"The patient was seen today. ".repeat(40)}Serum sodium was low.${" Nothing else of note.".repeat(20)}`;
const ROWS: readonly (readonly [time: string | null, code: string, value: number | null, text: string | null, visit: string | null])[] = [
  [null, "GENDER//F", null, null, null],
  ["1960-03-01 00:00", "MEDS_BIRTH", null, null, null],
  ["2020-01-01 08:00", "ADMISSION", null, null, "900"],
  ["2020-01-01 08:00", "LAB//NA", 138.5, null, "900"],
  ["2020-01-01 09:30", "LAB//NA", 1.1, null, null],
  ["2020-01-01 23:59:59.5", LONG_CODE, null, null, "900"],
  ["2020-01-02 07:00", "NOTE", null, LONG_TEXT, "900"],
  ["2020-01-02 07:00", "GLUCOSE//血糖", 5, "e\u0301\u0301 ok", "900"],
  ["2020-01-02 10:00", "DISCHARGE", null, null, "900"],
  ["2020-01-02 18:00", "LAB//K", 4, null, null],
  ["2020-03-01 10:00", "ADMISSION", null, null, "901"],
  ["2020-03-01 11:00", "ADMISSION", null, "clinic", "902"],
  ["2020-03-01 12:00", "LAB//K", 4.5, null, "901"],
  ["2020-03-05 12:00", "DISCHARGE", null, null, "901"],
];
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  "LAB//NA": "Sodium [Moles/volume] in Serum or Plasma",
  "LAB//K": `Potassium ${"in a very long description ".repeat(5)}of Serum`,
  "GLUCOSE//血糖": "空腹血糖（糖尿病の検査）とても長い説明文です",
};

const quoted = (text: string | null) => (text === null ? "NULL" : `'${text.replaceAll("'", "''")}'`);

beforeAll(async () => {
  expect((await meds("generate", source, "--patients", "40", "--events", "30000", "--seed", "5", "--files", "4")).stderr).toBe("");
  expect((await meds("convert", source, store)).stderr).toBe("");
  const sizes = await duckdb(`SELECT subject_id, count(*) AS n FROM ${data} GROUP BY 1 ORDER BY 2, 1`);
  subject = String(sizes.find(({ n }) => Number(n) > 300)?.subject_id);
  longest = String(sizes.at(-1)?.subject_id);

  const at = join(work, "clinic");
  mkdirSync(join(at, "data"), { recursive: true });
  mkdirSync(join(at, "metadata"));
  const rows = ROWS.map(
    ([time, code, value, text, visit]) =>
      `(1::BIGINT, ${time === null ? "NULL" : `TIMESTAMP '${time}'`}, ${quoted(code)}, ${value}::FLOAT, ${quoted(text)}, ${visit}::BIGINT)`,
  );
  await duckdb(
    `COPY (SELECT * FROM (VALUES ${rows.join()}) t(subject_id, time, code, numeric_value, text_value, hadm_id)) TO '${at}/data/0.parquet'`,
  );
  const codes = Object.entries(DESCRIPTIONS).map(([code, description]) => `(${quoted(code)}, ${quoted(description)}, NULL::VARCHAR[])`);
  await duckdb(`COPY (SELECT * FROM (VALUES ${codes.join()}) t(code, description, parent_codes)) TO '${at}/metadata/codes.parquet'`);
  expect((await meds("convert", at, clinic)).code).toBe(0);
});

interface Row {
  readonly time: number | null;
  readonly code: string;
  readonly text_value: string | null;
}

const events = async (...args: string[]) => JSON.parse((await meds("show", store, subject, "--json", ...args)).stdout).events as Row[];

describe("rows", () => {
  const rows = async (where: string): Promise<Row[]> => {
    const codes = `read_parquet('${source}/metadata/codes.parquet')`;
    const found =
      await duckdb(`SELECT epoch_us(time) AS time, code, text_value FROM ${data} AS events LEFT JOIN ${codes} AS codes USING (code)
      WHERE subject_id = ${subject} AND (${where}) ORDER BY events.filename, events.file_row_number`);
    return found.map(({ time, ...rest }) => ({ ...(rest as unknown as Row), time: time === null ? null : Number(time) }));
  };
  const core = (all: readonly Row[]) => all.map(({ time, code, text_value }) => ({ time, code, text_value }));

  it("are cut by --from and --until, and keep rows without a time", async () => {
    const all = await events();
    const [low, high] = [0.3, 0.6].map((share) => all[Math.floor(share * all.length)]!.time!) as [number, number];
    expect(core(await events("--from", String(low)))).toEqual(await rows(`time IS NULL OR epoch_us(time) >= ${low}`));
    const between = await rows(`time IS NULL OR epoch_us(time) BETWEEN ${low} AND ${high}`);
    expect(between.length).toBeGreaterThan(20);
    const cut = ["--from", new Date(low / 1000).toISOString(), "--until", String(high)];
    expect(core(await events(...cut))).toEqual(between);
    expect(core(await events(...cut, "--first", "5"))).toEqual(between.slice(0, 5));
    expect(core(await events(...cut, "--last", "5"))).toEqual(between.slice(-5));
    expect(core(await events("--first", "0"))).toEqual([]);
  });

  it("are searched in codes, descriptions and text values, without regard to case", async () => {
    const has = (text: string) => `concat_ws(chr(10), code, description, text_value) ILIKE '%${text}%'`;
    for (const text of ["creatinine", "LAB//", "BLOOD PRESSURE"]) {
      const expected = await rows(has(text));
      expect(expected.length, text).toBeGreaterThan(1);
      expect(core(await events("--search", text)), text).toEqual(expected);
    }
    const both = await rows(`${has("creatinine")} OR ${has("heart rate")}`);
    expect(core(await events("--search", "/Creatinine|heart +RATE/"))).toEqual(both);
    expect(core(await events("--search", "/Creatinine|heart +RATE/i", "--first", "3"))).toEqual(both.slice(0, 3));
    expect(core(await events("--search", "/Creatinine|heart +RATE/", "--last", "3"))).toEqual(both.slice(-3));
    const notes = await rows("text_value IS NOT NULL");
    const word = /[a-z]{5,}/i.exec(notes.at(-1)?.text_value ?? "")?.[0] ?? "";
    expect(core(await events("--search", word.toUpperCase()))).toEqual(await rows(has(word)));
    // A text is not a pattern: these characters mean themselves.
    expect(await events("--search", "creat.nine")).toEqual([]);
    expect(await events("--search", "[a-z]")).toEqual(await events("--search", "/\\[a-z\\]/"));
  });

  it("of one patient are the same bytes of JSON as before they were written in parts", async () => {
    const db = PatientDatabase.open(store);
    const patient = db.get(BigInt(subject))!;
    const whole = {
      subjectId: subject,
      split: patient.split,
      length: patient.length,
      staticCount: patient.staticCount,
      events: Array.from(patient, (event) => ({
        text_value: event.get("text_value"),
        time: event.time,
        code: event.code,
        description: db.codes.get(event.codeId)?.description ?? null,
        numeric_value: event.numericValue,
      })),
    };
    db.close();
    const { stdout } = await meds("show", store, subject, "--json", "--columns", "text_value");
    expect(stdout).toBe(`${JSON.stringify(whole)}\n`);
  });

  it("that contradict one another are wrong usage", async () => {
    for (const [args, text] of [
      [["--first", "1", "--last", "1"], /--first <n>' cannot be used with option '--last <n>'/],
      [["--from", "2021", "--until", "2020"], /--from is a later time than --until/],
      [["--search", ""], /It must not be empty/],
      [["--search", "/(/"], /must be a regular expression such as .*Unterminated group/],
    ] as const) {
      const { code, stdout, stderr } = await meds("show", store, subject, ...args);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(text);
      expect(stderr).toMatch(/^MEDS_USAGE: [^\n]+\n$/);
    }
  });

  it("of a patient that is not there name some that are", async () => {
    const { code, stderr } = await meds("show", clinic, "7");
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/Subject 7 is not among the 1 patients of this store\. Check the id\. The store contains 1\.\n$/),
    ]);
  });
});

/** The lines of the clinic's patient. */
function lines(columns: number | null, search?: string, codes = /./, further: readonly string[] = []): string[] {
  const db = PatientDatabase.open(clinic);
  try {
    const patient = db.get(1)!;
    const one = search === undefined ? undefined : Search.of(search);
    const has = one?.rows(db, "text_value") ?? (() => true);
    const rows = Array.from(patient).filter((event) => has(event) && codes.test(event.code));
    return [...timelineLines({ db, patient, rows, known: patient, columns: further, search: one, width: columns })];
  } finally {
    db.close();
  }
}

describe("a timeline for people", () => {
  it("is grouped by visit and day, with descriptions before codes", () => {
    const text = lines(null).map((line) => line.replace(LONG_CODE, "LONG").replace(/"The patient.*/, '"…"'));
    expect(text).toEqual([
      "Patient 1, 14 events, 1960-03-01 to 2020-03-05",
      "│ marks the rows of a visit (hadm_id)",
      "",
      "Without a time",
      "           GENDER//F",
      "1960-03-01",
      "   00:00   MEDS_BIRTH",
      "",
      "Visit 900, 2020-01-01 08:00 to 2020-01-02 10:00, 6 rows",
      "2020-01-01",
      "   08:00 │ ADMISSION",
      `         │ ${DESCRIPTIONS["LAB//NA"]!.padEnd(56)}  138.5  LAB//NA`,
      `   09:30   ${DESCRIPTIONS["LAB//NA"]!.padEnd(56)}  1.1    LAB//NA`,
      "23:59:59.5 │ LONG",
      "2020-01-02",
      '   07:00 │ NOTE                                                      "…"',
      `         │ ${DESCRIPTIONS["GLUCOSE//血糖"]}${" ".repeat(56 - 44)}  5      GLUCOSE//血糖  "e\u0301\u0301 ok"`,
      "   10:00 │ DISCHARGE",
      "",
      "2020-01-02",
      `   18:00   ${DESCRIPTIONS["LAB//K"]}  4  LAB//K`,
      "",
      "Visit 901, 2020-03-01 10:00 to 2020-03-05 12:00, 3 rows",
      "2020-03-01",
      "   10:00 │ ADMISSION",
      "",
      "Visit 902, 2020-03-01 11:00, 1 row",
      "2020-03-01",
      '   11:00 │ ADMISSION                                                 "clinic"',
      "",
      "Visit 901, continued",
      "2020-03-01",
      `   12:00 │ ${DESCRIPTIONS["LAB//K"]}  4.5  LAB//K`,
      "2020-03-05",
      "   12:00 │ DISCHARGE",
    ]);
  });

  it("says how many rows of a visit are shown, and shows where a text has what was searched", () => {
    const text = lines(null, "sodium");
    expect(text[0]).toMatch(/, showing 3$/);
    expect(text).toContain("Visit 900, 2020-01-01 08:00 to 2020-01-02 10:00, 6 rows, 2 of them shown");
    const note = text.find((line) => line.includes("NOTE")) ?? "";
    expect(note).toMatch(/"…today\. Serum sodium was low\. Nothing.*…"$/);
  });

  it("has no visits without a name, or in columns of lists, and times that no number expresses", async () => {
    const shownWith = async (type: string, values: readonly string[]) => {
      const at = folder();
      mkdirSync(join(at, "data"));
      const rows = values.map(
        (value, i) => `(1::BIGINT, make_timestamp(${i >= 2 ? "8000000000000" : i}::BIGINT * 1000000), 'A', NULL::FLOAT, ${value}::${type})`,
      );
      await duckdb(
        `COPY (SELECT * FROM (VALUES ${rows.join()}) t(subject_id, time, code, numeric_value, visit_id)) TO '${at}/data/0.parquet'`,
      );
      expect((await meds("convert", at, join(at, "s.medsdb"))).code).toBe(0);
      const { stdout } = await meds("show", join(at, "s.medsdb"), "1");
      return stdout.match(/^Visit .*$/gm) ?? [];
    };
    expect(await shownWith("VARCHAR", ["''", "'a'", "'a'", "NULL"])).toEqual([
      "Visit a, 1970-01-01 00:00:01 to +255479-11-28 14:13:20, 2 rows",
    ]);
    expect(await shownWith("BOOLEAN", ["true", "false"])).toEqual([]);
    expect(await shownWith("BIGINT[]", ["[1]", "[2]"])).toEqual([]);
  });

  it("says so if no rows are left", () => {
    expect(lines(null, "nothing like this")).toEqual([
      "Patient 1, 14 events, 1960-03-01 to 2020-03-05, showing 0",
      "",
      "There are no such rows.",
    ]);
  });

  it("fits any width, cuts no code, and loses nothing that one line per row has", () => {
    const bare = (text: readonly string[]) => text.join("").replaceAll(/[\s│]/g, "");
    // The note shows as much as there is room for.
    const whole = bare(lines(null, undefined, /^(?!NOTE)/, ["hadm_id"]));
    expect(whole).toContain(LONG_CODE);
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 260 }), (columns) => {
        for (const line of lines(columns, undefined, /./, ["hadm_id"])) expect(width(line), line).toBeLessThanOrEqual(columns);
        expect(bare(lines(columns, undefined, /^(?!NOTE)/, ["hadm_id"]))).toBe(whole);
      }),
    );
    const note = (columns: number) => lines(columns, undefined, /^NOTE/).join("").replaceAll(/\s+/g, " ").length;
    expect(note(250)).toBeGreaterThan(note(80) + 100);
  });

  it("has all rows of visits that DuckDB counts", async () => {
    const { stdout } = await meds("show", store, subject);
    const visits = await duckdb(`SELECT visit_id, strftime(min(time), '%Y-%m-%d %H:%M') AS first, count(*) AS n FROM ${data}
      WHERE subject_id = ${subject} AND visit_id IS NOT NULL AND time IS NOT NULL GROUP BY 1 ORDER BY min(file_row_number)`);
    const headings = [...stdout.matchAll(/^Visit (\d+), (\S+ \d\d:\d\d)\S*(?: to [^,]+)?, ([\d,]+) rows?$/gm)];
    expect(headings.map(([, id, first, n]) => [id, first, Number(n!.replace(",", ""))])).toEqual(
      visits.map(({ visit_id, first, n }) => [String(visit_id), first, Number(n)]),
    );
    const [row] = await duckdb(`SELECT count(*) AS n FROM ${data} WHERE subject_id = ${subject}
      AND visit_id IS NOT NULL AND time IS NOT NULL`);
    expect(stdout.split("\n").filter((line) => / │ /.test(line)).length).toBe(Number(row?.n));
  });
});

describe("the pager", () => {
  const of = (...args: Parameters<typeof pagers>) => pagers(...args).map(({ command, args: own, shell }) => [command, ...own, shell]);

  it("is PAGER, or less or more; none where the user wants none", () => {
    expect(of(true, {}, "linux")).toEqual([
      ["less", "-FRX", false],
      ["more", false],
    ]);
    expect(of(true, {}, "win32")).toEqual([["less", "-FRX", false]]);
    expect(of(true, { PAGER: "most -s" }, "linux")).toEqual([["most -s", true]]);
    expect(of(true, { NO_PAGER: "" }, "linux")).toHaveLength(2);
    for (const env of [{ PAGER: "cat" }, { PAGER: "" }, { NO_PAGER: "1", PAGER: "less" }, { TERM: "dumb" }])
      expect(of(true, env, "linux"), JSON.stringify(env)).toEqual([]);
    expect(of(false, { PAGER: "less" }, "linux")).toEqual([]);
  });

  const seen = join(work, "seen");
  const script = (name: string, body: string) => {
    writeFileSync(join(work, name), `import { writeFileSync } from "node:fs";\nconst seen = ${JSON.stringify(seen)};\n${body}`);
    return `"${process.execPath}" "${join(work, name)}"`;
  };
  const NOT_USED = "(no pager)";
  const used = (command: string, env: NodeJS.ProcessEnv, size?: [number, number]) => {
    writeFileSync(seen, NOT_USED);
    const ran = terminal(command, env, size);
    return { ...ran, seen: readFileSync(seen, "utf8") };
  };

  describe.skipIf(!TERMINAL)("on a terminal", () => {
    const all = 'let text = "";\nfor await (const part of process.stdin.setEncoding("utf8")) text += part;\nwriteFileSync(seen, text);';

    it("gets what does not fit on the terminal, wrapped to its width, and nothing else", () => {
      const PAGER = script("all.mjs", all);
      const env = { PAGER, NO_COLOR: "1" };
      const long = used(`show "${store}" ${longest}`, env, [60, 20]);
      expect([long.code, long.text]).toEqual([0, ""]);
      const direct = used(`show "${store}" ${longest} --no-pager`, env, [60, 20]);
      expect([direct.code, direct.seen]).toEqual([0, NOT_USED]);
      expect(direct.text).toBe(long.seen);
      expect(direct.text.split("\n").length).toBeGreaterThan(1000);
      for (const line of direct.text.split("\n")) expect(width(line), line).toBeLessThanOrEqual(60);
      const short = used(`show "${store}" ${longest} --last 2`, env);
      expect([short.code, short.seen]).toEqual([0, NOT_USED]);
      expect(short.text).toMatch(/, showing\s2\n/);
      expect(used(`show "${store}" ${longest} --last 20`, { ...env, PAGER: "cat" }).seen).toBe(NOT_USED);
      expect(used(`show "${store}" ${longest}`, { ...env, NO_PAGER: "1" }).seen).toBe(NOT_USED);
      expect(used(`show "${store}" ${longest} --json`, env).seen).toBe(NOT_USED);
      // COLUMNS and LINES are the user's.
      const wide = used(`show "${store}" ${longest} --last 30`, { ...env, COLUMNS: "300", LINES: "500" });
      expect(wide.seen).toBe(NOT_USED);
      expect(wide.text).toContain(", showing 30");
    });

    it("may be left early, without an error", () => {
      const early = used(`show "${store}" ${longest}`, {
        PAGER: script("early.mjs", 'process.stdin.once("data", () => process.exit(0));'),
      });
      expect(early).toMatchObject({ code: 0, text: "" });
      const failing = used(`show "${store}" ${longest}`, { PAGER: script("fail.mjs", "process.exit(3);") });
      expect(failing).toMatchObject({ code: 0, text: "" });
    });

    it("that cannot run is replaced by no pager, and nothing is lost", () => {
      const env = { PAGER: "no-such-pager-anywhere", NO_COLOR: "1" };
      const { code, text } = used(`show "${store}" ${longest}`, env);
      expect(code).toBe(0);
      const [first, ...rest] = text.split("\n");
      expect(first).toContain("no-such-pager-anywhere");
      expect(rest.join("\n")).toBe(used(`show "${store}" ${longest} --no-pager`, env).text);
    });

    it("shows hits in another colour, only where there are colours", () => {
      const command = `show "${store}" ${subject} --search CREATININE --last 3 --no-pager`;
      expect(used(command, {}).text).toContain("\u001b[7mCreatinine\u001b[27m");
      expect(used(command, { NO_COLOR: "1" }).text).toContain("Creatinine");
      expect(used(command, { NO_COLOR: "1" }).text).not.toContain("\u001b");
    });
  });

  it("is not used in a pipe, whose text is the same for any terminal", async () => {
    writeFileSync(seen, NOT_USED);
    const env = { PAGER: script("piped.mjs", 'writeFileSync(seen, "used");'), COLUMNS: "40", LINES: "5" };
    const narrow = await start(["show", store, longest], env).done;
    const usual = await start(["show", store, longest]).done;
    expect([narrow.code, narrow.stderr, readFileSync(seen, "utf8")]).toEqual([0, "", NOT_USED]);
    expect(narrow.stdout).toBe(usual.stdout);
    const rows = usual.stdout.split("\n").filter((line) => /^.{8} [ │] \S/.test(line));
    const [row] = await duckdb(`SELECT count(*) AS n FROM ${data} WHERE subject_id = ${longest}`);
    expect(rows.length).toBe(Number(row?.n));
  });
});
