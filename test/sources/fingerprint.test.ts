// A source that was changed is another source, whatever stays equal of it: its store is made anew, and has another id.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import {
  beforeBirthToBirth,
  type ConvertOptions,
  convert,
  filter,
  generate,
  PatientDatabase,
  type Progress,
  transform,
  verify,
} from "meds-reader";
import { afterEach, describe, expect, it } from "vitest";
import { run } from "../support/child.js";
import { crc32c } from "../support/crc32c.mjs";
import { duck, hyparquetBytes, type SimpleRow, simple, simpleFile, writeSimple, writeSplits } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { changed, contents, files, folder, place } from "../support/folder.js";
import { generated } from "../support/generated.js";
import { brief, clinic, writeCsv } from "../support/omop.js";
import { full } from "../support/property.js";
import { python } from "../support/python.js";

const PEOPLE = 100;
type Column = "code" | "time" | "value" | "note";
type Row = readonly [id: bigint, time: bigint, code: string, value: number, note: string];

/** An event of each of many people; by `swapped` the two values that a column has are exchanged, so that all totals stay equal. */
function events(swapped?: Column): Row[] {
  const draw = (column: Column, at: number) => (at * 7 + column.length * 3) % 5 < 2 !== (column === swapped);
  return Array.from({ length: PEOPLE }, (_, at): Row => {
    const pick = <T>(column: Column, one: T, other: T) => (draw(column, at) ? one : other);
    return [
      BigInt(at),
      pick("time", 1_000_000n, 2_000_000n),
      pick("code", "SEX//F", "SEX//M"),
      pick("value", 61, 94),
      pick("note", "low", "raw"),
    ];
  });
}

const SCRIPT = `
import json, sys, pyarrow as pa, pyarrow.parquet as pq, polars as pl
writer, path, rows = json.load(sys.stdin)
ids, times, codes, values, notes = zip(*rows)
table = pa.table({"subject_id": pa.array(ids, pa.int64()), "time": pa.array(times, pa.timestamp("us")), "code": codes,
                  "numeric_value": pa.array(values, pa.float32()), "note": notes})
if writer == "polars": pl.from_arrow(table).write_parquet(path)
else: pq.write_table(table, path, **({"compression": "none", "use_dictionary": False} if "plain" in writer else {"compression": "zstd", "data_page_version": "2.0"}))
`;

async function write(writer: string, rows: readonly Row[], path: string): Promise<void> {
  const [ids, times, codes, values, notes] = [0, 1, 2, 3, 4].map((at) => rows.map((row) => row[at]!)) as [
    bigint[],
    bigint[],
    string[],
    number[],
    string[],
  ];
  if (writer === "hyparquet-writer") {
    const more = [{ name: "note", type: simple.text, values: notes }];
    const plain = rows.map(([id, time, code, value]): SimpleRow => [id, time, code, value]);
    writeFileSync(path, hyparquetBytes(simpleFile("", plain, { compression: "none" }, more)));
  } else if (writer === "DuckDB") {
    const cells = rows.map(([id, time, code, value, note]) => `(${id}, make_timestamp(${time}), '${code}', ${value}::FLOAT, '${note}')`);
    const sql = `SELECT * FROM (VALUES ${cells.join(", ")}) t(subject_id, time, code, numeric_value, note)`;
    await (await duck()).run(
      `COPY (SELECT subject_id::BIGINT AS subject_id, * EXCLUDE subject_id FROM (${sql})) TO '${path}' (FORMAT parquet)`,
    );
  } else {
    const input = JSON.stringify([writer, path, ids.map((id, at) => [Number(id), Number(times[at]), codes[at], values[at], notes[at]])]);
    const done = spawnSync(python!, ["-c", SCRIPT], { input, encoding: "utf8" });
    if (done.status !== 0) throw new Error(done.stderr);
  }
}

/** Length and footer of a Parquet file. */
function outline(path: string): string {
  const bytes = readFileSync(path);
  return `${bytes.length} ${bytes.subarray(-8 - bytes.readUInt32LE(bytes.length - 8)).toString("hex")}`;
}

