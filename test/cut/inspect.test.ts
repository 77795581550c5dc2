// What a folder or file is, compared with what other programs find in it.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { convert, inspect } from "meds-reader";
import { describe, expect, it } from "vitest";
import { meds } from "../cli/run.js";
import { clinic, T0 } from "../support/clinic.js";
import { duck, type FileColumn, hyparquetBytes, simple, simpleFile, writeFiles, writeJson, writeSimple } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { changed, contents, folder, place } from "../support/folder.js";
import { clinic as omopClinic, type Tables, writeCsv, writeParquet } from "../support/omop.js";
import { real } from "../support/real.js";
import { good } from "../support/refused.js";

const DAY = 86_400_000_000n;

/** What inspections of this process keep in the folder for temporary files. Other tests may inspect at the same time. */
const ownFolders = () => readdirSync(tmpdir()).filter((name) => name.includes("inspect") && name.includes(`-${process.pid}-`));

describe("inspect()", () => {
  it("reports columns, subjects, notes and midnights as DuckDB counts them, and changes nothing", async () => {
    const source = folder("meds");
    const rows = [
      [1n, null, "GENDER//F"],
      [1n, T0, "LAB//a"],
      [1n, T0 + 1n, "LAB//b"],
      [1n, T0 + DAY, "LAB//a"],
      [-2n, -DAY, "MEDS_BIRTH"],
      [-2n, -1n, "SNOMED/1"],
    ] as const;
    await writeSimple(source, rows, {}, [{ name: "given", type: simple.bool, values: [true, null, null, false, null, true] }]);
    writeJson(source, "dataset.json", { meds_version: "0.4.0" });
    writeFileSync(join(source, "data/notes.txt"), "");
    const before = contents(source);
    const found = await inspect(source);
    expect(found).toMatchObject({
      path: source,
      format: "meds",
      version: "0.4.0",
      files: 1,
      rows: 6,
      subjects: 2,
      problem: null,
      tables: [],
    });
    expect(found.columns.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      "time: timestamp[us]",
      "code: utf8",
      "numeric_value: float32",
      "given: bool",
    ]);
    expect(found.notes.filter(({ kind }) => kind !== "missing")).toEqual([
      { kind: "skipped", message: expect.stringContaining("data/notes.txt"), count: 1 },
    ]);
    const counted = await (await duck()).runAndReadAll(
      `SELECT split_part(code, '/', 1) AS p, count(*)::INT, count(time)::INT, count(*) FILTER (epoch_us(time) % ${DAY} = 0)::INT FROM '${source}/data/*.parquet' GROUP BY p ORDER BY 2 DESC, 1`,
    );
    expect(found.prefixes?.map(({ prefix, rows, timed, midnight }) => [prefix, rows, timed, midnight])).toEqual(counted.getRows());
    expect(changed(contents(source), before)).toEqual([]);
    const single = await inspect(join(source, "data/0.parquet"));
    expect(single).toMatchObject({ format: "parquet", version: null, rows: 6, subjects: 2 });
  });

  it("reports what a conversion would refuse", async () => {
    const source = await writeSimple(folder("disorder"), [
      [1n, T0, "A"],
      [2n, T0, "A"],
      [1n, T0, "A"],
    ]);
    expect(await inspect(source)).toMatchObject({
      format: "meds",
      rows: 3,
      subjects: null,
      problem: expect.stringContaining("subject 1 starts again"),
    });
    const other = folder("columns");
    await writeFiles(other, [{ name: "a.parquet", columns: [{ name: "x", type: simple.int, values: [1, 2] }] }]);
    expect(await inspect(other)).toMatchObject({ format: "meds", rows: null, problem: expect.stringContaining('"subject_id"') });
    expect(await inspect(join(other, "data/a.parquet"))).toMatchObject({
      format: "parquet",
      columns: [{ name: "x", type: "int32" }],
      problem: expect.any(String),
    });
    const { columns, ...sound } = simpleFile("0.parquet", [
      [1n, T0, "A"],
      [1n, T0, "B"],
    ]);
    const bare = folder("bare");
    await writeFiles(bare, [
      { ...sound, columns: columns.map((column) => (column.name === "code" ? { ...column, values: ["A", null] } : column)) },
    ]);
    expect(await inspect(bare)).toMatchObject({ rows: 2, problem: expect.stringContaining("0.parquet: row 1 (subject 1) has no code") });
    await writeFiles(source, [simpleFile("0.parquet", [[1n, T0, "A"]]), simpleFile("1.parquet", [])]);
    writeFileSync(join(source, "data/1.parquet"), "PAR1");
    expect((await inspect(source)).problem).toContain("1.parquet");
  });

  it("says what a conversion then says: the same notes, or the same problem", async () => {
    const sql = async (source: string, select: string, name = "0.parquet") => {
      await (await duck()).run(`COPY (${select}) TO '${place(source, "data", name)}' (FORMAT parquet)`);
      return source;
    };
    const table = (source: string, name: string, columns: FileColumn[]) => {
      writeFileSync(place(source, "metadata", name), hyparquetBytes({ name: "", columns }));
      return source;
    };
    const text = (name: string, values: (string | null)[]): FileColumn => ({ name, type: simple.text, values });
    const ids = (values: bigint[]): FileColumn => ({ name: "subject_id", type: simple.id, values });
    const plain = () => writeSimple(folder("meds"), good);
    const nanos = `SELECT * FROM (VALUES (1::BIGINT, make_timestamp_ns(1001), 'B'), (1, NULL, 'A'), (2, make_timestamp_ns(5000), 'A')) t(subject_id, time, code)`;
    const damaged = await sql(
      folder("meds"),
      `SELECT 1::BIGINT AS subject_id, NULL::TIMESTAMP AS time, 'A' AS code, range::DOUBLE + 0.5 AS x FROM range(9000)`,
    );
    const bytes = readFileSync(join(damaged, "data/0.parquet"));
    bytes.fill(0xff, bytes.length / 2, bytes.length / 2 + 64);
    writeFileSync(join(damaged, "data/0.parquet"), bytes);
    const linked = await plain();
    symlinkSync(join(linked, "gone"), join(linked, "data/1.parquet"));
    const partitioned = await plain();
    await sql(partitioned, "SELECT 9::BIGINT AS subject_id, NULL::TIMESTAMP AS time, 'A' AS code", "site=a/0.parquet");
    const twice = await writeSimple(folder("meds"), [[1n, T0, null]]);
    writeFileSync(place(twice, "metadata/dataset.json"), "[]");
    const piped = await plain();
    spawnSync("mkfifo", [place(piped, "metadata/pipe")]);
    const cases: readonly (readonly [source: string, code: string | null, ...said: string[]])[] = [
      [await sql(folder("meds"), nanos), null, "were moved to the front", "times with nanoseconds"],
      [
        table(await plain(), "codes.parquet", [text("code", ["A", "A"]), text("events", ["", null])]),
        null,
        "are missing in codes.parquet",
        "several rows",
        "its own column of that name",
      ],
      [table(await plain(), "subject_splits.parquet", [ids([1n, 7n]), text("split", ["train", ""])]), null, "no events", "no split"],
      [partitioned, null, "COLUMN=VALUE"],
      [piped, null, "not files"],
      [table(await plain(), "codes.parquet", [text("kode", [])]), "MEDS_METADATA"],
      [table(await plain(), "codes.parquet/part-0.parquet", [text("code", [])]), "MEDS_METADATA"],
      [table(await plain(), "subject_splits.parquet", [ids([1n, 1n]), text("split", ["a", "b"])]), "MEDS_SPLIT_CONFLICT"],
      [await writeSimple(folder("meds"), [[1n, T0, null]]), "MEDS_NULL_VALUE"],
      [await writeSimple(folder("meds"), [...good, good[0]!]), "MEDS_NOT_CONTIGUOUS"],
      [await writeSimple(folder("meds"), [[1n, 5n, "A"], [1n, 4n, "A"]]), "MEDS_TIME_ORDER"], // biome-ignore format: a table
      [await sql(folder("meds"), "SELECT 1::BIGINT AS subject_id, 'soon' AS time, 'A' AS code"), "MEDS_COLUMN_TYPE"],
      [
        await sql(
          folder("meds"),
          "SELECT 1::BIGINT AS subject_id, NULL::TIMESTAMP AS time, 'A' AS code, 9007199254740993 AS numeric_value",
        ),
        "MEDS_VALUE_RANGE",
      ],
      [damaged, "MEDS_SOURCE_DAMAGED"],
      [linked, "MEDS_NOT_FOUND"],
      [twice, "MEDS_METADATA"],
    ];
    for (const [source, code, ...said] of cases) {
      const found = await inspect(source);
      const store = join(folder("target"), "s.medsdb");
      if (code === null) {
        const { notes, events, patients, sourceBytes } = await convert(source, store);
        expect(found).toMatchObject({
          notes,
          rows: events,
          subjects: patients,
          bytes: sourceBytes,
          problem: null,
          problemCode: null,
        });
        for (const message of said) expect(notes.map((note) => note.message)).toContainEqual(expect.stringContaining(message));
        expect(found.prefixes).toEqual((await inspect(store)).prefixes);
      } else {
        const error = await rejected(convert(source, store));
        expect([error.code, found.problemCode, found.problem]).toEqual([code, code, error.message]);
        expect(found.files).toBe(code === "MEDS_NOT_FOUND" ? 0 : 1);
      }
    }
    // In an archive, too, by its name: the folder that it was unpacked into is gone.
    const tar = join(folder("packed"), "a.tar.gz");
    spawnSync("tar", ["-czf", tar, "-C", join(twice, ".."), basename(twice)]);
    const error = await rejected(convert(tar, join(folder("target"), "s.medsdb")));
    expect([error.path, error.message]).toEqual([join(tar, basename(twice), "metadata/dataset.json"), (await inspect(tar)).problem]);
  });

  it("recognises a store", async () => {
    const { source, store } = await clinic();
    const [made, given] = [await inspect(store), await inspect(source)];
    expect(made).toMatchObject({ format: "store", version: "1", rows: given.rows, subjects: given.subjects, prefixes: given.prefixes });
    expect(made.columns.map(({ name }) => name).sort()).toEqual(given.columns.map(({ name }) => name).sort());
  });

  it("recognises a meds_reader database, and one of another version", async () => {
    const db = folder("database");
    const properties = (["code", "time", "weight"] as const).map((name, i) => {
      const bytes = Buffer.alloc(16 + name.length);
      bytes.writeBigUInt64LE(BigInt(name.length));
      bytes.write(name, 8);
      bytes.writeBigUInt64LE([0n, 2n, 3n][i]!, 8 + name.length);
      return bytes;
    });
    writeFileSync(join(db, "meds_reader.version"), "2\n");
    writeFileSync(join(db, "meds_reader.properties"), Buffer.concat(properties));
    writeFileSync(join(db, "meds_reader.length"), new Uint8Array(new Uint32Array([3, 4]).buffer));
    writeFileSync(join(db, "subject_id"), new Uint8Array(new BigInt64Array([-1n, 5n]).buffer));
    const found = await inspect(db);
    expect(found).toMatchObject({ format: "meds_reader", version: "2", rows: 7, subjects: 2, prefixes: null });
    // The files of the columns are missing.
    expect(found.problem).toContain(db);
    expect((await inspect(db)).columns).toEqual([
      { name: "code", type: "utf8" },
      { name: "time", type: "timestamp[us]" },
      { name: "weight", type: "float32" },
    ]);
    writeFileSync(join(db, "meds_reader.version"), "1\n");
    expect(await inspect(db)).toMatchObject({ problem: expect.stringContaining("version 1"), problemCode: "MEDS_SOURCE_VERSION" });
    expect((await inspect(db)).problem).toBe((await rejected(convert(db, join(folder("target"), "s.medsdb")))).message);
    writeFileSync(join(db, "meds_reader.version"), "2\n");
    for (const bytes of [Buffer.concat(properties).subarray(0, 30), Buffer.alloc(64, 0xff)]) {
      writeFileSync(join(db, "meds_reader.properties"), bytes);
      expect((await inspect(db)).problem).toMatch(
        /meds_reader\.properties: the list ends within column \d\. The meds_reader database is damaged or not complete/,
      );
    }
  });

  it("recognises a database that meds_reader made", async ({ skip }) => {
    const zip = real("small-meds", "femr_synthetic", "meds_reader_db.zip") ?? skip("no real data");
    const out = folder("femr");
    if (spawnSync("unzip", ["-q", zip, "-d", out]).status !== 0) skip("no unzip");
    const root = readdirSync(out, { recursive: true, encoding: "utf8" }).find((name) => name.endsWith("meds_reader.version"))!;
    const found = await inspect(join(out, root, ".."));
    expect(found).toMatchObject({ format: "meds_reader", version: "2", rows: 2589, subjects: 200, problem: null });
    // Packed, it is the same; and its codes are those of its store.
    expect(await inspect(zip)).toEqual({ ...found, path: zip });
    const store = join(out, "s.medsdb");
    await convert(zip, store);
    expect(found.prefixes).toEqual((await inspect(store)).prefixes);
    expect(found.prefixes!.some(({ midnight }) => midnight > 0)).toBe(true);
  });

  it("looks into archives, and leaves nothing in the folder for temporary files", async () => {
    const source = await writeSimple(join(folder("packed"), "meds"), good);
    const before = ownFolders();
    for (const [name, option] of [
      ["a.tar", "-cf"],
      ["a.tar.gz", "-czf"],
    ] as const) {
      const archive = join(source, "..", name);
      expect(spawnSync("tar", [option, archive, "-C", join(source, ".."), "meds"]).status).toBe(0);
      expect(await inspect(archive)).toEqual({ ...(await inspect(source)), path: archive });
      const bytes = readFileSync(archive);
      writeFileSync(archive, bytes.subarray(0, name === "a.tar" ? 700 : bytes.length / 2));
      expect((await rejected(inspect(archive))).code).toBe("MEDS_SOURCE_DAMAGED");
    }
    // Cut between two of its files, a tar looks whole but for the zeros at its end.
    const tar = readFileSync(join(source, "..", "a.tar"));
    writeFileSync(join(source, "..", "a.tar"), tar.subarray(0, 512));
    expect((await rejected(inspect(join(source, "..", "a.tar")))).message).toContain("its end is missing");
    // What is wrong with what is inside is told by the archive's name: the folder that it was unpacked into is gone.
    writeFileSync(join(source, "data", "0.parquet"), "PAR1");
    const archive = join(source, "..", "b.tar");
    spawnSync("tar", ["-cf", archive, "-C", join(source, ".."), "meds"]);
    expect((await inspect(archive)).problem).toContain(join(archive, "meds", "data", "0.parquet"));
    expect(ownFolders()).toEqual(before);
  });

  it("recognises OMOP CDM in upper or lower case, split and packed", async () => {
    const cdm = folder("omop");
    writeFileSync(join(cdm, "PERSON.csv"), '\ufeffperson_id,note\r\n1,"two\nlines, and a ""quote"""\r\n2,\r\n\r\n');
    writeFileSync(join(cdm, "visit_occurrence.csv.gz"), gzipSync("visit_occurrence_id\tadmitted_from_concept_id\n1\t0\n2\t0\n3\t0"));
    mkdirSync(join(cdm, "measurement"));
    for (const part of [0, 1])
      await (await duck()).run(
        `COPY (SELECT range AS measurement_id FROM range(${5 * part}, ${5 * part + 5})) TO '${cdm}/measurement/${part}.parquet'`,
      );
    writeFileSync(join(cdm, "readme.txt"), "");
    const found = await inspect(cdm);
    expect(found).toMatchObject({ format: "omop", version: "5.4", files: 4, rows: 15, subjects: 2, prefixes: null });
    // These tables have nothing that events could be made of, and a conversion would say so.
    expect(found.problem).toMatch(/PERSON\.csv: There is no column/);
    expect(found.tables.map(({ name, rows, files }) => [name, rows, files])).toEqual([
      ["measurement", 10, 2],
      ["person", 2, 1],
      ["visit_occurrence", 3, 1],
    ]);
    expect(found.tables.map(({ columns }) => columns)).toEqual([
      [{ name: "measurement_id", type: expect.stringMatching(/int/) }],
      [
        { name: "person_id", type: null },
        { name: "note", type: null },
      ],
      [
        { name: "visit_occurrence_id", type: null },
        { name: "admitted_from_concept_id", type: null },
      ],
    ]);
    writeFileSync(join(cdm, "death.csv.gz"), gzipSync("person_id\n1\n").subarray(0, 20));
    // Of several faults the one that a conversion tells.
    const error = await rejected(convert(cdm, join(folder("target"), "s.medsdb")));
    expect(await inspect(cdm)).toMatchObject({ problem: error.message, problemCode: error.code });
    writeFileSync(
      join(cdm, "PERSON.csv"),
      "person_id,year_of_birth,gender_concept_id,race_concept_id,ethnicity_concept_id\n1,1990,8507,0,0\n",
    );
    rmSync(join(cdm, "measurement"), { recursive: true });
    rmSync(join(cdm, "visit_occurrence.csv.gz"));
    expect((await inspect(cdm)).problem).toContain("death.csv.gz");
    // A table that stands there twice is told with the rest, and not instead of it.
    writeFileSync(join(cdm, "person.csv"), "person_id\n1\n");
    expect(await inspect(cdm)).toMatchObject({ format: "omop", problemCode: "MEDS_SCHEMA_CONFLICT", tables: [] });
  });

  it("counts the rows of Athena's tables, whose names have inch marks, and of lines that end as on old Macs", async () => {
    const cdm = writeCsv(folder("omop"), { death: omopClinic.death!.replaceAll("\n", "\r") });
    writeFileSync(
      join(cdm, "concept.csv"),
      'concept_id\tvocabulary_id\tconcept_code\tconcept_name\n1\tS\t1\t5" tube, long\n2\tS\t2\tother\n',
    );
    const { tables, problem } = await inspect(cdm);
    expect([problem, tables.map(({ name, rows }) => [name, rows])]).toEqual([
      null,
      [
        ["concept", 2],
        ["death", 1],
      ],
    ]);
  });

  it("distinguishes CDM 5.3 from 5.4 by any column that has another name, or is new", async () => {
    const version = async (tables: Tables) => (await inspect(writeCsv(folder("omop"), tables))).version;
    const { person, death, procedure_occurrence, visit_occurrence } = omopClinic as Record<string, string>;
    const common = { person: person!, death: death! };
    expect(await version(common)).toBe(null);
    expect(await version({ ...common, procedure_occurrence: procedure_occurrence! })).toBe("5.4");
    const lean = visit_occurrence!.replace("admitted_from_concept_id,admitted_from_source_value", "a,b");
    expect(await version({ ...common, visit_occurrence: lean })).toBe("5.4");
    expect(await version({ ...common, visit_occurrence: lean.replace("discharged_to_concept_id", "DISCHARGE_TO_CONCEPT_ID") })).toBe("5.3");
  });

  it("says of OMOP tables what their conversion says, and of their codes what their store has", async () => {
    const before = ownFolders();
    for (const tables of [writeCsv(folder("omop")), await writeParquet(folder("omop"))]) {
      const store = join(folder("omop"), "s.medsdb");
      const { notes } = await convert(tables, store);
      const [found, made] = [await inspect(tables, { memory: 2 ** 28 }), await inspect(store)];
      expect(found).toMatchObject({ format: "omop", problem: null, notes, prefixes: made.prefixes });
      expect(found.prefixes?.some(({ midnight }) => midnight > 0)).toBe(true);
      const { stdout } = await meds("inspect", tables, "--progress", "none");
      expect(stdout).toContain("exactly midnight");
    }
    expect(ownFolders()).toEqual(before);
    const wrong = writeCsv(folder("omop"), { ...omopClinic, death: omopClinic.death!.replace("2022-11-11", "soon") });
    expect(await inspect(wrong)).toMatchObject({ problem: expect.stringContaining("Column death_date"), notes: [], prefixes: null });
  });

  it("counts a real OMOP CDM as DuckDB does", async ({ skip }) => {
    const cdm = real("gibleed-omop-5.3") ?? skip("no real data");
    const found = await inspect(cdm);
    expect(found).toMatchObject({ format: "omop", version: "5.3", subjects: 2694, problem: null });
    // meds_etl's events, and those that it loses: see docs/omop.md.
    expect(found.prefixes?.reduce((sum, { rows }) => sum + rows, 0)).toBe(222_341 + 62 + 2_678);
    for (const { name, rows, columns } of found.tables) {
      const sql = await (await duck()).runAndReadAll(`SELECT count(*)::INT FROM read_csv('${cdm}/${name}.csv.gz', all_varchar = true)`);
      const names = await (await duck()).runAndReadAll(`DESCRIBE SELECT * FROM read_csv('${cdm}/${name}.csv.gz', all_varchar = true)`);
      expect([name, rows, columns.map((column) => column.name)]).toEqual([
        name,
        sql.getRows()[0]![0],
        names.getRows().map((row) => row[0]),
      ]);
    }
  }, 60_000);

  it("says what was looked for and found in anything else", async () => {
    const other = folder("other");
    const nothing = await rejected(inspect(other));
    expect([nothing.code, nothing.message]).toEqual(["MEDS_NO_DATA", expect.stringContaining("found an empty folder")]);
    writeFileSync(place(other, "a.txt"), "");
    expect((await rejected(inspect(other))).message).toContain("found a.txt");
    expect((await rejected(inspect(join(other, "a.txt")))).code).toBe("MEDS_NO_DATA");
    expect((await rejected(inspect(join(other, "b")))).code).toBe("MEDS_NOT_FOUND");
    // What would keep its reader waiting, what leads nowhere, what is something else: convert() says the same of it.
    const at = (name: string) => join(other, name);
    for (const name of ["pipe", "pipe.parquet"]) spawnSync("mkfifo", [at(name)]);
    symlinkSync("loop", at("loop"));
    symlinkSync("gone", at("link"));
    writeFileSync(at("meds.csv"), "subject_id,time,code\n1,,A\n");
    writeFileSync(at("empty"), "");
    writeFileSync(at("a.parquet"), "a text");
    writeFileSync(at("b.zip"), "a text");
    writeFileSync(at("c.gz"), gzipSync("a text"));
    const dataset = await writeSimple(at("deep/set"), good);
    writeJson(dataset, "dataset.json", {});
    writeFileSync(place(other, "other/data/a.txt"), "");
    writeFileSync(at("d.parquet.gz"), gzipSync(readFileSync(join(dataset, "data/0.parquet"))));
    const what = {
      pipe: ["MEDS_NO_DATA", "found a pipe"],
      "pipe.parquet": ["MEDS_NO_DATA", "found a pipe"],
      "/dev/null": ["MEDS_NO_DATA", "found a device"],
      loop: ["MEDS_IO", "Too many"],
      link: ["MEDS_NOT_FOUND", "leads to gone"],
      ["x".repeat(300)]: ["MEDS_IO", "too long"],
      "meds.csv": ["MEDS_NO_DATA", "the columns subject_id, time, code."],
      empty: ["MEDS_NO_DATA", "found an empty file"],
      "b.zip": ["MEDS_SOURCE_DAMAGED", "neither a Parquet file nor"],
      "c.gz": ["MEDS_NO_DATA", "packed by gzip"],
      "d.parquet.gz": ["MEDS_NO_DATA", "single Parquet file"],
      "other/data": ["MEDS_NO_DATA", "found a.txt."],
      deep: ["MEDS_NO_DATA", `its folder set is a dataset: use ${dataset}.`],
      "deep/set/data": ["MEDS_NO_DATA", `it is in ${dataset}: use that`],
    };
    for (const [name, [code, said]] of Object.entries(what)) {
      const path = name.startsWith("/") ? name : at(name);
      const errors = [await rejected(inspect(path)), await rejected(convert(path, at("never.medsdb")))];
      expect(errors.map((error) => [error.code, error.message])).toEqual(errors.map(() => [code, expect.stringContaining(said!)]));
      expect(errors[0]!.message).toBe(errors[1]!.message);
    }
    expect(await inspect(at("a.parquet"))).toMatchObject({ format: "parquet", problemCode: "MEDS_SOURCE_DAMAGED" });
    const { store } = await clinic();
    const again = await rejected(convert(store, join(other, "again.medsdb")));
    expect([again.code, again.message]).toEqual(["MEDS_NO_DATA", expect.stringContaining("already a store")]);
  });
});

