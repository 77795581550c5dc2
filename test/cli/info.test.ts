// `meds-reader info`: every figure against DuckDB.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PatientDatabase } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { factsOf, quantile } from "../../dist/cli/facts.js";
import { duckdb, folder, meds } from "./run.js";

const work = folder();
const source = join(work, "source");
const store = join(work, "store.medsdb");
const data = `read_parquet('${source}/data/**/*.parquet')`;

beforeAll(async () => {
  expect((await meds("generate", source, "--patients", "41", "--events", "30000", "--seed", "9")).stderr).toBe("");
  expect((await meds("convert", source, store)).stderr).toBe("");
});

const info = async (...args: string[]) => JSON.parse((await meds("info", ...args, "--json")).stdout);

describe("the facts of a store", () => {
  it("have events per patient, midnights and descriptions as DuckDB counts them", async () => {
    const facts = await info(store);
    const [row] = await duckdb(`WITH n AS (SELECT count(*) AS n FROM ${data} GROUP BY subject_id)
      SELECT min(n) AS least, quantile_cont(n, 0.25) AS lower, median(n) AS median, quantile_cont(n, 0.75) AS upper, max(n) AS most, avg(n) AS mean FROM n`);
    expect(facts.eventsPerPatient).toEqual({
      least: Number(row?.least),
      lowerQuartile: row?.lower,
      median: row?.median,
      upperQuartile: row?.upper,
      most: Number(row?.most),
      mean: row?.mean,
    });
    const [times] = await duckdb(`SELECT count(time) AS times, count(*) FILTER (time = date_trunc('day', time)) AS midnight FROM ${data}`);
    expect(facts.midnight).toEqual({ times: Number(times?.times), midnight: Number(times?.midnight), patients: 41 });
    const [codes] = await duckdb(`SELECT count(DISTINCT code) AS codes, count(*) AS events FROM ${data}
      JOIN (SELECT DISTINCT code FROM '${source}/metadata/codes.parquet' WHERE description IS NOT NULL) USING (code)`);
    expect([facts.describedCodes, facts.describedEvents]).toEqual([codes?.codes, codes?.events].map(Number));
    expect(facts.describedCodes).toBeLessThan(facts.codes);
    expect(facts.tasks).toBe(null);
  });

  it("have the times between which 98 % of events are, to 72 minutes", async () => {
    const { middleTimes } = await info(store);
    const [row] =
      await duckdb(`SELECT count(time) AS n, count(*) FILTER (epoch_us(time) BETWEEN ${middleTimes.begin} AND ${middleTimes.end}) AS within,
      quantile_disc(epoch_us(time), 0.01) AS low, quantile_disc(epoch_us(time), 0.99) AS high FROM ${data} WHERE time IS NOT NULL`);
    expect(middleTimes.share).toBe(0.98);
    expect(Number(row?.within) / Number(row?.n)).toBeGreaterThanOrEqual(0.98);
    for (const [bound, exact] of [
      [middleTimes.begin, row?.low],
      [middleTimes.end, row?.high],
    ])
      expect(Math.abs(Number(bound) - Number(exact))).toBeLessThan(3 * 2 ** 32);
  });

  it("hold for times outside of 1684 to 2255, one patient, static rows only, and a sample of patients", async () => {
    const make = async (name: string, rows: string) => {
      mkdirSync(join(work, name, "data"), { recursive: true });
      await duckdb(
        `COPY (SELECT subject_id::BIGINT AS subject_id, time::TIMESTAMP AS time, code, NULL::FLOAT AS numeric_value
          FROM (VALUES ${rows}) t(subject_id, time, code)) TO '${work}/${name}/data/0.parquet'`,
      );
      expect((await meds("convert", join(work, name), join(work, `${name}.medsdb`))).code).toBe(0);
      return join(work, `${name}.medsdb`);
    };
    const odd = await make(
      "odd",
      "(1, '0001-01-01', 'A'), (1, '1500-06-01 00:00:00.000001', 'A'), (1, '2020-01-01', 'A'), (1, '9999-12-31', 'B')",
    );
    const facts = await info(odd);
    expect(facts).toMatchObject({ midnight: { times: 4, midnight: 3, patients: 1 }, describedCodes: 0, describedEvents: 0 });
    expect(facts.eventsPerPatient).toEqual({ least: 4, lowerQuartile: 4, median: 4, upperQuartile: 4, most: 4, mean: 4 });
    expect(facts.firstTime).toBe("-62135596800000000");
    // So few times are all within.
    expect(facts.middleTimes).toEqual({ share: 0.98, begin: facts.firstTime, end: facts.lastTime });
    expect(facts.lastTime).toBe("253402214400000000");
    expect((await meds("info", odd)).stdout).toMatch(/Times +0001-01-01 to 9999-12-31 \(9,999 years\)\n/);

    expect((await meds("info", odd)).stdout).toMatch(/Per patient +4 events\n/);

    const still = await make("still", "(1, NULL, 'A'), (2, NULL, 'A')");
    expect(await info(still)).toMatchObject({ middleTimes: null, midnight: { times: 0, midnight: 0, patients: 2 }, firstTime: null });
    expect((await meds("info", still)).stdout).toMatch(/Times +none: all rows are static\n/);
    expect((await meds("info", still)).stdout).not.toContain("Midnight");

    const db = PatientDatabase.open(store);
    const sample = factsOf(db, 10_000);
    const some = Array.from({ length: 14 }, (_, i) => db.at(3 * i)!); // 30,000 events: one of three patients
    expect(sample.midnight.patients).toBe(14);
    expect(sample.midnight.times).toBe(some.reduce((sum, patient) => sum + patient.length - patient.staticCount, 0));
    expect(sample.eventsPerPatient).toEqual(factsOf(db).eventsPerPatient);
    db.close();
  });

  it("has quantiles as numpy has them", () => {
    const values = Float64Array.of(1, 2, 4, 8, 16);
    expect([0, 0.1, 0.25, 0.5, 0.9, 1].map((share) => quantile(values, share))).toEqual([1, 1.4, 2, 4, 12.8, 16]);
    expect(quantile(Float64Array.of(3), 0.7)).toBe(3);
  });
});