/** Id and rows of what from() opens. */
async function opened(source: string, options: ConvertOptions & { readonly store?: string } = {}) {
  const db = await PatientDatabase.from(source, options);
  try {
    const has = (name: string) => db.columns.some((column) => column.name === name);
    const rows = [...db].flatMap((patient) =>
      [...patient].map((event) => [
        Number(patient.subjectId),
        event.timeMicros === null ? null : Number(event.timeMicros),
        event.code,
        event.numericValue,
        has("note") ? event.get("note") : null,
      ]),
    );
    return { id: db.metadata.id, rows: rows as unknown };
  } finally {
    db.close();
  }
}

const rowsOf = (rows: readonly Row[]) => rows.map(([id, time, ...cells]) => [Number(id), Number(time), ...cells]);

/** A source is made, changed by `change`, and looked at by from() and by convert({ reuse }), which must agree that it is another one, and then that it is not. */
async function isAnother(source: string, change: () => Promise<void> | void): Promise<void> {
  const store = join(folder("reused"), "s.medsdb");
  const reused = async () => (await convert(source, store, { reuse: true })).reused;
  const before = await opened(source);
  expect([await reused(), await reused()]).toEqual([false, true]);
  await change();
  const after = await opened(source);
  expect(after.id).not.toBe(before.id);
  expect([await reused(), await reused()]).toEqual([false, true]);
  expect((await opened(source, { store })).id).toBe(after.id);
  expect(await verify(store, source)).toEqual({ ok: true, differences: [] });
}

describe("a file that is rewritten with its size and footer", () => {
  const writers = ["hyparquet-writer", "DuckDB", ...["pyarrow", "pyarrow, plain", "polars"].filter(() => python !== null)];
  const cases = [
    ...writers.map((writer) => [writer, "code", false] as const),
    ...(["time", "value", "note"] as const).map((column) => ["hyparquet-writer", column, false] as const),
    ...(["code", "value"] as const).map((column) => ["hyparquet-writer", column, true] as const),
  ];
  it.each(cases)("is another source: %s, column %s, time kept: %s", async (writer, column, keep) => {
    const source = folder("rewritten");
    const path = place(source, "data", "0.parquet");
    await write(writer, events(), path);
    const [before, { atime, mtime }] = [outline(path), statSync(path)];
    expect((await opened(source)).rows).toEqual(rowsOf(events()));
    await isAnother(source, async () => {
      await write(writer, events(column), path);
      if (keep) utimesSync(path, atime, mtime);
    });
    expect(outline(path)).toBe(before);
    expect((await opened(source)).rows).toEqual(rowsOf(events(column)));
  });

  it("differs for stores that are filtered, exported and transformed from it", async () => {
    const ids = new Set<string>();
    for (const column of [undefined, "code", "value", "note", "time"] as const) {
      const [source, target] = [folder("rewritten"), folder("target")];
      const at = (name: string) => join(target, name);
      await write("hyparquet-writer", events(column), place(source, "data", "0.parquet"));
      await convert(source, at("s"));
      await filter(at("s"), at("cut"), { ids: [1, 2, 3, 4, 5] });
      await transform(at("s"), at("changed"), beforeBirthToBirth());
      const db = PatientDatabase.open(at("s"));
      await db.export(at("exported"));
      db.close();
      await convert(at("exported"), at("again"));
      for (const name of ["s", "cut", "changed", "again"]) {
        const store = PatientDatabase.open(at(name));
        ids.add(store.metadata.id);
        store.close();
      }
    }
    expect(ids.size).toBe(20);
  });
});

