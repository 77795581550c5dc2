// LUMIA XML of real data: the multiset of (time, type, code, name, value) is that of SQL over the Parquet files.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { convert, PatientDatabase, texts } from "meds-reader";
import sax from "sax";
import { describe, expect, it } from "vitest";
import { duck } from "../support/dataset.js";
import { folder } from "../support/folder.js";
import { full } from "../support/property.js";
import { real } from "../support/real.js";

const mimic = real("mimic-iv-demo-meds-0.0.1");
const gibleed = real("gibleed-omop-5.3");

/** The events of a file, as lines "subject time type code name value", sorted. */
async function fromXml(db: PatientDatabase): Promise<string[]> {
  const found: string[] = [];
  for await (const { subjectId, text } of texts(db, undefined, { format: "lumia-xml", threads: 1 })) {
    const parser = sax.parser(true);
    let [time, head, value] = ["", "", ""];
    parser.onopentag = ({ name, attributes }) => {
      if (name === "entry") time = String(attributes.timestamp ?? "");
      if (name === "event") [head, value] = [[attributes.type, attributes.code, attributes.name].join("\u0001"), ""];
    };
    parser.ontext = (part) => {
      value += part;
    };
    parser.onclosetag = (name) => {
      if (name === "event") found.push(line(subjectId, time, head, value));
    };
    parser.write(text).close();
  }
  return found.sort();
}

/** Numbers of different writers are compared as float32. */
const line = (id: unknown, time: string, head: string, value: string) =>
  [id, time, head, value !== "" && Number.isFinite(Number(value)) ? Math.fround(Number(value)) : value.replace(/\r\n?/g, "\n")].join(
    "\u0001",
  );

interface Columns {
  readonly type: string;
  readonly end: string | null;
  readonly text: string;
  /** In SQL: whether a row says who the person is. */
  readonly isPerson: string;
}

/** The same in SQL. */
async function fromParquet(source: string, { type, end, text, isPerson }: Columns): Promise<string[]> {
  const { types, other } = JSON.parse(readFileSync(fileURLToPath(new URL("../../data/event-types.json", import.meta.url)), "utf8")) as {
    types: Record<string, string[]>;
    other: string;
  };
  const guesses = Object.entries(types).flatMap(([kind, beginnings]) => beginnings.map((beginning) => `('${kind}', '${beginning}')`));
  const minute = "INTERVAL 1 MINUTE";
  const sql = `
    WITH guess(kind, beginning) AS (VALUES ${guesses.join(", ")}),
    codes AS (SELECT code, arg_max(kind, length(beginning)) AS kind FROM (SELECT DISTINCT code FROM read_parquet('${source}/data/**/*.parquet')) JOIN guess ON starts_with(code, beginning) GROUP BY 1),
    names AS (SELECT code, any_value(description) AS name FROM read_parquet('${source}/metadata/codes.parquet') GROUP BY 1),
    rows AS (
      SELECT subject_id, time, ${end ?? "NULL::TIMESTAMP"} AS "end", code, coalesce(${type}, kind, '${other}') AS type,
        CASE WHEN trim(coalesce(name, '')) = '' THEN '' ELSE name END AS name, coalesce(numeric_value::VARCHAR, ${text}) AS value
      FROM read_parquet('${source}/data/**/*.parquet') LEFT JOIN codes USING (code) LEFT JOIN names USING (code)
      WHERE NOT (${isPerson})
    ),
    moments AS (
      SELECT subject_id, time, type, code, name,
        coalesce(value, CASE WHEN "end" >= time AND "end" - time <= ${minute} THEN 'start|end' WHEN "end" > time THEN 'start' ELSE '' END) AS value FROM rows
      UNION ALL SELECT subject_id, "end", type, code, name, 'end' FROM rows WHERE "end" - time > ${minute}
    )
    SELECT subject_id::VARCHAR AS id, coalesce(strftime(time, '%Y-%m-%d %H:%M:%S'), '') AS time, type || chr(1) || code || chr(1) || name AS head, value FROM moments`;
  const result = await (await duck()).runAndReadAll(sql);
  const rows = result.getRowObjects() as { id: string; time: string; head: string; value: string }[];
  return rows.map(({ id, time, head, value }) => line(id, time, head, value)).sort();
}

function same(found: readonly string[], expected: readonly string[]): void {
  const at = expected.findIndex((line, i) => line !== found[i]);
  expect({ count: found.length, first: found[at] }).toEqual({ count: expected.length, first: expected[at] });
  expect(found.length).toBeGreaterThan(1000);
}

describe("LUMIA XML", () => {
  // A million events: with `npm run test:all`.
  it.skipIf(mimic === null || !full)("of the MIMIC-IV demo has the events of its Parquet files", async () => {
    const store = join(folder("lumia"), "mimic.medsdb");
    await convert(mimic!, store);
    const db = PatientDatabase.open(store);
    const isPerson =
      "code = 'MEDS_BIRTH' OR starts_with(code, 'GENDER//') OR starts_with(code, 'RACE//') OR starts_with(code, 'ETHNICITY//')";
    same(await fromXml(db), await fromParquet(mimic!, { type: "NULL::VARCHAR", end: null, text: "text_value", isPerson }));
    db.close();
  });

  it.skipIf(gibleed === null)("of an OMOP CDM has the events of its export, intervals as a start and an end", async () => {
    const work = folder("lumia");
    await convert(gibleed!, join(work, "gibleed.medsdb"));
    const db = PatientDatabase.open(join(work, "gibleed.medsdb"));
    await db.export(join(work, "export"));
    const isPerson = "\"table\" = 'person'";
    same(await fromXml(db), await fromParquet(join(work, "export"), { type: '"table"', end: '"end"', text: "text_value", isPerson }));
    db.close();
  });
});
