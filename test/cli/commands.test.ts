import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import type { SamplesPlan } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { duckdb, folder, meds, start } from "./run.js";

const work = folder();
const source = join(work, "source");
const store = join(work, "store.medsdb");
const data = `read_parquet('${source}/data/**/*.parquet', file_row_number = true)`;
/** A subject of a middling length. */
let subject = "";

beforeAll(async () => {
  const made = await meds("generate", source, "--patients", "40", "--events", "30000", "--seed", "5", "--files", "4", "--json");
  expect(made.stderr).toBe("");
  expect(JSON.parse(made.stdout)).toMatchObject({ out: source, patients: 40, events: 30000, files: 4 });
  const converted = await meds("convert", source, store, "--json");
  expect(converted.stderr).toBe("");
  expect(JSON.parse(converted.stdout)).toMatchObject({ store, reused: false, patients: 40, events: 30000 });
  const [row] = await duckdb(`SELECT subject_id FROM ${data} GROUP BY 1 HAVING count(*) > 300 ORDER BY count(*), 1 LIMIT 1`);
  subject = String(row?.subject_id);
});

describe("generate", () => {
  it("writes equal bytes for equal seeds, with any number of threads", async () => {
    const other = join(work, "again");
    await meds("generate", other, "--patients", "40", "--events", "30000", "--seed", "5", "--files", "4", "--threads", "1");
    const files = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.\w+$/.test(name));
    expect(files(other).sort()).toEqual(files(source).sort());
    for (const name of files(source)) expect(readFileSync(join(other, name)).equals(readFileSync(join(source, name))), name).toBe(true);
  });
});

describe("batches", () => {
  it("writes a complete file or none", async () => {
    const folder = join(work, "batches");
    mkdirSync(folder);
    const split = Object.keys(JSON.parse((await meds("info", store, "--json")).stdout).splits)[0]!;
    const out = join(folder, "b.arrows");
    const small = ["--split", split, "--max-length", "16", "--out", out];
    const { code, stdout, stderr } = await meds("batches", store, ...small);
    expect([code, stdout, stderr]).toEqual([0, "", expect.stringMatching(/^\d+ samples in 1 batches/)]);
    expect(readdirSync(folder)).toEqual(["b.arrows"]);
    const wide = await meds("batches", store, ...small, "--max-length", "1000000000");
    expect([wide.code, wide.stderr]).toEqual([1, expect.stringMatching(/^MEDS_INVALID_ARGUMENT: /)]);
    expect(readdirSync(folder)).toEqual(["b.arrows"]);
    const nowhere = await meds("batches", store, "--split", split, "--out", join(folder, "no", "b.arrows"));
    expect([nowhere.code, nowhere.stderr]).toEqual([
      1,
      expect.stringMatching(/^MEDS_NOT_FOUND: [^\n]*the folder [^\n]* does not exist[^\n]*\n$/),
    ]);
  });
});

describe("batches --order local", () => {
  it("writes each sample in the batches of one rank, which reads the shards of its plan", async () => {
    const { splits } = JSON.parse((await meds("info", store, "--json")).stdout) as { splits: Record<string, number> };
    const patients = splits.train!;
    const local = [
      "batches",
      store,
      "--split",
      "train",
      "--max-length",
      "16",
      "--batch-size",
      "8",
      "--order",
      "local",
      "--world-size",
      "2",
    ];
    const plans = [];
    const rest = join(work, "rest.arrows");
    const weightOf = (file: string) =>
      tableFromIPC(readFileSync(file))
        .batches.flatMap((batch) => [...(batch.getChild("weight")!.toArray() as Float32Array)])
        .reduce((a, b) => a + b, 0);
    let written = 0;
    for (const rank of ["0", "1", "0,1"]) {
      const { code, stdout, stderr } = await meds(...local, "--rank", rank, "--plan");
      expect([code, stderr]).toEqual([0, ""]);
      plans.push(JSON.parse(stdout) as SamplesPlan);
      if (rank === "0,1") continue;
      const out = join(work, `rank-${rank}.arrows`);
      const made = await meds(...local, "--rank", rank, "--shuffle", "--out", out);
      expect([made.code, made.stdout]).toEqual([0, ""]);
      written += weightOf(out);
    }
    expect(written).toBe(patients);
    expect(plans.map(({ samples }) => samples)).toEqual([expect.any(Number), patients - plans[0]!.samples, patients]);
    // Two processes took a batch each. One goes on.
    expect((await meds(...local, "--world-size", "1", "--shuffle", "--resume", "2x1", "--out", rest)).code).toBe(0);
    expect(weightOf(rest)).toBe(patients - 16);
    expect(plans[2]).toMatchObject({ ranks: [0, 1], files: ["shards/00000.arrow"], shards: [0] });
  });
});

