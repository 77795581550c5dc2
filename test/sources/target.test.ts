// Where a store is written to.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { convert, type MedsError } from "meds-reader";
import { describe, expect, it } from "vitest";
import { writeSimple } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { changed, contents, folder } from "../support/folder.js";
import { good } from "../support/refused.js";

describe("a target", () => {
  it("that exists is not overwritten without force", async () => {
    const source = await writeSimple(folder("source"), good);
    const store = join(folder("target"), "s.medsdb");
    await convert(source, store);
    const before = contents(store);
    expect(await rejected(convert(source, store))).toMatchObject({ code: "MEDS_STORE_EXISTS", path: expect.stringContaining("s.medsdb") });
    expect(changed(contents(store), before)).toEqual([]);
    await convert(source, store, { force: true, columns: [] });
    expect(changed(contents(store), before)).not.toEqual([]);
    // What is no store is somebody's data: force does not delete it.
    const precious = folder("precious");
    writeFileSync(join(precious, "thesis.txt"), "years of work");
    expect(await rejected(convert(source, precious, { force: true }))).toMatchObject({ code: expect.stringMatching(/^MEDS_/) });
    expect(readFileSync(join(precious, "thesis.txt"), "utf8")).toBe("years of work");
  });

  it("keeps its store when a forced conversion fails", async () => {
    const source = await writeSimple(folder("source"), good);
    const store = join(folder("target"), "s.medsdb");
    await convert(source, store);
    const before = contents(store);
    writeFileSync(join(source, "data/0.parquet"), "no longer Parquet");
    expect(await rejected(convert(source, store, { force: true }))).toMatchObject({ code: "MEDS_SOURCE_DAMAGED" });
    expect(changed(contents(store), before)).toEqual([]);
    expect(readdirSync(dirname(store))).toEqual(["s.medsdb"]);
  });

  it("inside its own source is refused or harmless", async () => {
    const source = await writeSimple(folder("source"), good);
    const result = await convert(source, join(source, "data", "s.medsdb")).catch((error: MedsError) => error);
    if (result instanceof Error) expect(result).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    else expect(await convert(source, join(folder("target"), "s.medsdb"))).toMatchObject({ patients: 2, events: 4 });
  });
});
