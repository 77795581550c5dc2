// Files of OMOP tables as programs and people leave them: rows of other lengths, copies, folders COLUMN=VALUE, strange names and empty pieces.
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type ConvertOptions, convert, inspect, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { duckdb, meds } from "../cli/run.js";
import { folder, place } from "../support/folder.js";
import { full } from "../support/property.js";
import { refused } from "../support/refused.js";

const CONCEPT = `concept_id,concept_name,vocabulary_id,concept_code
0,None,None,No matching concept
3025315,Body weight,LOINC,29463-7
46235038,Note,LOINC,34109-9
`;
const PERSON = "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n1,0,1961,0,0\n2,0,1974,0,0\n";
const HEADER = "measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,unit_source_value,value_source_value";
const row = (id: number, person: number, value: number | string, unit = "kg", last = "") =>
  `${id},${person},3025315,2021-06-02,${value},${unit},${last}`;
const ONE = `${HEADER}\n${row(1, 1, 71.5)}\n`;
const TWO = `${HEADER}\n${row(2, 2, 80)}\n`;

/** OMOP tables of these files. */
function source(files: Readonly<Record<string, string | Buffer>>): string {
  const root = folder("files");
  for (const [name, content] of Object.entries({ "person.csv": PERSON, "concept.csv": CONCEPT, ...files }))
    writeFileSync(place(root, name), content);
  return root;
}

/** Subject, number and unit of each weight, and what the conversion notes. */
async function weights(root: string, options: ConvertOptions = {}) {
  const store = join(folder("store"), "s.medsdb");
  const { notes } = await convert(root, store, options);
  const db = PatientDatabase.open(store);
  const rows = [...db].flatMap((patient) =>
    [...patient].flatMap((event) =>
      event.code === "LOINC/29463-7"
        ? [[Number(patient.subjectId), event.numericValue, db.columns.some(({ name }) => name === "unit") ? event.get("unit") : null]]
        : [],
    ),
  );
  db.close();
  return { store, rows: rows.sort(), notes: notes.map(({ kind, message, count }) => `${kind}: ${message} (${count})`) };
}

const BOTH = [
  [1, 71.5, "kg"],
  [2, 80, "kg"],
];

/** A Parquet file of one query, in a folder that is made. */
async function parquet(root: string, name: string, select: string): Promise<void> {
  await duckdb(`COPY (${select}) TO '${place(root, name)}' (FORMAT parquet)`);
}

const WEIGHT =
  "1 AS measurement_id, 1 AS person_id, 3025315 AS measurement_concept_id, DATE '2021-06-02' AS measurement_date, 71.5 AS value_as_number, 'kg' AS unit_source_value";