describe("notes", () => {
  const rows = `${data} WHERE code LIKE 'NOTE//%' AND text_value <> ''`;

  it("counts the notes of each type as DuckDB does", async () => {
    const expected = await duckdb(
      `SELECT code, count(*)::INT AS notes, count(DISTINCT subject_id)::INT AS patients, sum(length(text_value))::INT AS length, max(length(text_value))::INT AS longest FROM ${rows} GROUP BY 1 ORDER BY 2 DESC`,
    );
    const found = JSON.parse((await meds("notes", store, "--json")).stdout) as Record<string, unknown>[];
    expect(found.map(({ name: _, ...type }) => type)).toEqual(expected);
    expect((await meds("notes", store)).stdout).toContain(`${found.length} types`);
  });

  it("finds as many matches as DuckDB's own regular expressions", async () => {
    const pattern = "\\b[a-z]\\w+ (pain|fever|overnight)";
    const [expected] = await duckdb(
      `SELECT count(*)::INT AS n, sum(len(regexp_extract_all(text_value, '${pattern}')))::INT AS matches, count(DISTINCT subject_id) FILTER (regexp_matches(text_value, '${pattern}'))::INT AS patients FROM ${rows} AND time < TIMESTAMP '2015-01-01'`,
    );
    const found = await meds("notes", store, `/${pattern}/`, "--until", "2015-01-01", "--exclusive", "--limit", "1", "--json");
    const { notesSearched, matches, patientsFound, hits } = JSON.parse(found.stdout);
    expect({ n: notesSearched, matches, patients: patientsFound }).toEqual(expected);
    expect(hits).toHaveLength(1);
    expect(matches).toBeGreaterThan(1);
  });

  it("shows matches in their surroundings, and how many there are", async () => {
    const { stdout, code } = await meds("notes", store, "chest pain", "--type", "nursing", "--limit", "2");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+ {2}\d{4}-\d\d-\d\d {2}NOTE\/\/Nursing note\n {2}.*[Cc]hest pain.*\n/);
    expect(stdout).toMatch(
      /[\d,]+ matches in [\d,]+ of [\d,]+ notes, of [\d,]+ patients; the first 2 are shown \(--limit 0 shows all\)\n$/,
    );
    expect((await meds("notes", store, "pain", "--type", "absent")).stderr).toContain("lists the types");
    expect((await meds("notes", store, "/pain")).stderr).toMatch(/^MEDS_USAGE: .*slash/);
    expect((await meds("notes", store, "/(/")).stderr).toMatch(/^MEDS_USAGE: /);
    expect((await meds("notes", store, "/a(?=b)/")).stderr).toMatch(/^MEDS_INVALID_ARGUMENT: .*look-ahead/);
  });
});

