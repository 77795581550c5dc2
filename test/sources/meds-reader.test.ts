// Databases of meds_reader (Python) as sources: value by value against the Parquet that they were made from, and damaged ones.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { convert, inspect, type MedsError, PatientDatabase, verify } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { writeFiles, writeJson, writeSplits } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { checkStore, type ExpectedPatient, type ExpectedRow } from "../support/expect.js";
import type { Raw } from "../support/families.js";
import { contents, files, folder, place } from "../support/folder.js";
import { damageStep } from "../support/property.js";
import { python } from "../support/python.js";
import { real } from "../support/real.js";
import { refused } from "../support/refused.js";
import { sourcePatients, sourceSplits } from "../support/source.js";

const femr = real("small-meds", "femr_synthetic");
const packed = femr === null ? null : join(femr, "meds_reader_db.zip");
const mimic = real("mimic-iv-demo-meds-0.0.1");
/** meds_reader's own converter, in the Python of the tests. */
const theirs = python === null ? null : join(dirname(python), "meds_reader_convert");
const absent = theirs === null || !existsSync(theirs);

/** A database of a source, made by meds_reader. */
function databaseOf(source: string): string {
  const path = join(folder("database"), "db");
  execFileSync(theirs!, [source, path, "--num_threads", "2"], { stdio: "ignore" });
  return path;
}

