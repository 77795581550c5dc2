// A store written as a MEDS dataset: converted again it has the same contents, exported again it is the same dataset, and other programs read it.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert, generate, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { clinic, T0 } from "../support/clinic.js";
import { duck, hyparquetBytes, simple, simpleFile, writeFiles, writeSimple } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { checkStore } from "../support/expect.js";
import { changed, contents, folder, place } from "../support/folder.js";
import { forAll, runs } from "../support/property.js";
import { etlPython, python } from "../support/python.js";
import { dataset } from "../support/random.js";
import { real } from "../support/real.js";
import { sourcePatients } from "../support/source.js";
import { withStore } from "../support/stored.js";
import { unlike } from "../support/twin.js";

/** Exports a store and converts it again; returns both paths. */
async function again(store: string, shardBytes?: number): Promise<{ out: string; twin: string; warned: boolean }> {
  const place = folder("export");
  const [out, twin] = [join(place, "meds"), join(place, "twin.medsdb")];
  const db = PatientDatabase.open(store);
  const { notes } = await db.export(out);
  db.close();
  await convert(out, twin, { shardBytes });
  return { out, twin, warned: notes.some(({ kind }) => kind === "warning") };
}

/** What of a store and of what its export gives differs, but for the order of the patients. */
const otherThanOrder = (store: string, twin: string) =>
  unlike(store, twin, { metadata: false }).filter((name) => !/^(shards|index)\/|^patients\.arrow$/.test(name));

/** An export is the same bytes whatever the order of the patients in the store, as long as a file has all of a split. */
async function expectSettled({ out, twin }: { out: string; twin: string }, shardBytes?: number): Promise<void> {
  const second = await again(twin, shardBytes);
  expect(changed(contents(second.out), contents(out))).toEqual([]);
  expect(unlike(second.twin, twin)).toEqual([]);
}

const hasMeds = python !== null && spawnSync(python, ["-c", "import meds"]).status === 0;

/** What MEDS's own package says of a dataset. */
function validated(out: string): string {
  const script = `
import sys, json, pathlib, meds, pyarrow.parquet as pq
root = pathlib.Path(sys.argv[1])
for path in sorted((root / "data").rglob("*.parquet")):
    meds.DataSchema.validate(pq.read_table(path))
meds.CodeMetadataSchema.validate(pq.read_table(root / "metadata/codes.parquet"))
meds.DatasetMetadataSchema.validate(json.loads((root / "metadata/dataset.json").read_text()))
splits = root / "metadata/subject_splits.parquet"
if splits.exists(): meds.SubjectSplitSchema.validate(pq.read_table(splits))
print("valid", end="")
`;
  const { stdout, stderr } = spawnSync(python!, ["-c", script, out], { encoding: "utf8" });
  return stderr === "" ? stdout : stderr;
}