describe("convert", () => {
  it("overwrites only with --force", async () => {
    const refused = await meds("convert", source, store);
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toMatch(/^MEDS_STORE_EXISTS: [^\n]*\n$/);
    expect((await meds("convert", source, store, "--force")).code).toBe(0);
  });

  it("reports progress to programs on stderr, one JSON object per line", async () => {
    const { code, stdout, stderr } = await meds("convert", source, join(work, "watched.medsdb"), "--progress", "json", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout).events).toBe(30000);
    const lines = stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(Object.keys(line)).toEqual(["phase", "done", "total", "bytes", "bytesTotal", "seconds", "eta"]);
  });

  it("keeps the chosen columns", async () => {
    const narrow = join(work, "narrow.medsdb");
    await meds("convert", source, narrow, "--columns", "unit", "--shard-bytes", "1MiB", "--threads", "1");
    const columns = JSON.parse((await meds("info", narrow, "--json")).stdout).columns as { name: string }[];
    expect(columns.map(({ name }) => name).sort()).toEqual(["code", "time", "unit"]);
    const without = join(work, "without.medsdb");
    await meds("convert", source, without, "--exclude", "text_value,visit_id");
    const left = JSON.parse((await meds("info", without, "--json")).stdout).columns as { name: string }[];
    expect(left.map(({ name }) => name).sort()).toEqual(["code", "numeric_value", "omop_table", "time", "unit"]);
  });

  it("writes an index on request, and reports its size", async () => {
    const indexed = join(work, "indexed.medsdb");
    const { stdout } = await meds("convert", source, indexed, "--index");
    expect(stdout).toMatch(/ of it index, 1 shard\)\n/);
    expect((await meds("info", indexed)).stdout).toMatch(/Index +[^\n]* of it: each code's patients and rows\n/);
    expect((await meds("info", store)).stdout).toMatch(/Index +none/);
    expect(JSON.parse((await meds("info", indexed, "--json")).stdout).indexBytes).toBeGreaterThan(30_000);
    expect((await meds("verify", indexed, source)).code).toBe(0);
  });

  it("refuses a column that the source does not have, by name", async () => {
    const { code, stderr } = await meds("convert", source, join(work, "wrong.medsdb"), "--columns", "hadm_id");
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^MEDS_MISSING_COLUMN: [^\n]*hadm_id[^\n]*\n$/)]);
  });

  it("stops at Ctrl-C with code 130 and leaves nothing", async () => {
    const large = join(work, "large");
    const target = join(work, "stopped");
    mkdirSync(target);
    expect((await meds("generate", large, "--patients", "500", "--events", "3000000")).code).toBe(0);
    const { child, done } = start(["convert", large, join(target, "store.medsdb"), "--progress", "json", "--threads", "1"]);
    child.stderr?.once("data", () => child.kill("SIGINT"));
    const { code, stdout, stderr } = await done;
    expect([code, stdout]).toEqual([130, ""]);
    expect(stderr.trimEnd().split("\n").at(-1)).toMatch(/^MEDS_CANCELLED: /);
    expect(readdirSync(target)).toEqual([]);
  });
});