describe("files of a source", () => {
  const bytesOf = (rows: readonly SimpleRow[]) => hyparquetBytes(simpleFile("", rows, { compression: "none" }));

  it("count by their names: one is renamed, two are exchanged", async () => {
    const source = folder("names");
    const [one, two] = [place(source, "data", "1.parquet"), join(source, "data", "2.parquet")];
    writeFileSync(one, bytesOf([[1n, 0n, "A"]]));
    writeFileSync(two, bytesOf([[2n, 0n, "B"]]));
    await isAnother(source, () => renameSync(two, join(source, "data", "3.parquet")));
    renameSync(join(source, "data", "3.parquet"), two);
    await isAnother(source, () => {
      renameSync(one, `${one}.aside`);
      renameSync(two, one);
      renameSync(`${one}.aside`, two);
    });
    await isAnother(source, () => rmSync(two));
    await isAnother(source, () => writeFileSync(two, bytesOf([[3n, 0n, "B"]])));
  });

  it("count with those of the metadata: splits, descriptions and others", async () => {
    const source = await writeSimple(folder("metadata"), [
      [1n, 0n, "A"],
      [2n, 0n, "B"],
    ]);
    const split = (one: string, other: string) =>
      writeSplits(
        source,
        new Map([
          [1n, one],
          [2n, other],
        ]),
      );
    const describe = (one: string, other: string) => {
      const columns = [
        { name: "code", type: simple.text, values: ["A", "B"] },
        { name: "description", type: simple.text, values: [one, other] },
      ];
      writeFileSync(place(source, "metadata", "codes.parquet"), hyparquetBytes({ name: "", columns }));
    };
    split("train", "tests");
    describe("one", "two");
    writeFileSync(place(source, "metadata", "own", "notes.txt"), "abc");
    await isAnother(source, () => split("tests", "train"));
    await isAnother(source, () => describe("two", "one"));
    await isAnother(source, () => writeFileSync(join(source, "metadata", "own", "notes.txt"), "abd"));
  });

  it("count when the source is one file", async () => {
    const path = join(folder("single"), "events.parquet");
    writeFileSync(path, bytesOf(events().map(([id, time, code, value]) => [id, time, code, value])));
    await isAnother(path, () => writeFileSync(path, bytesOf(events("value").map(([id, time, code, value]) => [id, time, code, value]))));
  });

  it("may be written again as they were: the store stays", async () => {
    const source = await writeSimple(folder("same"), [[1n, 0n, "A"]]);
    const first = await opened(source);
    const before = contents(`${source}.medsdb`);
    await writeSimple(source, [[1n, 0n, "A"]]);
    utimesSync(join(source, "data", "0.parquet"), 1, 1);
    expect((await opened(source)).id).toBe(first.id);
    expect(await convert(source, `${source}.medsdb`, { reuse: true })).toMatchObject({ reused: true });
    expect(changed(contents(`${source}.medsdb`), before)).toEqual([]);
    rmSync(`${source}.medsdb`, { recursive: true });
  });

  it("may be many: a copy of the source elsewhere has the same id", async () => {
    const copy = join(folder("copy"), "copy");
    cpSync(generated.source, copy, { recursive: true });
    const ids = [];
    for (const [source, threads] of [
      [generated.source, 1],
      [copy, 2],
    ] as const) {
      const store = join(folder("store"), "s.medsdb");
      await convert(source, store, { threads });
      ids.push(PatientDatabase.open(store).metadata.id);
    }
    expect(ids[0]).toBe(ids[1]);
  });
});

describe("an archive whose ends and length stay equal", () => {
  /** A dataset between two large files, as a tar. */
  async function packed(column?: Column): Promise<Buffer> {
    const root = folder("packed");
    await write("hyparquet-writer", events(column), place(root, "data", "0.parquet"));
    for (const name of ["a", "z"]) writeFileSync(place(root, "metadata", name), Buffer.alloc(1 << 21, name));
    const order = ["metadata/a", "data/0.parquet", "metadata/z"];
    execFileSync("tar", ["-cf", `${root}.tar`, "--format=ustar", "--mtime=2020-01-01", "-C", root, ...order]);
    const tar = readFileSync(`${root}.tar`);
    rmSync(`${root}.tar`);
    return tar;
  }

  /** Three members, as block compression makes them: the last one's checksum is its own. */
  function members(tar: Buffer): Buffer {
    const parts = [tar.subarray(0, 1 << 20), tar.subarray(1 << 20, 3 << 20), tar.subarray(3 << 20)];
    return Buffer.concat(parts.map((part) => gzipSync(part, { level: 0 })));
  }

  it.each([
    [".tar", (tar: Buffer) => tar],
    [".tar.gz", members],
  ] as const)("is another source: %s", async (ending, form) => {
    const path = join(folder("archive"), `m${ending}`);
    writeFileSync(path, form(await packed()));
    const before = readFileSync(path);
    await isAnother(path, async () => writeFileSync(path, form(await packed("code"))));
    const after = readFileSync(path);
    expect(after.length).toBe(before.length);
    for (const end of [1 << 20, -(1 << 20)])
      expect(after.subarray(...(end > 0 ? [0, end] : [end])).equals(before.subarray(...(end > 0 ? [0, end] : [end])))).toBe(true);
    expect((await opened(path)).rows).toEqual(rowsOf(events("code")));
    // Its name is not its content.
    renameSync(path, join(dirname(path), `other${ending}`));
    expect(await convert(join(dirname(path), `other${ending}`), `${path}.medsdb`, { reuse: true })).toMatchObject({ reused: true });
  });
});