describe("a store, exported", () => {
  it(`and converted again, has the same rows, codes and splits: all column types (${python === null ? "no Python: types of pyarrow are left out" : "with pyarrow's types"})`, async () => {
    await forAll(dataset, Math.ceil(runs / 5), 11, (data) =>
      withStore(data, async (_, store) => {
        const { out, twin, warned } = await again(store, data.shardBytes);
        expect(otherThanOrder(store, twin)).toEqual([]);
        await expectSettled({ out, twin }, data.shardBytes);
        expect((await verify(store, out)).differences.filter(({ path }) => !path?.startsWith("metadata/"))).toEqual([]);
        const db = PatientDatabase.open(twin, { verify: true });
        const slotOf = (id: bigint) => db.get(id)?.slot ?? -1;
        checkStore(
          db,
          [...data.expected].sort((a, b) => slotOf(a.id) - slotOf(b.id)),
        );
        db.close();
        if (hasMeds && !warned) expect(validated(out)).toBe("valid");
      }),
    );
  }, 600_000);

  it("is what DuckDB reads in it, and its metadata is that of the source", async () => {
    const { source, store } = await clinic();
    const { out, twin } = await again(store, 1024);
    const rows = async (path: string) => {
      const patients = [];
      for await (const patient of sourcePatients(path)) patients.push(patient);
      return patients.sort((a, b) => (a.id < b.id ? -1 : 1));
    };
    expect(await rows(out)).toEqual(await rows(source));
    const kept = (path: string) => new Map([...contents(join(path, "metadata"))].filter(([name]) => name !== "codes.parquet"));
    expect(changed(kept(out), kept(source))).toEqual([]);
    expect(otherThanOrder(store, twin)).toEqual([]);
    await expectSettled({ out, twin }, 1024);
    if (hasMeds) expect(validated(out)).toBe("valid");
  });

  it("of real data has the same contents again, and is valid MEDS", async ({ skip }) => {
    const sources = [
      real("mimic-iv-demo-meds-0.0.1"),
      real("small-meds", "meds_transforms_example"),
      real("small-meds", "meds_torch_cohort"),
    ];
    if (sources.every((source) => source === null)) skip("no real data");
    for (const source of sources.filter((source) => source !== null)) {
      const store = join(folder("real"), "s.medsdb");
      await convert(source, store);
      const { out, twin } = await again(store);
      expect(otherThanOrder(store, twin)).toEqual([]);
      expect((await verify(store, out)).differences.filter(({ path }) => !path?.startsWith("metadata/"))).toEqual([]);
      await expectSettled({ out, twin });
      if (hasMeds) expect(validated(out)).toBe("valid");
    }
  }, 120_000);

  it("of several row groups per file, with values that float32 does not have", async () => {
    const place = folder("large");
    await generate(join(place, "source"), { patients: 40, events: 600_000 });
    await convert(join(place, "source"), join(place, "s.medsdb"));
    const { out, twin } = await again(join(place, "s.medsdb"));
    expect(otherThanOrder(join(place, "s.medsdb"), twin)).toEqual([]);
    await expectSettled({ out, twin });
    const groups = await (await duck()).runAndReadAll(
      `SELECT count(DISTINCT row_group_id)::INT FROM parquet_metadata('${out}/data/**/*.parquet') WHERE file_name LIKE '%/train/%'`,
    );
    expect(Number(groups.getRows()[0]![0])).toBeGreaterThan(1);
  }, 60_000);

  // parquet 60 says of floats what polars to 1.31 takes for damage: nothing that we wrote could be read there.
  it.skipIf(etlPython === null)("is read by older programs, and so is what generate() makes", async () => {
    const place = folder("older");
    await generate(join(place, "source"), { patients: 40, events: 4_000, files: 3 });
    await convert(join(place, "source"), join(place, "s.medsdb"));
    const { out } = await again(join(place, "s.medsdb"));
    const script = `
import sys, polars as pl
for root in sys.argv[1:]:
    t = pl.read_parquet(root + "/data/**/*.parquet")
    print(t.height, t["numeric_value"].null_count(), round(t["numeric_value"].cast(pl.Float64).sum(), 3), pl.read_parquet(root + "/metadata/codes.parquet").height > 0)`;
    const { stdout, stderr } = spawnSync(etlPython!, ["-c", script, join(place, "source"), out], { encoding: "utf8" });
    expect(stderr).toBe("");
    const sql = `SELECT count(*)::INT, count_if(numeric_value IS NULL)::INT, round(sum(numeric_value::DOUBLE), 3) FROM '${out}/data/**/*.parquet'`;
    const known = `${(await (await duck()).runAndReadAll(sql)).getRows()[0]!.join(" ")} True\n`;
    expect(stdout).toBe(known.repeat(2));
  });

  it("keeps float64 and says so, or rounds and counts", async () => {
    const more = [{ name: "numeric_value", type: simple.double, values: [0.1, 0.5, null] }];
    const source = folder("double");
    const columns = simpleFile(
      "0.parquet",
      [1n, 2n, 3n].map((id) => [id, T0, "A"] as const),
    ).columns.slice(0, 3);
    await writeFiles(source, [{ name: "0.parquet", columns: [...columns, ...more] }]);
    const store = join(folder("double"), "s.medsdb");
    await convert(source, store);
    const db = PatientDatabase.open(store);
    const exact = await db.export(join(folder("out"), "a"));
    expect(exact.notes.filter(({ kind }) => kind === "warning")).toHaveLength(1);
    const place = folder("out");
    const rounded = await db.export(join(place, "b"), { float32: true, compression: "snappy" });
    expect(rounded.notes.find(({ message }) => message.includes("rounded"))).toMatchObject({ kind: "converted", count: 1 });
    const found = await (await duck()).runAndReadAll(`SELECT numeric_value, typeof(numeric_value) FROM '${place}/b/data/*.parquet'`);
    expect(found.getRows()).toEqual([Math.fround(0.1), 0.5, null].map((value) => [value, "FLOAT"]));
    if (hasMeds) expect(validated(join(place, "b"))).toBe("valid");
    db.close();
  });

  it("says where a text_value is not text, and leaves out the byte order mark of dataset.json", async () => {
    const source = await writeSimple(folder("odd"), [[1n, T0, "A"]], {}, [{ name: "text_value", type: simple.id, values: [5n] }]);
    writeFileSync(place(source, "metadata/dataset.json"), '\ufeff{"dataset_name":"odd"}');
    const store = join(source, "s.medsdb");
    await convert(source, store);
    const out = join(folder("odd"), "meds");
    const db = PatientDatabase.open(store);
    const { notes } = await db.export(out);
    db.close();
    expect(notes.map(({ kind, message }) => `${kind}: ${message}`)).toEqual([
      "warning: text_value is int64, but MEDS 0.4 requires text, and its validation refuses the dataset: convert without it (--exclude)",
      "converted: metadata/dataset.json was written without its byte order mark, which Python refuses in JSON",
      expect.stringMatching(/^converted: metadata\/codes\.parquet was created/),
    ]);
    expect(readFileSync(join(out, "metadata/dataset.json"), "utf8")).toBe('{"dataset_name":"odd"}');
  });

  it("without patients has one file without rows, of the same columns", async () => {
    const source = folder("empty");
    const note = [{ name: "note", type: simple.text, values: [] }];
    await writeFiles(source, [simpleFile("0.parquet", [], {}, note)]);
    const store = join(folder("empty"), "s.medsdb");
    await convert(source, store);
    const { out, twin } = await again(store);
    const found = await (await duck()).runAndReadAll(`SELECT name FROM parquet_schema('${out}/data/0.parquet')`);
    expect(found.getRows().flat().slice(1)).toEqual(["subject_id", "time", "code", "numeric_value", "note"]);
    expect(unlike(store, twin, { metadata: false })).toEqual([]);
    if (hasMeds) expect(validated(out)).toBe("valid");
  });

  it("makes the metadata of MEDS 0.3, and of other writers, that of 0.4", async () => {
    const source = await writeSimple(folder("old"), [
      [1n, T0, "A"],
      [2n, T0, "B"],
    ]);
    const splits = [
      { name: "patient_id", type: simple.id, values: [2n, 1n] },
      { name: "split", type: simple.text, values: ["train", null] },
    ];
    writeFileSync(place(source, "metadata/patient_splits.parquet"), hyparquetBytes({ name: "", columns: splits }));
    const codes = [
      { name: "description", type: simple.text, values: ["a", "none"] },
      { name: "code", type: simple.text, values: ["A", null] },
      { name: "parent_codes", type: simple.text, values: ["X", null] },
      { name: "weight", type: simple.double, values: [1.5, null] },
    ];
    writeFileSync(place(source, "metadata/codes.parquet"), hyparquetBytes({ name: "", columns: codes }));
    mkdirSync(join(source, "metadata/own"));
    writeFileSync(join(source, "metadata/own/notes.txt"), "kept");
    const store = join(folder("old"), "s.medsdb");
    await convert(source, store);
    const { out, twin } = await again(store);
    expect(readFileSync(join(out, "metadata/own/notes.txt"), "utf8")).toBe("kept");
    expect(existsSync(join(out, "metadata/patient_splits.parquet"))).toBe(false);
    const sql = await duck();
    expect((await sql.runAndReadAll(`SELECT * FROM '${out}/metadata/subject_splits.parquet'`)).getRows()).toEqual([[2n, "train"]]);
    const table = await sql.runAndReadAll(`SELECT code, description, parent_codes[1], weight FROM '${out}/metadata/codes.parquet'`);
    expect(table.getRows()).toEqual([["A", "a", "X", 1.5]]);
    expect(otherThanOrder(store, twin)).toEqual([]);
    if (hasMeds) expect(validated(out)).toBe("valid");
  });

  it("replaces nothing, leaves nothing behind, and takes no other store for its own", async () => {
    const { store } = await clinic();
    const db = PatientDatabase.open(store);
    const target = folder("taken");
    writeFileSync(join(target, "mine"), "");
    expect((await rejected(db.export(target))).code).toBe("MEDS_STORE_EXISTS");
    expect((await rejected(db.export(join(target, "x"), { id: "another" } as object))).message).toMatch(/"id" is not an option of export/);
    expect((await rejected(db.export(store))).code).toBe("MEDS_INVALID_ARGUMENT");
    expect((await rejected(db.export(join(store, "metadata", "x")))).code).toBe("MEDS_INVALID_ARGUMENT");
    expect((await rejected(db.export(join(target, "x"), { signal: AbortSignal.abort() }))).code).toBe("MEDS_CANCELLED");
    await generate(join(target, "source"), { patients: 3, events: 100 });
    await convert(join(target, "source"), store, { force: true });
    expect((await rejected(db.export(join(target, "out")))).code).toBe("MEDS_STORE_REPLACED");
    expect(readdirSync(target).sort()).toEqual(["mine", "source"]);
    db.close();
    expect((await rejected(db.export(join(target, "out")))).code).toBe("MEDS_CLOSED");
  });
});