describe("a row whose number of fields is not the header's", () => {
  const rows: [string, string][] = [
    ["one too many, which is empty", `${row(2, 2, 80)},`],
    ["a comma without quotes, the last field empty", row(2, 2, 80, "kg, dry")],
    ["a comma without quotes, all fields filled", row(2, 2, 80, "kg, dry", "80")],
    ["one too few", row(2, 2, 80).slice(0, -1)],
    ["one field", "2"],
    ["one quoted field", '""'],
    ["a quoted field and one too many", `${row(2, 2, 80, '"kg, dry"')},`],
    ["white space", " "],
  ];
  const ends: [string, string][] = [
    ["LF", "\n"],
    ["CRLF", "\r\n"],
    ["CR", "\r"],
  ];
  // Each row with one end of line, and each end compressed or not; with test:all in all combinations.
  for (const [e, [end, text]] of ends.entries())
    it.each(rows.filter((_, i) => full || i % ends.length === e))(
      `is refused with its file and line, and left out on request: %s, ${end}`,
      async (kind, bad) => {
        const good = [HEADER, row(1, 1, 71.5), bad, row(3, 2, 80)].join(text);
        const forms = [
          ["measurement.csv", good],
          ["measurement.csv.gz", gzipSync(good + text)],
        ] as const;
        const isZipped = rows.findIndex(([name]) => name === kind) >= rows.length / 2;
        for (const [name, content] of full ? forms : [forms[isZipped ? 1 : 0]]) {
          const root = source({ [name]: content });
          const error = await refused(root);
          expect(error).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path: join(root, name) });
          expect(error.message).toMatch(/line 3 has \d+ fields?, but the header has 7 columns\. .*skipBadRows \(--skip-bad-rows\)\.$/);
          const { rows, notes } = await weights(root, { skipBadRows: true });
          expect(rows).toEqual(BOTH);
          expect(notes).toContainEqual(
            expect.stringMatching(
              `^skipped: rows of measurement with more or fewer fields .*: ${name} \\(1, the first on line 3\\) \\(1\\)$`,
            ),
          );
        }
      },
    );

  it("is refused in the first row, in the last one without an end of line, and in tabs", async () => {
    for (const text of [
      `${HEADER}\n${row(2, 2, 80)},\n${row(1, 1, 71.5)}\n`,
      `${ONE}${row(2, 2, 80)},`,
      `${ONE}${row(2, 2, 80)},`.replaceAll(",", "\t"),
    ])
      expect((await refused(source({ "measurement.csv": text }))).message).toMatch(/line [23] has 8 fields/);
    expect((await refused(source({ "concept.csv": CONCEPT.replace("Body weight", "Body weight, dry") }))).message).toContain("line 3");
  });

  it("is what inspect() reports; reuse, verify() and the command have the option", async () => {
    const root = source({ "measurement.csv": `${ONE}${row(2, 2, 80)},\n` });
    const { problem } = await inspect(root);
    expect(problem).toBe((await refused(root)).message);
    const skipped = await inspect(root, { skipBadRows: true });
    expect([skipped.problem, skipped.notes?.some(({ message }) => message.includes("left out by `skipBadRows`"))]).toEqual([null, true]);
    expect((await meds("inspect", root, "--skip-bad-rows", "--progress", "none")).stdout).toContain("left out by `skipBadRows`");
    const { store } = await weights(root, { skipBadRows: true });
    expect((await convert(root, store, { skipBadRows: true, reuse: true })).reused).toBe(true);
    expect(await verify(store, root)).toEqual({ ok: true, differences: [] });
    const told = await meds("convert", root, store, "--force", "--skip-bad-rows", "--progress", "none");
    expect([told.code, told.stdout]).toEqual([0, expect.stringContaining("left out by `skipBadRows`")]);
    const parquets = folder("meds");
    mkdirSync(join(parquets, "data"));
    expect((await refused(parquets, { skipBadRows: true })).code).toBe("MEDS_INVALID_ARGUMENT");
  });
});

describe("one piece of a table twice", () => {
  const gz = gzipSync(ONE);
  const twins: [string, Readonly<Record<string, string | Buffer>>][] = [
    ["in two forms", { "measurement/0.csv": ONE, "measurement/0.csv.gz": gz }],
    ["in capitals", { "measurement/0.csv": ONE, "measurement/0.CSV": TWO }],
    ["beside the pieces, in capitals", { "measurement_0.csv": ONE, "measurement_0.CSV": TWO }],
    ["in a folder below", { "measurement/0.csv": ONE, "measurement/backup/0.csv": TWO }],
    ["in a folder below, compressed", { "measurement/0.csv": ONE, "measurement/old/0.csv.gz": gzipSync(TWO) }],
    ["as a whole and in pieces", { "measurement/measurement.csv": ONE, "measurement/measurement_1.csv": TWO }],
    ["under two names", { "measurement/0.csv": ONE, "measurement/0 (1).csv": ONE }],
    ["under two names, compressed", { "measurement/0.csv": ONE, "measurement/x/1.csv.gz": gz }],
    ["beside each other under two names", { "measurement_0.csv": ONE, "measurement_1.csv": ONE }],
  ];
  it.each(twins)("%s is refused with both names", async (_, files) => {
    const error = await refused(source(files));
    expect(error.code).toBe("MEDS_SCHEMA_CONFLICT");
    expect(error.message).toContain("twice");
    for (const name of Object.keys(files)) expect(error.message).toContain(name.split("/").slice(1).join("/") || name);
  });

  it("is refused in Parquet too; pieces of the same rows and other columns, and equal pieces without rows, are not", async () => {
    const root = source({});
    for (const name of ["0", "1"]) await parquet(root, `measurement/${name}.parquet`, `SELECT ${WEIGHT}`);
    expect((await refused(root)).message).toMatch(
      /0\.parquet and 1\.parquet are the same file of the table measurement, so its rows would count twice/,
    );
    await parquet(root, "measurement/1.parquet", `SELECT ${WEIGHT}, 'x' AS more`);
    for (const name of ["2", "3"]) await parquet(root, `measurement/${name}.parquet`, `SELECT ${WEIGHT} WHERE false`);
    expect((await weights(root)).rows).toEqual([BOTH[0], BOTH[0]]);
    const empty = source({
      "measurement/0.csv": ONE,
      "measurement/1.csv": `${HEADER}\n`,
      "measurement/2.csv": `${HEADER}\n`,
      "measurement/a/3.csv": TWO,
    });
    expect((await weights(empty)).rows).toEqual(BOTH);
  });
});