const theirs = python === null ? null : join(dirname(python), "meds_reader_convert");

describe.skipIf(theirs === null || !existsSync(theirs))("a database of meds_reader", () => {
  it("is another one where a byte of any of its files is another", async () => {
    const source = folder("source");
    await write("hyparquet-writer", events(), place(source, "data", "0.parquet"));
    mkdirSync(join(source, "metadata"));
    const database = join(folder("database"), "db");
    execFileSync(theirs!, [source, database, "--num_threads", "1"], { stdio: "ignore" });
    const store = join(folder("store"), "s.medsdb");
    await convert(database, store);
    // Most of these are damage: what is converted anew fails.
    const looked = () =>
      convert(database, store, { reuse: true }).then(
        ({ reused }) => reused,
        () => false,
      );
    const names = files(database).filter((name) => statSync(join(database, name)).size > 0 && !name.includes("null_map"));
    expect(names.length).toBeGreaterThan(8);
    for (const name of names) {
      const bytes = readFileSync(join(database, name));
      const other = Buffer.from(bytes);
      other[bytes.length >> 1]! ^= 1;
      writeFileSync(join(database, name), other);
      expect(await looked(), name).toBe(false);
      writeFileSync(join(database, name), bytes);
      await looked();
      expect(await looked(), name).toBe(true);
    }
  });
});

describe("OMOP tables whose sizes and ends stay equal", () => {
  const MANY = 9000;
  const NAMES = "measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number";
  const lines = (first: number, second: number) =>
    Array.from({ length: MANY }, (_, at) => `${at + 1},${1 + (at % 2)},3025315,2020-01-01,${[first, second][at] ?? "100.5"}`);
  const forms = {
    "measurement.csv": async (path: string, rows: readonly string[]) => writeFileSync(path, `${NAMES}\n${rows.join("\n")}\n`),
    "measurement.csv.gz": async (path: string, rows: readonly string[]) =>
      writeFileSync(
        path,
        Buffer.concat([
          gzipSync(`${NAMES}\n${rows.slice(0, 4).join("\n")}\n`, { level: 0 }),
          gzipSync(`${rows.slice(4).join("\n")}\n`, { level: 0 }),
        ]),
      ),
    "measurement.parquet": async (path: string, rows: readonly string[]) => {
      const csv = `${path}.txt`;
      writeFileSync(csv, `${NAMES}\n${rows.join("\n")}\n`);
      await (await duck()).run(
        `COPY (SELECT value_as_number, * EXCLUDE value_as_number FROM read_csv('${csv}')) TO '${path}' (FORMAT parquet, COMPRESSION uncompressed)`,
      );
      rmSync(csv);
    },
    "measurement/part-0.csv": async (path: string, rows: readonly string[]) => writeFileSync(path, `${NAMES}\n${rows.join("\n")}\n`),
  };

  // A file's bytes are compared, whatever it contains: test:all tries more forms of it.
  const some = Object.entries(forms).filter(([name]) => full || ["measurement.csv", "measurement.parquet"].includes(name));
  it.each(some)("are other tables: %s", async (name, make) => {
    const tables = writeCsv(folder("tables"), {
      person: clinic.person!,
      concept: `${clinic.concept!}3025315,Body weight,Measurement,LOINC,Lab Test,S,29463-7,,,\n`,
    });
    const path = place(tables, name);
    await make(path, lines(72.25, 83.75));
    const before = readFileSync(path);
    const weights = async () => {
      const { rows } = await opened(tables, { keepUnmapped: true });
      return (rows as [number, number, string, number][])
        .filter(([, , , value]) => value !== null && value < 100)
        .map(([id, , , value]) => [id, value]);
    };
    expect(await weights()).toEqual([
      [1, 72.25],
      [2, 83.75],
    ]);
    await isAnother(tables, () => make(path, lines(83.75, 72.25)));
    const after = readFileSync(path);
    expect(after.length).toBe(before.length);
    if (!name.endsWith(".csv")) expect(after.subarray(-(1 << 16)).equals(before.subarray(-(1 << 16)))).toBe(true);
    expect(await weights()).toEqual([
      [1, 83.75],
      [2, 72.25],
    ]);
  });
});

