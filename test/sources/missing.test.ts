// Files of metadata/ that a dataset does not have: a note each, once, wherever one looks; nothing is made up.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { convert, filter, inspect, PatientDatabase } from "meds-reader";
import { describe, expect, it } from "vitest";
import { meds } from "../cli/run.js";
import { duck, simpleFile, writeFiles, writeJson, writeSplits } from "../support/dataset.js";
import { folder, place } from "../support/folder.js";

const FILES = ["subject_splits.parquet", "codes.parquet", "dataset.json"];
const SO: Readonly<Record<string, string>> = {
  "subject_splits.parquet": "no patient is in a split",
  "codes.parquet": "codes have no descriptions and no parents",
  "dataset.json": "the dataset has no name and no version",
};

async function dataset(missing: readonly string[]): Promise<string> {
  const source = folder("missing");
  await writeFiles(source, [
    simpleFile("0.parquet", [
      [1n, null, "A"],
      [2n, 5n, "A"],
    ]),
  ]);
  writeSplits(
    source,
    new Map([
      [1n, "train"],
      [2n, "held_out"],
    ] as const),
  );
  writeJson(source, "dataset.json", { dataset_name: "Ward 7" });
  const codes = place(source, "metadata", "codes.parquet");
  await (await duck()).run(`COPY (SELECT 'A' AS code, 'a' AS description, ['B'] AS parent_codes) TO '${codes}' (FORMAT parquet)`);
  if (missing.length === FILES.length) rmSync(join(source, "metadata"), { recursive: true });
  for (const name of missing) rmSync(join(source, "metadata", name), { force: true });
  return source;
}

const ofKind = (notes: readonly { readonly kind: string; readonly message: string }[]) =>
  notes.filter(({ kind }) => kind === "missing").map(({ message }) => message);

describe("a dataset without", () => {
  it.each([[[]], ...FILES.map((name) => [[name]]), [FILES.slice(0, 2)], [FILES]])("%j says so once", async (missing) => {
    const source = await dataset(missing);
    const expected = FILES.filter((name) => missing.includes(name)).map((name) => `no metadata/${name}: ${SO[name]}`);
    const store = join(folder("missing"), "s.medsdb");
    expect(ofKind((await convert(source, store)).notes)).toEqual(expected);
    expect(ofKind((await inspect(source)).notes)).toEqual(expected);
    expect(ofKind((await inspect(store)).notes)).toEqual(expected);
    const { stdout } = await meds("info", store);
    const named = missing.includes("dataset.json") ? "(no dataset.json)" : "Ward 7";
    expect(stdout.split("\n").find((line) => line.trim().startsWith("Dataset"))).toContain(named);
    for (const message of expected) expect(stdout.split(message).length).toBe(2);

    const cut = join(folder("missing"), "cut.medsdb");
    expect(ofKind((await filter(store, cut, { ids: [1n] })).notes)).toEqual(expected);
    const db = PatientDatabase.open(store);
    expect([db.splits.size, db.metadata.dataset?.dataset_name ?? null, db.codes.get(1)!.description]).toEqual([
      missing.includes("subject_splits.parquet") ? 0 : 2,
      missing.includes("dataset.json") ? null : "Ward 7",
      missing.includes("codes.parquet") ? null : "a",
    ]);
    db.close();
  });

  it("metadata/ has no note of it as a single Parquet file, of which none is expected", async () => {
    const source = await dataset(FILES);
    expect(ofKind((await convert(join(source, "data", "0.parquet"), join(source, "s.medsdb"))).notes)).toEqual([]);
  });

  it("dataset.json is not said to have one that names nothing, and one that names nothing is", async () => {
    const source = await dataset(["dataset.json"]);
    writeJson(source, "dataset.json", { meds_version: "0.4.1" });
    await convert(source, join(source, "s.medsdb"));
    expect((await meds("info", join(source, "s.medsdb"))).stdout).toContain("(dataset.json does not name it)");
  });
});
