// What writers leave in a dataset's folder, and archives that contain a name twice.
import { spawnSync } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert, PatientDatabase } from "meds-reader";
import { describe, expect, it } from "vitest";
import { simpleFile, writeFiles, writeSimple } from "../support/dataset.js";
import { folder, place } from "../support/folder.js";
import { said } from "../support/notes.js";
import { python } from "../support/python.js";
import { good, refused } from "../support/refused.js";

describe("files below data/ whose names begin with _ or a dot", () => {
  it.each(["_0.parquet", ".0.parquet", "train/_part.parquet", "_temporary/0/part.parquet", "train/.x/0.parquet", "_a/_b.parquet"])(
    "%s is not read, and a note names it",
    async (name) => {
      const source = await writeSimple(folder("m"), good);
      await writeFiles(source, [simpleFile(name, [[9n, 1n, "LEFT"]])]);
      const store = join(folder("t"), "s.medsdb");
      const { notes } = await convert(source, store);
      expect(said(notes)).toEqual([{ kind: "skipped", message: expect.stringContaining(`such as data/${name}`), count: 1 }]);
      const db = PatientDatabase.open(store);
      expect([...db].map((patient) => patient.subjectId)).toEqual([1n, 2n]);
      db.close();
    },
  );

  it("alone are not a dataset", async () => {
    const source = await writeSimple(folder("m"), good);
    renameSync(join(source, "data", "0.parquet"), join(source, "data", "_0.parquet"));
    expect(await refused(source)).toMatchObject({ code: "MEDS_NO_DATA", message: expect.stringContaining("_0.parquet") });
  });

  it("in .logs need no note, in other hidden folders they do", async () => {
    const source = await writeSimple(folder("m"), good);
    for (const name of [".logs/a.log", "train/.logs/b.json"]) writeFileSync(place(source, "data", name), "x");
    expect(said((await convert(source, join(folder("t"), "s.medsdb"))).notes)).toEqual([]);
    writeFileSync(place(source, "data", ".cache/c.log"), "x");
    const { notes } = await convert(source, join(folder("t"), "s.medsdb"));
    expect(said(notes)).toEqual([{ kind: "skipped", message: expect.stringContaining("data/.cache/c.log"), count: 1 }]);
  });
});

describe.skipIf(python === null)("names in a .zip", () => {
  /** Packs files, in order, under the names given. */
  const pack = (names: readonly (readonly [name: string, file: string])[]): string => {
    const path = join(folder("zip"), "m.zip");
    const program = `import json, sys, warnings, zipfile
warnings.simplefilter("ignore")
with zipfile.ZipFile(sys.argv[1], "w") as out:
    for name, file in json.loads(sys.argv[2]):
        if name.endswith("/"): out.writestr(name, "")
        else: out.write(file, name)`;
    const done = spawnSync(python!, ["-c", program, path, JSON.stringify(names)], { encoding: "utf8" });
    expect(done.stderr).toBe("");
    return path;
  };

  it("with backslashes, as old programs on Windows write them, are paths: no shard is lost", async () => {
    const source = await writeSimple(folder("m"), good);
    await writeFiles(source, [simpleFile("../other.parquet", [[3n, 1n, "C"]])]);
    const path = pack([
      ["m/data/0.parquet", join(source, "data", "0.parquet")],
      ["m\\data\\1.parquet", join(source, "other.parquet")],
    ]);
    expect((await convert(path, join(folder("t"), "s.medsdb"))).events).toBe(good.length + 1);
  });

  it("that are there twice are refused by the name; folders and what macOS adds may be", async () => {
    const source = await writeSimple(folder("m"), good);
    const file = join(source, "data", "0.parquet");
    const other = join(source, "other.parquet");
    await writeFiles(source, [simpleFile("../other.parquet", [[3n, 1n, "C"]])]);
    for (const twice of [
      ["m/data/0.parquet", "m/data/0.parquet"],
      ["m/data/0.parquet", "m/./data/0.parquet"],
      ["data/0.parquet", "data//0.parquet"],
    ] as const) {
      const path = pack([
        [twice[0], file],
        [twice[1], other],
      ]);
      const error = await refused(path);
      expect(error).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path });
      expect(error.message).toMatch(/contains .*0\.parquet twice.*Pack the dataset again\.$/);
    }
    const sound = pack([
      ["m/", ""],
      ["m/", ""],
      ["__MACOSX/m/._0", file],
      ["__MACOSX/m/._0", file],
      ["m/data/0.parquet", file],
      ["m/data/O.parquet", other],
      ["m/data/o.csv", other],
    ]);
    expect((await convert(sound, join(folder("t"), "s.medsdb"))).events).toBe(good.length + 1);
  });
});