describe("info", () => {
  it("counts what DuckDB counts", async () => {
    const { code, stdout, stderr } = await meds("info", store, "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const facts = JSON.parse(stdout);
    const [row] = await duckdb(`SELECT count(*) AS events, count(DISTINCT subject_id) AS patients, count(DISTINCT code) AS codes,
      count(*) - count(time) AS static, epoch_us(min(time)) AS first, epoch_us(max(time)) AS last, count(*) - count(unit) AS units FROM ${data}`);
    const numbers = [
      facts.events,
      facts.patients,
      facts.codes,
      facts.staticEvents,
      facts.columns.find((column: { name: string }) => column.name === "unit").nulls,
    ];
    expect(numbers).toEqual([row?.events, row?.patients, row?.codes, row?.static, row?.units].map(Number));
    expect([facts.firstTime, facts.lastTime]).toEqual([String(row?.first), String(row?.last)]);
    const splits = await duckdb(`SELECT split, count(*) AS n FROM '${source}/metadata/subject_splits.parquet' GROUP BY 1`);
    expect(facts.splits).toEqual(Object.fromEntries(splits.map(({ split, n }) => [split, Number(n)])));
    const [top] = await duckdb(`SELECT code, count(*) AS n FROM ${data} GROUP BY 1 ORDER BY 2 DESC LIMIT 1`);
    expect(facts.frequentCodes[0]).toMatchObject({ code: top?.code, events: Number(top?.n) });
  });

  it("prints the same for people, without control codes where there is no terminal", async () => {
    const { stdout } = await meds("info", store);
    expect(stdout).toContain("30,000 (");
    expect(stdout).toContain("40 (held_out 4, train 32, tuning 4)");
    expect(stdout).toMatch(/numeric_value +float32? +dense/);
    expect(stdout).not.toMatch(/\p{Cc}(?<!\n)/u);
  });
});

describe("rows", () => {
  const count = async (where: string) => Number((await duckdb(`SELECT count(*)::INT AS n FROM ${data} WHERE ${where}`))[0]!.n);

  it("writes the chosen rows as Parquet", async () => {
    const out = join(work, "labs.parquet");
    const { code, stdout, stderr } = await meds(
      "rows",
      store,
      "--code",
      "LAB//*",
      "--out",
      out,
      "--columns",
      "subject_id,time,code,visit_id",
      "--json",
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toMatchObject({ out, rows: await count("starts_with(code, 'LAB//')") });
    const sorted = (from: string, where: string) =>
      duckdb(`SELECT subject_id, epoch_us(time) AS time, code, visit_id FROM ${from} WHERE ${where} ORDER BY ALL`);
    expect(await sorted(`read_parquet('${out}')`, "true")).toEqual(await sorted(data, "starts_with(code, 'LAB//')"));
  });

  it("writes rows between times, of a split and a list of subjects", async () => {
    const out = join(work, "part.csv");
    const ids = join(work, "some-ids.txt");
    const split = Object.keys(JSON.parse((await meds("info", store, "--json")).stdout).splits)[0]!;
    const members = await duckdb(
      `SELECT subject_id FROM read_parquet('${source}/metadata/subject_splits.parquet') WHERE split = '${split}'`,
    );
    const chosen = members.slice(0, 5).map(({ subject_id }) => String(subject_id));
    // One of another split, which --split leaves out.
    const others = await duckdb(
      `SELECT subject_id FROM read_parquet('${source}/metadata/subject_splits.parquet') WHERE split <> '${split}' LIMIT 1`,
    );
    writeFileSync(ids, [...chosen, ...others.map(({ subject_id }) => String(subject_id))].join("\n"));
    const args = ["rows", store, "--split", split, "--ids", ids, "--from", "2010", "--until", "2018-06", "--out", out];
    const own = `subject_id IN (${chosen.join(",")})`;
    const timed = `${own} AND time BETWEEN '2010-01-01' AND '2018-06-01'`;
    const written = async (...more: string[]) => {
      const { code, stdout, stderr } = await meds(...args, ...more);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain(out);
      return Number((await duckdb(`SELECT count(*)::INT AS n FROM read_csv('${out}')`))[0]!.n);
    };
    expect(await written()).toBe(await count(`${timed} OR (${own} AND time IS NULL)`));
    expect(await written("--no-static", "--columns", "all")).toBe(await count(timed));
    expect(readFileSync(out, "utf8").split("\n")[0]).toMatch(/^subject_id,time,code,numeric_value,.*visit_id/);
  });

  it("writes to stdout, and stops when its reader does", async () => {
    const { code, stdout } = await meds(
      "rows",
      store,
      "--code",
      "MEDS_BIRTH",
      "--columns",
      "subject_id,code",
      "--limit",
      "2",
      "--out",
      "-",
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^subject_id,code\n\d+,MEDS_BIRTH\n\d+,MEDS_BIRTH\n$/);
    const { child, done } = start(["rows", store, "--out", "-"]);
    child.stdout!.destroy();
    expect(await done).toMatchObject({ code: 0, stderr: "" });
  });

  it("reports what is wrong", async () => {
    const failed = async (...args: string[]) => (await meds("rows", store, ...args)).stderr.split(":")[0];
    expect(await failed("--out", join(work, "rows"))).toBe("MEDS_INVALID_ARGUMENT");
    // The numbers of the windows that --from makes are not a column of the store.
    expect(await failed("--out", "-", "--from", "2010", "--columns", "window")).toBe("MEDS_INVALID_ARGUMENT");
    expect(await failed("--out", "-", "--from", "2010", "--until", "2009")).toBe("MEDS_USAGE");
    expect(await failed("--out", join(work, "rows.csv"), "--columns", "nothing")).toBe("MEDS_UNKNOWN_COLUMN");
    expect(await failed("--out", join(work, "rows.csv"), "--split", "nothing")).toBe("MEDS_UNKNOWN_SPLIT");
    expect(await failed("--out", join(work, "rows.csv"), "--code", "NO_SUCH//")).toBe("MEDS_NO_CODE");
    expect(await failed()).toBe("MEDS_USAGE");
    expect(await failed("--out", "-", "--format", "xlsx")).toBe("MEDS_USAGE");
    expect(readdirSync(work).filter((name) => name.startsWith("rows"))).toEqual([]);
  });
});

describe("show", () => {
  interface Row {
    time: number | null;
    code: string;
    numeric_value: number | null;
    text_value: string | null;
    visit_id: string | null;
  }
  interface Shown {
    subjectId: string;
    length: number;
    staticCount: number;
    events: Row[];
  }
  const shown = async (...args: string[]) => JSON.parse((await meds("show", store, subject, "--json", ...args)).stdout) as Shown;
  const placed = data.replace("file_row_number = true", "file_row_number = true, filename = true");
  const rows = async (where = "true"): Promise<Row[]> => {
    const found = await duckdb(`SELECT epoch_us(time) AS time, code, numeric_value, text_value, visit_id FROM ${placed}
      WHERE subject_id = ${subject} AND ${where} ORDER BY filename, file_row_number`);
    return found.map(({ time, visit_id, ...rest }) => ({
      ...(rest as Omit<Row, "time" | "visit_id">),
      time: time === null ? null : Number(time),
      visit_id: visit_id === null ? null : String(visit_id),
    }));
  };
  const core = ({ events }: Shown) =>
    events.map(({ time, code, numeric_value, text_value, visit_id }) => ({ time, code, numeric_value, text_value, visit_id }));

  it("prints every row of the patient, in order", async () => {
    const patient = await shown();
    const expected = await rows();
    expect(patient).toMatchObject({ subjectId: subject, length: expected.length });
    expect(core(patient)).toEqual(expected);
  });

  it("cuts by time, code and count, in this order", async () => {
    const { events } = await shown();
    const middle = events[Math.floor(events.length / 2)]?.time ?? 0;
    const iso = new Date(middle / 1000).toISOString();
    const until = await rows(`(time IS NULL OR epoch_us(time) <= ${middle})`);
    expect(core(await shown("--until", String(middle)))).toEqual(until);
    expect(core(await shown("--until", iso))).toEqual(until);
    expect(core(await shown("--until", iso.replace("Z", "+00:00"), "--last", "7"))).toEqual(until.slice(-7));
    const labs = until.filter(({ code }) => code.startsWith("LAB//"));
    expect(core(await shown("--until", iso, "--code", "LAB//", "--last", "9"))).toEqual(labs.slice(-9));
    const both = (await rows()).filter(({ code }) => /^(GENDER\/\/|MEDS_BIRTH)/.test(code));
    expect(core(await shown("--code", "MEDS_BIRTH", "--code", "GENDER//"))).toEqual(both);
    expect(await meds("show", store, subject, "--code", "NO_SUCH//")).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^MEDS_NO_CODE: /),
    });
  });

  it("prints days, times once, descriptions and values with units", async () => {
    const { code, stdout } = await meds("show", store, subject, "--columns", "visit_id");
    expect(code).toBe(0);
    expect(stdout).toContain(`Patient ${subject}, split `);
    expect(stdout).toMatch(/^Without a time$/m);
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\d$/m);
    expect(stdout).toMatch(/ │ Creatinine +\d+(\.\d)? mg\/dL +LAB\/\/50912\/\/mg\/dL /);
    expect(stdout).toMatch(/visit_id=\d{11}/);
    const times = stdout.split("\n").filter((line) => /^ *\d\d:\d\d/.test(line)).length;
    const distinct = await duckdb(`SELECT count(DISTINCT time) AS n FROM ${data} WHERE subject_id = ${subject}`);
    expect(times).toBe(Number(distinct[0]?.n));
    expect(stdout).not.toMatch(/\p{Cc}(?<!\n)/u);
  });

  it("has no colours if NO_COLOR is set or there is no terminal", async () => {
    expect((await start(["show", store, subject], { FORCE_COLOR: "", NO_COLOR: "1" }).done).stdout).not.toContain("\u001b");
  });

  it("names a subject or column that is not there", async () => {
    const unknown = await meds("show", store, "-5");
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/^MEDS_UNKNOWN_SUBJECT: [^\n]*-5[^\n]*\n$/)]);
    const column = await meds("show", store, subject, "--columns", "ward");
    expect([column.code, column.stdout, column.stderr]).toEqual([
      1,
      "",
      expect.stringMatching(/^MEDS_UNKNOWN_COLUMN: [^\n]*ward[^\n]*\n$/),
    ]);
  });

  it("ends quietly when its reader goes away", async () => {
    const { child, done } = start(["show", store, subject, "--json"]);
    child.stdout?.destroy();
    const { code, stderr } = await done;
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("shows control characters of the data as text", async () => {
    const odd = join(work, "odd");
    await duckdb(`COPY (SELECT 7::BIGINT AS subject_id, TIMESTAMP '1969-12-31 23:59:59.999999' AS time, 'A' || chr(27) || '[31m' AS code,
      NULL::FLOAT AS numeric_value, 'two' || chr(10) || 'lines' || chr(7) AS text_value) TO '${work}/odd.parquet' (FORMAT parquet)`);
    cpSync(`${work}/odd.parquet`, join(odd, "data/0.parquet"));
    expect((await meds("convert", odd, `${odd}.medsdb`)).code).toBe(0);
    const { stdout } = await meds("show", `${odd}.medsdb`, "7");
    expect(stdout).toContain("1969-12-31");
    expect(stdout).toContain("23:59:59.999999");
    expect(stdout).toContain("A\\u001b[31m");
    expect(stdout).toContain('"two lines\\u0007"');
  });
});