describe("info for people", () => {
  it("says none and all of a column only where that is exact", async () => {
    const columns = `SELECT r AS subject_id, TIMESTAMP '2020-01-01 10:00' AS time, 'A' AS code, NULL::FLOAT AS numeric_value,
      CASE WHEN r = 1 THEN 'x' END AS one, CASE WHEN r > 1 THEN 'x' END AS but_one, NULL::VARCHAR AS none, CASE WHEN r <= 500 THEN 'x' END AS half`;
    mkdirSync(join(work, "nulls", "data"), { recursive: true });
    await duckdb(`COPY (${columns} FROM range(1, 20001) t(r)) TO '${work}/nulls/data/0.parquet'`);
    expect((await meds("convert", join(work, "nulls"), join(work, "nulls.medsdb"))).code).toBe(0);
    const { stdout } = await meds("info", join(work, "nulls.medsdb"));
    const shares = Object.fromEntries(
      [...stdout.matchAll(/^ {2}(\w+) .* {2}((?:[<\d.]+ ?[\d.]* % null)|all null|no nulls)$/gm)].map(([, name, text]) => [name, text]),
    );
    expect(shares).toMatchObject({
      code: "no nulls",
      one: "99.995 % null",
      but_one: "< 0.1 % null",
      none: "all null",
      half: "97.5 % null",
    });
  });

  it("has a line for events per patient, times, midnights and codes", async () => {
    const { stdout } = await meds("info", store);
    expect(stdout).toMatch(/^ {2}Per patient +[\d,]+ to [\d,]+ events, median [\d,]+; half of the patients have [\d,]+ to [\d,]+$/m);
    expect(stdout).toMatch(/^ {2}Times +\S+ to \S+ \(\d+ years\); 98 % of them \S+ to \S+ \([\d.]+ years\)$/m);
    expect(stdout).toMatch(/^ {2}Midnight +(< )?[\d.]+ % of times are exactly midnight: they may be dates without a time of day$/m);
    expect(stdout).toMatch(/^ {2}Codes +[\d,]+; [\d,]+ have a description \([\d.]+ % of events\)$/m);
    expect(stdout).not.toContain("Label tasks");
  });
});