describe("a source that changes while it is converted", () => {
  it("is noticed, and leaves nothing", async () => {
    const [source, target] = [join(folder("large"), "source"), folder("target")];
    // Large enough that its conversion is seen at work, which is looked for ten times a second.
    await generate(source, { patients: 1000, events: 2_000_000, seed: 5, files: 3 });
    const path = join(source, files(source).find((name) => /^data.*parquet$/.test(name))!);
    const bytes = readFileSync(path);
    let written = "";
    const onProgress = ({ phase }: Progress) => {
      if (written === "" && ["measure", "write", "check"].includes(phase)) {
        written = phase;
        writeFileSync(path, bytes);
      }
    };
    const error = await rejected(convert(source, join(target, "s.medsdb"), { onProgress, threads: 1 }));
    expect(written).not.toBe("");
    expect(error).toMatchObject({
      code: "MEDS_SOURCE_CHANGED",
      message: expect.stringMatching(/^.*: The (source|file) changed .* Retry when nothing is writing to it\.$/),
    });
    expect(readdirSync(target)).toEqual([]);
  });

  it("is noticed of OMOP tables, too", async () => {
    const [tables, target] = [writeCsv(folder("tables"), brief), folder("target")];
    let written = false;
    const onProgress = () => {
      if (!written) writeFileSync(join(tables, "death.csv"), readFileSync(join(tables, "death.csv")));
      written = true;
    };
    const error = await rejected(convert(tables, join(target, "s.medsdb"), { onProgress }));
    expect(error).toMatchObject({ code: "MEDS_SOURCE_CHANGED", path: tables });
    expect(readdirSync(target)).toEqual([]);
  });
});

