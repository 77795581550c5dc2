// Sources that are no MEDS data, or no longer Parquet: each is refused by name and leaves nothing behind.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert, inspect, type MedsError } from "meds-reader";
import { describe, expect, it } from "vitest";
import { type SimpleRow, simpleFile, writeFiles, writeSimple } from "../support/dataset.js";
import { folder, place } from "../support/folder.js";
import { editFooter, writeNested } from "../support/footers.js";
import { real } from "../support/real.js";
import { good, refused } from "../support/refused.js";

describe("a source that is not a MEDS dataset", () => {
  it("has an error of its own: absent, without data, with an empty data folder", async () => {
    const none = folder("none");
    expect(await refused(join(none, "nowhere"))).toMatchObject({ code: "MEDS_NOT_FOUND", path: expect.stringContaining("nowhere") });
    expect(await refused(none)).toMatchObject({ code: "MEDS_NO_DATA", path: expect.stringContaining(none) });
    mkdirSync(join(none, "data/train"), { recursive: true });
    expect(await refused(none)).toMatchObject({ code: "MEDS_NO_DATA", path: expect.stringContaining(none) });
    writeFileSync(join(none, "data/train/0.csv"), "subject_id,time,code\n1,,A\n");
    expect(await refused(none)).toMatchObject({ code: "MEDS_NO_DATA" });
  });

  it("does not read trees that only look like it", async () => {
    const source = await writeSimple(folder("source"), good);
    for (const tree of ["unsorted_data", "metadata"]) writeFileSync(place(source, tree, "0.parquet"), "no parquet");
    rmSync(join(source, "metadata"), { recursive: true });
    const store = join(folder("target"), "s.medsdb");
    expect(await convert(source, store)).toMatchObject({ patients: 2, events: 4 });
  });
});

describe("a damaged Parquet file", () => {
  const cases: [string, (path: string, bytes: Buffer) => void][] = [
    ["text renamed .parquet", (path) => writeFileSync(path, "subject_id,time,code\n1,,A\n")],
    ["an empty file", (path) => writeFileSync(path, "")],
    ["three bytes", (path) => writeFileSync(path, "PAR")],
    ["magic alone", (path) => writeFileSync(path, "PAR1PAR1")],
    [
      "a footer length beyond the file",
      (path, bytes) =>
        writeFileSync(path, Buffer.concat([bytes.subarray(0, -8), Buffer.from([0xff, 0xff, 0xff, 0x7f]), bytes.subarray(-4)])),
    ],
    ["cut in the middle", (path, bytes) => truncateSync(path, bytes.length >> 1)],
    ["cut by one byte", (path, bytes) => truncateSync(path, bytes.length - 1)],
    [
      "zeros where the pages are",
      (path, bytes) => writeFileSync(path, Buffer.concat([bytes.subarray(0, 4), Buffer.alloc(200), bytes.subarray(204)])),
    ],
  ];
  for (const [what, damage] of cases) {
    it(`is named: ${what}`, async () => {
      const source = folder("source");
      await writeFiles(source, [
        simpleFile("a.parquet", good),
        simpleFile(
          "b/bad.parquet",
          Array.from({ length: 300 }, (_, i): SimpleRow => [9n, BigInt(i), `C${i}`, i]),
        ),
      ]);
      const path = join(source, "data/b/bad.parquet");
      damage(path, readFileSync(path));
      expect(await refused(source)).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path, message: expect.stringContaining("bad.parquet") });
    });
  }

  it("whose columns are nested in more than 100 levels is named", async () => {
    const source = folder("source");
    await writeFiles(source, [simpleFile("a.parquet", good)]);
    const path = join(source, "data/b.parquet");
    writeNested(path, 101);
    const error = await refused(source);
    expect(error).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path });
    expect(error.message).toContain("nested 101 levels deep, and at most 100 are supported");
    expect(await inspect(source)).toMatchObject({ problemCode: "MEDS_SOURCE_DAMAGED" });
  });

  it("whose schema and chunks contradict each other is named", async () => {
    const source = folder("source");
    await writeFiles(source, [simpleFile("a.parquet", good)]);
    const path = join(source, "data/a.parquet");
    // The metadata of a chunk begin with its type, INT64 here, and a list. The footer itself begins alike.
    editFooter(path, (footer) => footer.slice(0, 3) + footer.slice(3).replace("\x15\x04\x19", "\x15\x02\x19"));
    const error = await refused(source);
    expect(error).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path });
    expect(error.message).toContain('column "subject_id", row group 0 cannot be read: the schema says that it is INT64');
  });

  it("with any byte flipped is an error or a store of the same shape, never a crash", async () => {
    const source = folder("source");
    const rows = Array.from({ length: 200 }, (_, i): SimpleRow => [BigInt(i >> 5), BigInt(i), `C${i % 7}`, i]);
    await writeFiles(source, [simpleFile("0.parquet", rows, { rowGroup: 64 })]);
    const path = join(source, "data/0.parquet");
    const bytes = readFileSync(path);
    const target = folder("target");
    const codes = new Map<string, number>();
    for (let at = 0; at < bytes.length; at += 11) {
      const flipped = Buffer.from(bytes);
      flipped[at] = flipped[at]! ^ (1 << (at % 8));
      writeFileSync(path, flipped);
      const outcome = await convert(source, join(target, "s.medsdb"), { force: true }).then(
        () => "converted",
        (error: MedsError) => error.code ?? error.message,
      );
      codes.set(outcome, (codes.get(outcome) ?? 0) + 1);
    }
    expect([...codes.keys()].filter((code) => !/^(converted|MEDS_[A-Z_]+)$/.test(code))).toEqual([]);
    expect(codes.has("MEDS_INTERNAL")).toBe(false);
    expect(codes.get("MEDS_SOURCE_DAMAGED")).toBeGreaterThan(0);
    expect(readdirSync(target).filter((name) => name !== "s.medsdb")).toEqual([]);
  });
});

describe.skipIf(real("small-meds") === null)("real data that was damaged", () => {
  it("truncated anywhere is refused", async () => {
    const source = folder("source");
    cpSync(join(real("small-meds")!, "meds_torch_cohort"), source, { recursive: true });
    const path = join(source, "data/train/1.parquet");
    const bytes = readFileSync(path);
    for (let at = 0; at < bytes.length; at += 250) {
      writeFileSync(path, bytes.subarray(0, at));
      expect(await refused(source), `${at} bytes`).toMatchObject({ code: "MEDS_SOURCE_DAMAGED", path });
    }
  });
});