describe("verify", () => {
  it("finds a store whole and equal to its source", async () => {
    for (const args of [[store], [store, source]]) {
      const { code, stdout, stderr } = await meds("verify", ...args);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/: ok, [^\n]*\n$/);
    }
    expect(JSON.parse((await meds("verify", store, source, "--json")).stdout)).toMatchObject({ ok: true, differences: [] });
  });

  it("lists a changed value with subject, row and column, and exits 1", async () => {
    const changed = join(work, "changed");
    cpSync(source, changed, { recursive: true });
    const [place] = await duckdb(
      `SELECT filename FROM ${data.replace("file_row_number = true", "filename = true")} WHERE subject_id = ${subject} LIMIT 1`,
    );
    const file = String(place?.filename);
    const copy = file.replace(source, changed);
    // The first row of the subject that has a value.
    const [row] =
      await duckdb(`SELECT min(file_row_number) AS at, (SELECT min(file_row_number) FROM ${data.replace(/'[^']+'/, `'${file}'`)} WHERE subject_id = ${subject}) AS first
      FROM ${data.replace(/'[^']+'/, `'${file}'`)} WHERE subject_id = ${subject} AND numeric_value IS NOT NULL`);
    await duckdb(`COPY (SELECT * EXCLUDE (file_row_number) REPLACE (CASE WHEN file_row_number = ${row?.at} THEN -1 ELSE numeric_value END::FLOAT AS numeric_value)
      FROM read_parquet('${file}', file_row_number = true) ORDER BY file_row_number) TO '${copy}' (FORMAT parquet)`);
    const { code, stdout } = await meds("verify", store, changed, "--json");
    const { ok, differences } = JSON.parse(stdout) as { ok: boolean; differences: { subject: string; row: number; column: string }[] };
    expect([code, ok]).toEqual([1, false]);
    const at = { subject, row: Number(row?.at) - Number(row?.first), column: "numeric_value" };
    expect(differences.filter(({ column }) => column !== null)).toEqual([expect.objectContaining(at)]);
    const people = await meds("verify", store, changed);
    expect(people.code).toBe(1);
    expect(people.stdout).toContain(`subject ${subject}, row ${at.row}, column numeric_value: `);
    expect(people.stdout).not.toMatch(/null|undefined/);
  });

  it("finds a flipped byte", async () => {
    const damaged = join(work, "damaged.medsdb");
    cpSync(store, damaged, { recursive: true });
    const file = join(damaged, "shards/00000.arrow");
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file, bytes);
    const { code, stdout, stderr } = await meds("verify", damaged);
    expect(code).toBe(1);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^shards\/00000\.arrow: .*checksum/m);
  });
});