describe("hashes that are remembered", () => {
  const usual = { ...process.env };
  afterEach(() => {
    for (const name of ["MEDS_READER_CACHE", "XDG_CACHE_HOME", "HOME"]) {
      if (usual[name] === undefined) delete process.env[name];
      else process.env[name] = usual[name];
    }
  });

  // Made before the first test of this file, so that they are old enough without a wait when these tests begin.
  const plain = Promise.all(Array.from({ length: 7 }, () => writeSimple(folder("settled"), [[1n, 0n, "A"]])));
  const tables = writeCsv(folder("settled"), brief);
  const made = plain.then(() => performance.now());

  /** A source that is settled and its store; the folder where its hashes are, and the file. */
  async function settled(given?: string) {
    const [source, memory] = [given ?? (await plain).pop()!, folder("memory")];
    process.env.MEDS_READER_CACHE = memory;
    await sleep((await made) + 2200 - performance.now());
    const store = join(folder("store"), "s.medsdb");
    await convert(source, store);
    const names = readdirSync(join(memory, "hashes"));
    expect(names).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
    return { source, store, memory, file: join(memory, "hashes", names[0]!) };
  }
  const reused = async (source: string, store: string, options: ConvertOptions = {}) =>
    (await convert(source, store, { reuse: true, ...options })).reused;

  /** Says of every file that its hash is another one, with a checksum that is right: what is remembered is what counts. */
  function lie(file: string): void {
    const lines = readFileSync(file, "utf8").trimEnd().split("\n").slice(0, -1);
    const text = `${lines.map((line) => line.replace(/ \w{32}$/, ` ${"0".repeat(32)}`)).join("\n")}\n`;
    writeFileSync(file, `${text}${crc32c(Buffer.from(text))}\n`);
  }

  it("serve files that have not changed, and only those", async () => {
    const { source, store, file } = await settled();
    expect(await reused(source, store)).toBe(true);
    lie(file);
    expect(await reused(source, store)).toBe(false);
    // Neither a touched file nor a replaced one is what was remembered, whatever time it says.
    const path = join(source, "data", "0.parquet");
    const { atime, mtime } = statSync(path);
    const bytes = readFileSync(path);
    cpSync(path, `${path}.new`);
    utimesSync(`${path}.new`, atime, mtime);
    renameSync(`${path}.new`, path);
    expect(await reused(source, store)).toBe(false);
    expect(await reused(source, store)).toBe(true);
    writeFileSync(path, hyparquetBytes(simpleFile("", [[1n, 0n, "B"]])));
    expect(readFileSync(path)).toHaveLength(bytes.length);
    utimesSync(path, atime, mtime);
    expect(await reused(source, store)).toBe(false);
  });

  it("contain neither paths nor codes", async () => {
    const { file } = await settled();
    expect(readFileSync(file, "utf8")).toMatch(/^meds-reader hashes 1\n([0-9a-f]{32} [0-9a-f]{32}\n)+[0-9a-f]{8}\n$/);
  });

  it("are made by any path that leads to the source, and serve any", async () => {
    const { source, memory } = await settled();
    for (const path of [`${source}/`, join(source, "..", source.split("/").at(-1)!)])
      await convert(path, join(folder("store"), "s.medsdb"));
    expect(readdirSync(join(memory, "hashes"))).toHaveLength(1);
  });

  it("are made of files only that are older than a tick of the clock", async () => {
    const memory = folder("memory");
    process.env.MEDS_READER_CACHE = memory;
    const source = await writeSimple(folder("young"), [[1n, 0n, "A"]]);
    utimesSync(join(source, "data", "0.parquet"), 1, 1);
    const store = join(folder("store"), "s.medsdb");
    for (const code of ["A", "B", "C", "D"]) {
      await writeSimple(source, [[1n, 0n, code]]);
      utimesSync(join(source, "data", "0.parquet"), 1, 1);
      expect(await reused(source, store)).toBe(false);
      expect(await reused(source, store)).toBe(true);
    }
    expect(readdirSync(memory)).toEqual([]);
  });

  it("of OMOP tables are remembered, those of files made from them are not", async () => {
    const { source, store } = await settled(tables);
    expect(await reused(source, store)).toBe(true);
  });

  it("may be damaged, cut, or of another kind: the files are read again", async () => {
    const { source, store, file } = await settled();
    const text = readFileSync(file, "utf8");
    for (const damaged of [
      "",
      "\n",
      text.slice(0, -1),
      text.slice(0, 60),
      text.replace(/[0-9a-f](?=\n$)/, "x"),
      `${text}${text}`,
      "\ufffd\0",
      "x".repeat(1 << 20),
    ]) {
      writeFileSync(file, damaged);
      expect(await reused(source, store)).toBe(true);
      expect(readFileSync(file, "utf8")).toBe(text);
    }
    rmSync(file);
    mkdirSync(join(file, "in the way"), { recursive: true });
    expect(await reused(source, store)).toBe(true);
    expect(readdirSync(dirname(file))).toEqual([file.split("/").at(-1)]);
  });

  it("may have no place: it is off, a file, not to be written, or there is no home", async () => {
    const { source, store, file, memory } = await settled();
    lie(file);
    const nowhere = folder("nowhere");
    writeFileSync(join(nowhere, "file"), "mine");
    for (const place of ["off", join(nowhere, "file"), "/proc/none", "/dev/null"]) {
      process.env.MEDS_READER_CACHE = place;
      expect(await reused(source, store)).toBe(true);
    }
    delete process.env.MEDS_READER_CACHE;
    delete process.env.XDG_CACHE_HOME;
    process.env.HOME = join(nowhere, "nobody");
    expect(await reused(source, store)).toBe(true);
    expect(readdirSync(nowhere)).toEqual(["file"]);
    process.env.HOME = nowhere;
    expect(await reused(source, store)).toBe(true);
    expect(files(nowhere).filter((name) => name !== "file")).toEqual([
      expect.stringMatching(/^(\.cache|Library\/Caches)\/meds-reader\/hashes\/[0-9a-f]{32}$/),
    ]);
    process.env.XDG_CACHE_HOME = join(nowhere, "shared");
    expect(await reused(source, store)).toBe(true);
    expect(files(join(nowhere, "shared"))).toHaveLength(1);
    process.env.MEDS_READER_CACHE = memory;
    expect(await reused(source, store)).toBe(false);
  });

  it("are made and read by many processes at once", async () => {
    const { source, memory, file } = await settled();
    const text = readFileSync(file, "utf8");
    rmSync(file);
    const ends = await Promise.all(
      Array.from({ length: 6 }, (_, at) => run("convert-child.mjs", [source, join(memory, `${at}.medsdb`), '{"reuse":true}'])),
    );
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(Array(6).fill([0, ""]));
    expect(readdirSync(join(memory, "hashes"))).toEqual([file.split("/").at(-1)]);
    expect(readFileSync(file, "utf8")).toBe(text);
  });
});