describe("folders called COLUMN=VALUE", () => {
  const without = (text: string) => text.replace(",value_as_number", "").replace(/,(71\.5|80),/, ",");

  it("above the tables, the store or the temporary folder say nothing", async () => {
    const at = folder("above");
    const root = join(at, "person_id=2", "measurement_date=2001-01-01", "subject_id=7", "tables");
    mkdirSync(root, { recursive: true });
    for (const name of ["person.csv", "concept.csv"]) renameSync(join(source({}), name), join(root, name));
    await parquet(root, "measurement.parquet", `SELECT ${WEIGHT}`);
    expect((await weights(root)).rows).toEqual([BOTH[0]]);
    const store = join(at, "subject_id=7", "code=X", "s.medsdb");
    await convert(root, store);
    const db = PatientDatabase.open(store);
    expect([...db].map(({ subjectId }) => Number(subjectId))).toEqual([1, 2]);
    expect([...db.get(1)!].map(({ code }) => code)).toContain("LOINC/29463-7");
    db.close();
  });

  it("in a table's folder are columns where the files have none, decoded, with null for Hive's name of it, and are noted", async () => {
    const csv = source({
      "measurement/value_as_number=71.5/unit_source_value=kg%2Fm%C2%B2/0.csv": without(ONE).replace("unit_source_value", "x"),
      "measurement/value_as_number=__HIVE_DEFAULT_PARTITION__/unit_source_value=a%20b/0.csv.gz": gzipSync(
        without(TWO).replace("unit_source_value", "x"),
      ),
    });
    const expected = [
      [1, 71.5, "kg/m²"],
      [2, null, "a b"],
    ];
    const found = await weights(csv);
    expect(found.rows).toEqual(expected);
    expect(found.notes).toContainEqual(
      "converted: columns of measurement that no file contains, read from folder names (COLUMN=VALUE): value_as_number, unit_source_value (2)",
    );
    const root = source({});
    const columns = WEIGHT.replace(/, 71\.5.*/, "");
    await parquet(root, "measurement/value_as_number=71.5/UNIT_source_value=kg%2Fm%C2%B2/0.parquet", `SELECT ${columns}`);
    await parquet(
      root,
      "measurement/value_as_number=__HIVE_DEFAULT_PARTITION__/UNIT_source_value=a%20b/0.parquet",
      `SELECT ${columns.replace("1 AS person_id", "2 AS person_id")}`,
    );
    expect((await weights(root)).rows).toEqual(expected);
  });

  it("never replace a file's own column; ids and dates are read as numbers and dates", async () => {
    const root = source({});
    await parquet(root, "measurement/person_id=2/value_as_number=5/0.parquet", `SELECT ${WEIGHT}`);
    expect((await weights(root)).rows).toEqual([BOTH[0]]);
    const folders = source({
      "measurement/person_id=2/measurement_date=2021-06-02/0.csv":
        "measurement_id,measurement_concept_id,value_as_number,unit_source_value\n1,3025315,80,kg\n",
    });
    expect((await weights(folders)).rows).toEqual([BOTH[1]]);
    const wrong = source({
      "measurement/person_id=two/0.csv": "measurement_id,measurement_concept_id,measurement_date\n1,3025315,2021-06-02\n",
    });
    expect((await refused(wrong)).message).toMatch(/measurement\/person_id=two\/0\.csv: Column person_id contains a text/);
  });
});

describe("columns beside those that are read", () => {
  const names = [
    "filename",
    "FileName",
    "file",
    "file_",
    "c0",
    "p0",
    "below",
    "select",
    'a "q"',
    "it's",
    "meds reader file",
    "ä",
    "code",
    "x\ny",
  ];
  it("are accepted, whatever their names, once or twice", async () => {
    const root = source({});
    const quoted = names.filter((name) => name !== "FileName").map((name) => `'x' AS "${name.replaceAll('"', '""')}"`);
    await parquet(root, "measurement/0.parquet", `SELECT ${quoted.join(", ")}, ${WEIGHT}`);
    const fields = names.map((name) => `"${name.replaceAll('"', '""')}"`).join(",");
    const more = names.map(() => "x").join(",");
    const csv = source({ "measurement.csv": `${fields},${fields},${HEADER},,\n${more},${more},${row(1, 1, 71.5)},,\n` });
    for (const from of [root, csv]) {
      expect((await weights(from)).rows).toEqual([BOTH[0]]);
      expect((await inspect(from)).problem).toBeNull();
    }
  });

  it("that are read must be there once", async () => {
    const root = source({});
    await parquet(root, "measurement.parquet", `SELECT ${WEIGHT}, 2 AS x`);
    const twice = source({ "measurement.csv": ONE.replace("value_source_value", "PERSON_ID") });
    expect(await refused(twice)).toMatchObject({
      code: "MEDS_SCHEMA_CONFLICT",
      message: expect.stringContaining("Two columns have the name person_id"),
    });
    expect((await weights(root)).rows).toEqual([BOTH[0]]);
  });
});