describe("meds-reader filter | export | inspect", () => {
  it("do what the functions do", async () => {
    const { store } = await clinic();
    const out = folder("cli");
    const some = join(out, "some.medsdb");
    writeFileSync(join(out, "ids.txt"), "7\n-3\n99\n");
    const refused = await meds("filter", store, some, "--ids", join(out, "ids.txt"));
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/^MEDS_UNKNOWN_SUBJECT: .* 99\. /)]);
    expect((await meds("filter", store, some)).code).toBe(2);
    const cut = await meds(
      "filter",
      store,
      some,
      "--ids",
      join(out, "ids.txt"),
      "--ignore-missing",
      "--with-code",
      "MEDS_BIRTH",
      "NONE",
      "--json",
    );
    expect(JSON.parse(cut.stdout)).toMatchObject({ store: some, patients: 2, events: 24 });
    const text = await meds("export", some, join(out, "meds"));
    expect([text.code, text.stdout]).toEqual([0, expect.stringContaining("2 patients, 24 events")]);
    const told = await meds("inspect", join(out, "meds"));
    expect([told.code, told.stdout]).toEqual([0, expect.stringMatching(/MEDS dataset[\s\S]*Subjects +2[\s\S]*LAB/)]);
    expect(JSON.parse((await meds("inspect", some, "--json")).stdout)).toMatchObject({ format: "store", subjects: 2 });
    expect((await meds("inspect", join(out, "ids.txt"))).stderr).toMatch(/^MEDS_NO_DATA: /);
    expect(readdirSync(out).sort()).toEqual(["ids.txt", "meds", "some.medsdb"]);
  }, 60_000);
});