describe("trustTimes", () => {
  /** A source, and how to change a value of it without a sign. */
  const sources = {
    "a MEDS folder": async () => {
      const source = folder("trusted");
      const path = place(source, "data", "0.parquet");
      await write("hyparquet-writer", events(), path);
      return { source, path, change: () => write("hyparquet-writer", events("code"), path) };
    },
    "OMOP tables": async () => {
      const source = writeCsv(folder("trusted"), brief);
      const path = join(source, "death.csv");
      const text = readFileSync(path, "utf8");
      return { source, path, change: async () => writeFileSync(path, text.replace("2022-11-11", "2022-11-12")) };
    },
    "an archive": async () => {
      const root = folder("trusted");
      const tar = async (column?: Column) => {
        await write("hyparquet-writer", events(column), place(root, "data", "0.parquet"));
        execFileSync("tar", ["-cf", join(root, "m.tar"), "--mtime=2020-01-01", "-C", root, "data"]);
      };
      await tar();
      return { source: join(root, "m.tar"), path: join(root, "m.tar"), change: () => tar("code") };
    },
  };

  it.each(Object.entries(sources))("compares names, sizes and times of %s, and contents where these differ", async (_, make) => {
    const { source, path, change } = await make();
    const store = join(folder("store"), "s.medsdb");
    const look = async (trustTimes: boolean, more: ConvertOptions = {}) =>
      (await convert(source, store, { reuse: true, trustTimes, ...more })).reused;
    const manifest = () => JSON.parse(readFileSync(join(store, "manifest.json"), "utf8")) as { id: string; times?: string };
    // Made without: compared by content, with and without.
    expect(await look(false)).toBe(false);
    expect(manifest()).not.toHaveProperty("times");
    expect([await look(true), await look(false)]).toEqual([true, true]);
    const plain = contents(store);
    await convert(source, store, { force: true, trustTimes: true });
    expect(manifest().times).toMatch(/^[0-9a-f]{32}$/);
    expect(changed(contents(store), plain)).toEqual(["manifest.json"]);
    const { id } = manifest();
    expect([await look(true), await look(false), await look(true, { exclude: ["numeric_value"] })]).toEqual([true, true, false]);
    await convert(source, store, { force: true, trustTimes: true });
    // Touched: the contents are the same.
    utimesSync(path, 1000, 1000);
    expect([await look(true), await look(false)]).toEqual([true, true]);
    await convert(source, store, { force: true, trustTimes: true });
    // Another value with the size and time of before: that is the risk.
    await change();
    utimesSync(path, 1000, 1000);
    expect(await look(true)).toBe(true);
    const db = await PatientDatabase.from(source, { store, trustTimes: true });
    expect(db.metadata.id).toBe(id);
    db.close();
    expect(await look(false)).toBe(false);
    expect(manifest().id).not.toBe(id);
    // A time that is another one is noticed.
    await convert(source, store, { force: true, trustTimes: true });
    writeFileSync(path, readFileSync(path));
    await change();
    utimesSync(path, 2000, 2000);
    expect(await look(true)).toBe(true);
  });

  it("leaves no trace in a filtered store", async () => {
    const { source } = await sources["a MEDS folder"]();
    const target = folder("store");
    await convert(source, join(target, "s"), { trustTimes: true });
    await filter(join(target, "s"), join(target, "cut"), { ids: [1] });
    expect(readFileSync(join(target, "cut", "manifest.json"), "utf8")).not.toContain('"times"');
    expect(await verify(join(target, "s"), source)).toEqual({ ok: true, differences: [] });
  });

  it("is true or false", async () => {
    const { source } = await sources["a MEDS folder"]();
    const error = await rejected(convert(source, join(folder("store"), "s"), { trustTimes: 1 as never }));
    expect(error).toMatchObject({ code: "MEDS_INVALID_ARGUMENT", message: expect.stringContaining("trustTimes") });
  });
});