describe("pieces", () => {
  it("that are empty have no rows, and are noted; a table's only file must not be", async () => {
    const files = {
      "measurement/0.csv": "",
      "measurement/1.csv": ONE,
      "measurement/2.csv": "\r\n",
      "measurement/3.csv": "\ufeff",
      "measurement/4.csv": TWO,
    };
    const { rows, notes } = await weights(source({ ...files, "measurement/5.csv.gz": gzipSync("") }));
    expect(rows).toEqual(BOTH);
    expect(notes).toContainEqual("skipped: empty files of measurement, without column names, such as 0.csv (4)");
    expect((await refused(source({ "measurement/0.csv": "", "measurement/1.csv": "\n" }))).code).toBe("MEDS_SOURCE_DAMAGED");
    expect((await refused(source({ "measurement/0.csv": ONE, "measurement/1.csv.gz": "" }))).message).toContain("not a whole gzip file");
  });

  it("may differ in columns, order and types", async () => {
    const root = source({});
    const texts =
      "1::VARCHAR AS measurement_id, '2' AS person_id, 3025315.0::DOUBLE AS measurement_concept_id, '2021-06-02' AS measurement_date, '80' AS value_as_number, 'kg' AS unit_source_value";
    await parquet(root, "measurement/0.parquet", `SELECT ${WEIGHT}`);
    await parquet(root, "measurement/1.parquet", `SELECT ${texts}`);
    await parquet(root, "measurement/2.parquet", `SELECT ${WEIGHT.replace(/, 'kg'.*/, "")}`);
    await parquet(root, "measurement/3.parquet", "SELECT NULL AS person_id, 'x' AS nothing WHERE false");
    expect((await weights(root)).rows).toEqual([[1, 71.5, null], ...BOTH]);
    const csv = source({
      "measurement/0.csv":
        "unit_source_value,person_id,measurement_concept_id,measurement_date,value_as_number\nkg,1.0,3025315,2021-06-02,71.5\n",
      "measurement/1.csv.GZ": gzipSync(TWO),
    });
    expect((await weights(csv)).rows).toEqual(BOTH);
  });

  it("whose names begin with _ or a dot are passed over, and noted", async () => {
    const root = source({
      "measurement/0.csv": ONE,
      "measurement/_1.csv": TWO,
      "measurement/.2.csv": TWO,
      "measurement/_tmp/3.csv": TWO,
      "_death.csv": "x",
    });
    symlinkSync("0.csv", join(root, "measurement", "_link.csv"));
    const { rows, notes } = await weights(root);
    expect(rows).toEqual([BOTH[0]]);
    expect(notes.find((note) => note.includes("begin with _ or a dot"))).toMatch(/such as _death\.csv \(5\)$/);
    rmSync(join(root, "measurement"), { recursive: true });
  });
});

describe("notes of many lines", () => {
  const LINE = "1,2,2021-06-01,,K,4.1";
  const note = (i: number, text: string) => `${i},${1 + (i % 2)},2021-06-01,0,"${text.replaceAll('"', '""')}",\n`;
  const HEAD = "note_id,person_id,note_date,note_class_concept_id,note_text,note_source_value\n";

  it("are read character by character, beside plain files and on any number of threads, and a row of 40 MB too", async () => {
    const texts = Array.from({ length: 3000 }, (_, i) => `${i} said "so",\n${`${LINE}\n`.repeat(150)}end`);
    texts.push(`${LINE}\r\n`.repeat(1_800_000).trim());
    const root = source({
      "note/0.csv": HEAD + texts.map((text, i) => note(i, text)).join(""),
      "note/1.csv": `${HEAD}9000,1,2021-06-01,0,plain,\n`,
    });
    for (const threads of full ? [1, 2] : [2]) {
      const store = join(folder("notes"), "s.medsdb");
      await convert(root, store, { threads, memory: 2 ** 30 });
      const db = PatientDatabase.open(store);
      const found = [...db].flatMap((patient) =>
        [...patient].flatMap((event) => (event.code === "LOINC/34109-9" ? [event.get("text_value") as string] : [])),
      );
      db.close();
      expect(found.sort().join("|") === [...texts, "plain"].sort().join("|")).toBe(true);
    }
  }, 120_000);
});