describe("label tasks", () => {
  const tasks = join(work, "tasks");
  beforeAll(async () => {
    const subjects = (await duckdb(`SELECT DISTINCT subject_id FROM ${data} ORDER BY 1 LIMIT 3`)).map(({ subject_id }) =>
      String(subject_id),
    );
    for (const name of ["death/train", "stay", "broken"]) mkdirSync(join(tasks, name), { recursive: true });
    const at = (rows: string[], columns: string, file: string) =>
      duckdb(`COPY (SELECT * FROM (VALUES ${rows.join()}) t(subject_id, prediction_time, ${columns})) TO '${tasks}/${file}'`);
    const row = (subject: string, day: number, value: string) => `(${subject}::BIGINT, TIMESTAMP '2010-01-0${day}', ${value})`;
    await at(
      [row(subjects[0]!, 3, "true"), row(subjects[0]!, 1, "false"), row("5", 2, "false"), row(subjects[1]!, 2, "NULL::BOOLEAN")],
      "boolean_value",
      "death/train/0.parquet",
    );
    await at([row(subjects[2]!, 5, "2.5::FLOAT")], "float_value", "stay/0.parquet");
    writeFileSync(join(tasks, "broken", "0.parquet"), "this is not Parquet");
  });

  it("are counted, and one that cannot be read does not hide the others", async () => {
    const facts = await info(store, "--labels", tasks);
    expect(facts.tasks).toEqual([
      { task: "broken", problem: expect.stringContaining("broken"), problemCode: "MEDS_SOURCE_DAMAGED" },
      {
        task: "death",
        labels: 4,
        subjects: 3,
        subjectsInStore: 2,
        columns: ["boolean_value"],
        positive: 1,
        negative: 2,
        censored: 0,
        firstTime: "1262304000000000",
        lastTime: "1262476800000000",
      },
      expect.objectContaining({
        task: "stay",
        labels: 1,
        subjects: 1,
        subjectsInStore: 1,
        columns: ["float_value"],
        positive: null,
        negative: null,
      }),
    ]);
    const { code, stdout } = await meds("info", store, "--labels", tasks);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}death +4 labels +3 subjects, 1 not in this store +1 true \(33\.3 %\) +2010-01-01 to 2010-01-03$/m);
    expect(stdout).toMatch(/^ {2}stay +1 label +1 subject +float_value +2010-01-05 to 2010-01-05$/m);
    expect(stdout).toMatch(/^ {2}broken +cannot be read: MEDS_SOURCE_DAMAGED: /m);
  });

  it("may be one file; a folder without labels is an error that says what to do", async () => {
    const { tasks: one } = await info(store, "--labels", join(tasks, "stay", "0.parquet"));
    expect(one).toMatchObject([{ task: "0.parquet", labels: 1 }]);
    const absent = await meds("info", store, "--labels", join(source, "absent"));
    expect([absent.code, absent.stdout, absent.stderr]).toEqual([1, "", expect.stringMatching(/^MEDS_NOT_FOUND: .* Check the path\.\n$/)]);
    mkdirSync(join(work, "empty"));
    const none = await meds("info", store, "--labels", join(work, "empty"));
    expect([none.code, none.stderr]).toEqual([1, expect.stringMatching(/^MEDS_NO_DATA: .*Use a folder that contains label tasks\.\n$/)]);
  });
});