describe("transform", () => {
  it("accepts a function and ready transforms, and reports what it did", async () => {
    const module = join(work, "louder.mjs");
    writeFileSync(
      module,
      "export function* louder(patient, { by }) { for (const event of patient) yield event.numericValue === null ? event : event.with({ numeric_value: event.numericValue * by, loud: true }); }",
    );
    const out = join(work, "louder.medsdb");
    const options = ["--module", module, "--export-name", "louder", "--args", '{"by": 2}', "--column", "loud=bool"];
    const ready = ["--before-birth-to-birth", "30", "--midnight-to-day-end", "LAB//*", "--icd10-to-icd10cm"];
    const { code, stdout, stderr } = await meds("transform", store, out, ...options, ...ready, "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const [values] = await duckdb(`SELECT count(*) AS n FROM ${data} WHERE numeric_value IS NOT NULL`);
    expect(JSON.parse(stdout)).toMatchObject({ store: out, patients: 40, events: 30000 });
    expect(JSON.parse(stdout).notes).toContainEqual({
      kind: "converted",
      message: "rows that the function changed",
      count: Number(values!.n),
    });
    const { options: made } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
    expect(made.transform.ready.map(({ name }: { name: string }) => name)).toEqual([
      "before_birth_to_birth",
      "midnight_to_day_end",
      "icd10_to_icd10cm",
    ]);
    expect(made.transform).toMatchObject({ args: '{"by":2}', columns: [{ name: "loud", type: "bool" }] });
    const again = await meds("transform", store, out, "--icd10-to-icd10cm");
    expect([again.code, again.stderr]).toEqual([1, expect.stringMatching(/^MEDS_STORE_EXISTS: [^\n]*\n$/)]);
  });

  it("selects rows by code or by column, and refuses what it cannot read", async () => {
    const out = join(work, "never.medsdb");
    const stderr = async (...args: string[]) => {
      const { code, stderr } = await meds("transform", store, out, ...args);
      return [code, stderr];
    };
    const billing = ["--billing-to-visit-end", "--billing-rows", "code=ICD10/*", "--billing-rows", "code=CPT/*", "--visit-rows", "unit=x"];
    for (const unheard of [
      ["--args", "{}"],
      ["--export-name", "x"],
      ["--billing-rows", "code=A"],
      ["--visit-rows", "code=A"],
      ["--end-column", "x"],
    ])
      expect(await stderr("--icd10-to-icd10cm", ...unheard)).toEqual([2, expect.stringContaining(`${unheard[0]} has no effect without `)]);
    expect(await stderr(...billing)).toEqual([1, expect.stringMatching(/^MEDS_UNKNOWN_COLUMN: .*"end"/)]);
    expect(await stderr("--visit-start-to-first-event", "--visit-rows", "code=A", "--visit-column", "none")).toEqual([
      1,
      expect.stringContaining('"none"'),
    ]);
    for (const wrong of [
      [],
      ["--billing-rows", "code"],
      ["--billing-rows", "a=b", "--billing-rows", "c=d"],
      ["--column", "x"],
      ["--args", "{"],
      ["--before-birth-to-birth", "x"],
    ])
      expect((await stderr(...wrong))[0]).toBe(2);
    expect(await stderr("--module", join(work, "absent.mjs"))).toEqual([1, expect.stringMatching(/^MEDS_NOT_FOUND: /)]);
  });
});