/** What a source's Parquet holds by DuckDB, in the order of a database: ids ascending. It keeps no empty text: "" is null there. */
async function patientsOf(source: string, splits: ReadonlyMap<bigint, string>): Promise<ExpectedPatient[]> {
  const patients: ExpectedPatient[] = [];
  for await (const { id, columns } of sourcePatients(source)) {
    const cell = (value: unknown) => (value === "" ? null : value);
    const rows = columns.get("code")!.map((_, row) => Object.fromEntries([...columns].map(([name, values]) => [name, cell(values[row])])));
    patients.push({ id, split: splits.get(id) ?? null, rows: rows as unknown as ExpectedRow[] });
  }
  return patients.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Converts a database, and proves the store against it and against the patients. */
async function checked(database: string, expected: readonly ExpectedPatient[]): Promise<PatientDatabase> {
  const store = join(folder("imported"), "s.medsdb");
  await convert(database, store);
  expect(await verify(store, database)).toEqual({ ok: true, differences: [] });
  const db = PatientDatabase.open(store, { verify: true });
  checkStore(db, expected);
  return db;
}

/** The database of femr_synthetic, unpacked by the importer's rival: the system's own program. */
function unpacked(): string {
  const path = folder("unpacked");
  execFileSync(python ?? "python3", ["-m", "zipfile", "-e", packed!, path]);
  return join(path, "synthetic_meds");
}

/** A file of text in a folder; its path. */
function writeText(root: string, name: string, text: string): string {
  const path = place(root, name);
  writeFileSync(path, text);
  return path;
}

const noPython = spawnSync(python ?? "python3", ["--version"]).status !== 0;

describe.skipIf(femr === null)("the database beside femr_synthetic", () => {
  let expected: ExpectedPatient[];
  beforeAll(async () => {
    expected = await patientsOf(join(femr!, "subjects.parquet"), new Map());
  });

  it("reads back equal to its Parquet, out of its archive", async () => {
    const db = await checked(packed!, expected);
    expect([db.size, db.eventCount, db.metadata.files]).toEqual([200, 2_589, ["metadata.json"]]);
    db.close();
  });

  it.skipIf(noPython)("reads back equal to its Parquet, as a folder; a .tar.gz and a .tar of it hold the same", async () => {
    const database = unpacked();
    (await checked(database, expected)).close();
    const place = folder("packed");
    for (const [name, flags] of [
      ["db.tar.gz", "-czf"],
      ["db.tar", "-cf"],
    ] as const) {
      const path = join(place, name);
      execFileSync("tar", [flags, path, "-C", dirname(database), "synthetic_meds"]);
      (await checked(path, expected)).close();
    }
  });

  it.skipIf(noPython)("is found anywhere in an archive; an archive with several datasets is refused", async () => {
    const database = unpacked();
    const place = join(database, "..");
    for (const name of ["notes/README.txt", "notes/deeper/._README.txt", "data/README.txt", "__MACOSX/._synthetic_meds"])
      writeText(place, name, "no data");
    for (const format of ["v7", "gnu", "pax"]) {
      const path = join(folder("found"), "db.tar");
      execFileSync("tar", ["-cf", path, `--format=${format}`, "-C", place, "."]);
      expect(await convert(path, `${path}.medsdb`)).toMatchObject({ patients: 200, events: 2_589 });
    }
    // With Parquet in it, "data" is a dataset's, and what lies beside it is part of that.
    cpSync(join(femr!, "subjects.parquet"), join(place, "data/0.parquet"));
    const both = join(folder("found"), "both.tar.gz");
    execFileSync("tar", ["-czf", both, "-C", place, "."]);
    expect(await inspect(both)).toMatchObject({ format: "meds", files: 1, subjects: 200, problem: null });
    expect(await convert(both, `${both}.medsdb`)).toMatchObject({ patients: 200 });
    rmSync(join(place, "data/0.parquet"));
    cpSync(database, join(place, "notes/copy"), { recursive: true });
    const path = join(folder("found"), "two.tar.gz");
    execFileSync("tar", ["-czf", path, "-C", place, "."]);
    const error = await refused(path);
    expect(error).toMatchObject({
      code: "MEDS_NO_DATA",
      path,
      message: expect.stringContaining("2 datasets (notes/copy, synthetic_meds)"),
    });
  });

  it.skipIf(noPython)("is another one where a byte changed, be it in the middle of a .tar", async () => {
    const database = unpacked();
    writeText(database, "metadata/note.txt", `${"-".repeat(1 << 21)}1${"-".repeat(1 << 21)}`);
    const path = join(folder("tar"), "db.tar");
    execFileSync("tar", ["-cf", path, "-C", dirname(database), "synthetic_meds"]);
    const store = join(folder("again"), "s.medsdb");
    await convert(path, store);
    expect(await convert(path, store, { reuse: true })).toMatchObject({ reused: true });
    const bytes = readFileSync(path);
    bytes[bytes.indexOf("-1-") + 1] = 0x32;
    writeFileSync(path, bytes);
    expect(await convert(path, store, { reuse: true })).toMatchObject({ reused: false });
  });

  it("is converted once: from() of an archive finds its store again, and makes it anew for another archive", async () => {
    const path = join(folder("from"), "db.zip");
    cpSync(packed!, path);
    const first = await PatientDatabase.from(path);
    expect(first.size).toBe(200);
    first.close();
    const store = `${path}.medsdb`;
    // Whether it is its archive's still is a look at that, which may take its time.
    expect(await rejected(PatientDatabase.from(path, { signal: AbortSignal.abort() }))).toMatchObject({ code: "MEDS_CANCELLED" });
    expect(await convert(path, store, { reuse: true })).toMatchObject({ reused: true });
    expect(await convert(path, store, { reuse: true, exclude: ["numeric_value"] })).toMatchObject({ reused: false, columns: 2 });
    expect(readdirSync(dirname(path)).sort()).toEqual(["db.zip", "db.zip.medsdb"]);
  });
});

/** A type of meds_reader's, how pyarrow is told it, and values with what breaks it. */
const columns: readonly (readonly [name: string, type: string, values: readonly Raw[]])[] = [
  ["b_string", "pa.string()", ["a", "", "long ".repeat(400), "ü\u{1f600}", "a\0b"]],
  ["c_large", "pa.large_string()", ["mg", "ml", "kg"]],
  ["d_time", "pa.timestamp('us')", [0n, -1n, 1n, -6_000_000_000_000_001n, 7_258_118_400_000_000n, 1_234_567_890_123_456n]],
  ["e_float", "pa.float32()", [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -3.25]],
  ["f_double", "pa.float64()", [0, -0, 0.1, Number.NaN, Number.NEGATIVE_INFINITY, 5e-324]],
  ["g_i8", "pa.int8()", [-128, 0, 127]],
  ["h_i16", "pa.int16()", [-32_768, 0, 32_767]],
  ["i_i32", "pa.int32()", [-(2 ** 31), 0, 2 ** 31 - 1]],
  ["j_i64", "pa.int64()", [-(2n ** 63n), 0n, 2n ** 63n - 1n, 9_007_199_254_740_993n]],
  ["k_u8", "pa.uint8()", [0, 255]],
  ["l_u16", "pa.uint16()", [0, 65_535]],
  ["m_u32", "pa.uint32()", [0, 2 ** 32 - 1]],
  ["n_u64", "pa.uint64()", [0n, 2n ** 64n - 1n]],
  // Names that are folders of the database: one in a folder, one that a MEDS dataset has, one that JavaScript has.
  ["o/sl ash\\ü", "pa.string()", ["x"]],
  ["data", "pa.string()", ["y", "z"]],
  ["__proto__", "pa.int8()", [1]],
];

/** A dataset of every column type, in two files: dense and sparse columns, runs of equal times of any length, ids of any sign and size. */
async function everything(): Promise<string> {
  const source = folder("everything");
  const subjects = [-(2n ** 63n), -5n, 0n, 12n, 2n ** 53n + 1n, 2n ** 63n - 1n];
  let state = 7;
  const random = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  const gaps = [0n, 0n, 0n, 1n, 1_000_000n, 999_999n, 86_400_000_000n, 86_400_000_001n, 40_000n * 86_400_000_000n];
  const rows = subjects.flatMap((id, s) => {
    // Before 1970, on it.
    let time = [-5_000_000_000_000_000n, -1n, 0n, 1n, 1_500_000_000_000_000n, -62_000_000_000_000_000n][s]!;
    const count = [1, 40, 300, 65, 600, 129][s]!;
    return Array.from({ length: count }, (_, row) => {
      if (row < s % 4 && row + 1 < count) return { id, time: null, row, s };
      if (row > 0) time += s === 4 ? BigInt(random(3)) : gaps[random(gaps.length)]!;
      return { id, time, row, s };
    });
  });
  const file = (name: string, of: typeof rows) => {
    const column = (name: string, type: string, values: readonly (Raw | null)[]) => ({
      name,
      type: { writer: "pyarrow" as const, type, encode: (raw: Raw) => raw },
      values,
    });
    const cells = ([name, type, values]: (typeof columns)[number], c: number) =>
      // Every third column is mostly null, every fourth has a value everywhere.
      column(
        name,
        type,
        of.map(() => (c % 4 === 0 || random(c % 3 === 1 ? 20 : 2) === 0 ? values[random(values.length)]! : null)),
      );
    const codes = of.map(({ s, row }) => (row % 3 === 0 ? `OWN//${s}//${row % 50}` : ["A", "B//1", "Ü", "MEDS_BIRTH"][row % 4]!));
    return {
      name,
      columns: [
        column(
          "subject_id",
          "pa.int64()",
          of.map(({ id }) => id),
        ),
        column(
          "time",
          "pa.timestamp('us')",
          of.map(({ time }) => time),
        ),
        column("code", "pa.string()", codes),
        column(
          "numeric_value",
          "pa.float32()",
          of.map(({ row }) => (row % 5 === 0 ? row / 4 : null)),
        ),
        ...columns.map(cells),
      ],
    };
  };
  await writeFiles(source, [
    file(
      "b.parquet",
      rows.filter(({ s }) => s < 4),
    ),
    file(
      "a.parquet",
      rows.filter(({ s }) => s >= 4),
    ),
  ]);
  writeJson(source, "dataset.json", { dataset_name: "everything" });
  writeSplits(source, new Map(subjects.map((id, s) => [id, s % 2 ? "train" : "held_out"])));
  return source;
}

describe.skipIf(absent)("databases that meds_reader makes (Python with it)", () => {
  it("of every column type read back equal to their Parquet, metadata included", async () => {
    const source = await everything();
    const database = databaseOf(source);
    const db = await checked(database, await patientsOf(source, await sourceSplits(source)));
    const types = new Map([...db.columns].map(({ name, type }) => [name, type]));
    expect([types.get("c_large"), types.get("d_time"), types.get("n_u64")]).toEqual(["large_utf8", "timestamp[us]", "uint64"]);
    expect(db.metadata.dataset).toMatchObject({ dataset_name: "everything" });
    db.close();
    expect(await inspect(database)).toMatchObject({ format: "meds_reader", problem: null, subjects: 6 });
  });

  it.skipIf(mimic === null)(
    "of the MIMIC-IV demo make the same store as its Parquet files",
    async () => {
      const store = join(folder("imported"), "s.medsdb");
      expect(await convert(databaseOf(mimic!), store)).toMatchObject({ patients: 100, events: 916_166, codes: 7_035, columns: 24 });
      expect(await verify(store, mimic!)).toEqual({ ok: true, differences: [] });
    },
    120_000,
  );
});

describe.skipIf(packed === null || noPython)("a database that is damaged", () => {
  it("with a bit flipped, or cut, in any file is an error that names the file, or a whole store: never a crash, never a part of one", async () => {
    const database = unpacked();
    const target = folder("target");
    const store = join(target, "s.medsdb");
    const codes = new Map<string, number>();
    for (const name of files(database).filter((name) => !name.startsWith("metadata"))) {
      const path = join(database, name);
      const bytes = readFileSync(path);
      const attempt = async (damaged: Buffer) => {
        writeFileSync(path, damaged);
        const outcome = await convert(database, store, { force: true, threads: 1 }).then(
          () => "converted",
          (error: MedsError) => error.code ?? error.message,
        );
        codes.set(outcome, (codes.get(outcome) ?? 0) + 1);
        expect(outcome, `${name}, ${damaged.length} of ${bytes.length} bytes`).toMatch(/^(converted|MEDS_[A-Z_]+)$/);
        expect(outcome).not.toBe("MEDS_INTERNAL");
        expect(readdirSync(target)).toEqual(existsSync(store) ? ["s.medsdb"] : []);
        if (outcome === "converted") PatientDatabase.open(store, { verify: true }).close();
      };
      for (let at = 0; at < bytes.length; at += Math.ceil((bytes.length * damageStep) / 400) || 1) {
        const flipped = Buffer.from(bytes);
        flipped[at] = flipped[at]! ^ (1 << (at % 8));
        await attempt(flipped);
      }
      for (const part of [0, 1, bytes.length >> 1, bytes.length - 1]) await attempt(bytes.subarray(0, part));
      await attempt(Buffer.concat([bytes, Buffer.from("more")]));
      writeFileSync(path, bytes);
    }
    expect(codes.get("MEDS_SOURCE_DAMAGED")).toBeGreaterThan(1_040 / damageStep);
    expect(await convert(database, store, { force: true })).toMatchObject({ events: 2_589 });
  }, 300_000);

  it("says which file is missing, and which version it cannot read", async () => {
    const database = unpacked();
    writeFileSync(join(database, "meds_reader.version"), "1\n");
    expect(await refused(database)).toMatchObject({ code: "MEDS_SOURCE_VERSION", message: expect.stringContaining("version 1") });
    rmSync(join(database, "meds_reader.version"));
    expect(await refused(database)).toMatchObject({ code: "MEDS_SOURCE_VERSION" });
    const oldest = folder("oldest");
    for (const name of ["properties", "length", "patient_id"]) writeText(oldest, name, "");
    expect(await refused(oldest)).toMatchObject({ code: "MEDS_SOURCE_VERSION", message: expect.stringContaining("version 0") });
    expect((await inspect(oldest)).problem).toContain("version 0");
    writeFileSync(join(database, "meds_reader.version"), "2\n");
    for (const name of ["code/dictionary", "time/data", "subject_id"]) {
      const bytes = readFileSync(join(database, name));
      rmSync(join(database, name));
      expect(await refused(database)).toMatchObject({ code: "MEDS_NOT_FOUND", path: join(database, name) });
      writeFileSync(join(database, name), bytes);
    }
    const sound = join(folder("sound"), "s.medsdb");
    await convert(database, sound);
    const data = readFileSync(join(database, "code/data"));
    data.fill(0, data.readUInt32LE(8 * 7) + 8, data.readUInt32LE(8 * 8));
    writeFileSync(join(database, "code/data"), data);
    expect(await refused(database)).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", message: expect.stringMatching(/subject \d+/) });
    // In an archive it is a file of the archive: where that was unpacked is gone.
    const packed = join(folder("packed"), "db.tar.gz");
    execFileSync("tar", ["-czf", packed, "-C", dirname(database), "synthetic_meds"]);
    const told = { code: "MEDS_SOURCE_DAMAGED", path: join(packed, "synthetic_meds/code/data") };
    expect(await refused(packed)).toMatchObject(told);
    expect(await rejected(verify(sound, packed))).toMatchObject(told);
    expect((await inspect(packed)).problem).toContain(told.path);
  });

  it("whose subjects are not in order, are there twice or have no rows is refused by the subject's id", async () => {
    const database = unpacked();
    const [ids, lengths] = ["subject_id", "meds_reader.length"].map((name) => join(database, name)) as [string, string];
    const [sound, rows] = [readFileSync(ids), readFileSync(lengths)];
    const first = sound.readBigInt64LE(0);
    for (const bytes of [
      Buffer.concat([sound.subarray(8, 16), sound.subarray(0, 8), sound.subarray(16)]),
      Buffer.concat([sound.subarray(0, 8), sound.subarray(0, 8), sound.subarray(16)]),
    ]) {
      writeFileSync(ids, bytes);
      expect(await refused(database)).toMatchObject({
        code: "MEDS_SOURCE_DAMAGED",
        path: ids,
        message: expect.stringContaining(`subject ${first}`),
      });
    }
    writeFileSync(ids, sound);
    writeFileSync(lengths, Buffer.concat([Buffer.alloc(4), rows.subarray(4)]));
    const error = await refused(database);
    expect(error).toMatchObject({
      code: "MEDS_SOURCE_DAMAGED",
      path: lengths,
      message: expect.stringContaining(`subject ${first} has no rows`),
    });
  });

  it("is refused if packed in other ways, or cut before it was packed; the error quotes no data", async () => {
    const database = unpacked();
    const place = folder("packed");
    const tar = execFileSync("tar", ["-cf", "-", "-C", dirname(database), "synthetic_meds"], { maxBuffer: 1 << 28 });
    // A name of 64 MiB (type L, GNU's long ones), of which gzip makes 64 KiB.
    const long = Buffer.alloc(512 + (1 << 26), "a");
    long.fill(0, 0, 512);
    long.write("././@LongLink");
    long.write("00400000000", 124);
    long.write("        L", 148);
    long.write("ustar  ", 257);
    const sum = long.subarray(0, 512).reduce((sum, byte) => sum + byte, 0);
    long.write(sum.toString(8).padStart(6, "0"), 148);
    // Where a tar is cut between two files, only its end tells.
    const header = tar.indexOf("synthetic_meds/", tar.length >> 1) & ~511;
    for (const [name, bytes, message, code = "MEDS_SOURCE_DAMAGED"] of [
      ["cut.tar.gz", gzipSync(tar.subarray(0, header)), /its end is missing/],
      ["cut-within.tar.gz", gzipSync(tar.subarray(0, header - 700)), /its end is missing/],
      [
        "broken.tar.gz",
        gzipSync(Buffer.concat([tar.subarray(0, header), Buffer.from("name,born\nAda,1815\n".repeat(60))])),
        /contradict each other/,
      ],
      ["long.tar.gz", gzipSync(Buffer.concat([long, tar])), /contradict each other/],
      [
        "person.csv.gz",
        gzipSync("name,born\nAda,1815\n".repeat(60)),
        /found a single file of another kind, packed by gzip/,
        "MEDS_NO_DATA",
      ],
      ["db.tar.bz2", Buffer.from("BZh91AY&SY and more"), /found a file of another kind/, "MEDS_NO_DATA"],
    ] as const) {
      const path = join(place, name);
      writeFileSync(path, bytes);
      const error = await refused(path);
      expect(error).toMatchObject({ code, path, message: expect.stringMatching(message) });
      expect(error.message).not.toMatch(/Ada|\n/);
    }
  });

  it("in an archive is refused by the archive's name, wherever it is cut or flipped", async () => {
    const bytes = readFileSync(packed!);
    for (const damaged of [bytes.subarray(0, 5_000), bytes.subarray(0, bytes.length - 30), Buffer.from("PK\x03\x04 no zip")]) {
      const path = place(folder("damaged"), "db.zip");
      writeFileSync(path, damaged);
      expect(await refused(path)).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path });
    }
    for (let at = 0; at < bytes.length; at += 401) {
      const flipped = Buffer.from(bytes);
      flipped[at] = flipped[at]! ^ (1 << (at % 8));
      const path = place(folder("damaged"), "db.zip");
      writeFileSync(path, flipped);
      const store = join(dirname(path), "s.medsdb");
      const outcome = await convert(path, store).then(
        () => "converted",
        (error: MedsError) => error.code ?? error.message,
      );
      expect(outcome, `byte ${at}`).toMatch(/^(converted|MEDS_[A-Z_]+)$/);
      expect(readdirSync(dirname(path)).sort()).toEqual(outcome === "converted" ? ["db.zip", "s.medsdb"] : ["db.zip"]);
    }
  });

  it("is not written outside of its folder: archives with foreign paths or links are refused", async () => {
    const place = folder("hostile");
    const outside = join(place, "a", "db.zip");
    cpSync(packed!, outside);
    const text = readFileSync(packed!).toString("latin1");
    writeFileSync(outside, Buffer.from(text.replaceAll("synthetic_meds/code/data", "../../../../../code/data"), "latin1"));
    expect(await refused(outside)).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", message: expect.stringContaining("outside") });

    const database = unpacked();
    symlinkSync("/etc/hostname", join(database, "link"));
    for (const [name, flags] of [
      ["link.tar.gz", []],
      ["up.tar.gz", ["-P", "--exclude=link", "--transform=s,^,../,"]],
    ] as const) {
      const path = join(place, name);
      execFileSync("tar", ["-czf", path, ...flags, "-C", dirname(database), "synthetic_meds"]);
      const before = contents(place).size;
      expect(await refused(path)).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path });
      expect(contents(place).size).toBe(before);
    }
    // A file where a folder has to be.
    const clash = join(place, "clash.tar");
    rmSync(join(database, "link"));
    writeFileSync(join(place, "synthetic_meds"), "a file");
    execFileSync("tar", ["-cf", clash, "-C", place, "synthetic_meds", "-C", dirname(database), "synthetic_meds"]);
    expect(await refused(clash)).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path: clash });
    const empty = join(place, "empty.tar.gz");
    execFileSync("tar", ["-czf", empty, "-C", place, "a"]);
    expect(await refused(empty)).toMatchObject({ code: "MEDS_NO_DATA", path: empty });
  });
});
