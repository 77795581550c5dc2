// Where a store is written to.
import { readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { convert, type MedsError, PatientDatabase } from "meds-reader";
import { describe, expect, it } from "vitest";
import { hyparquetBytes, simpleFile, writeSimple } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { changed, contents, folder } from "../support/folder.js";
import { good } from "../support/refused.js";

const parquetOf = (rows: typeof good) => hyparquetBytes(simpleFile("", rows));

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

  it("behind a link is opened, and replaced where the link leads", async () => {
    const source = await writeSimple(folder("source"), good);
    const real = join(folder("real"), "s.medsdb");
    const link = join(folder("link"), "link.medsdb");
    await convert(source, real);
    symlinkSync(real, link);
    const db = PatientDatabase.open(link, { verify: true });
    expect(db.eventCount).toBe(good.length);
    const open = await PatientDatabase.from(source, { store: link });
    expect(open.eventCount).toBe(good.length);
    open.close();
    expect(await rejected(convert(source, link))).toMatchObject({ code: "MEDS_STORE_EXISTS" });
    const before = contents(real);
    await convert(source, link, { force: true, columns: [] });
    expect(changed(contents(real), before)).not.toEqual([]);
    expect([readlinkSync(link), readdirSync(dirname(link)), readdirSync(dirname(real))]).toEqual([real, ["link.medsdb"], ["s.medsdb"]]);
    expect(db.at(0)!.column("numeric_value").at(1)).toBe(1); // what is open stays what it was
    db.close();
  });

  it("that is a link to nothing, or to something else than a store, is refused", async () => {
    const source = await writeSimple(folder("source"), good);
    const place = folder("link");
    symlinkSync(join(place, "absent"), join(place, "nowhere"));
    symlinkSync(source, join(place, "source"));
    for (const name of ["nowhere", "source"])
      expect(await rejected(convert(source, join(place, name), { force: true })), name).toMatchObject({ code: "MEDS_STORE_EXISTS" });
    expect(readdirSync(place).sort()).toEqual(["nowhere", "source"]);
    expect(readdirSync(source)).toEqual(["data"]);
  });

  it("gets the folders above it, and these go again where nothing came of it", async () => {
    const source = await writeSimple(folder("source"), good);
    const root = folder("target");
    const store = join(root, "a", "b", "s.medsdb");
    expect(await convert(source, store)).toMatchObject({ patients: 2 });
    PatientDatabase.open(store).close();
    writeFileSync(join(source, "data/0.parquet"), parquetOf([...good, good[0]!]));
    expect(await rejected(convert(source, join(root, "c", "d", "s.medsdb")))).toMatchObject({ code: "MEDS_NOT_CONTIGUOUS" });
    expect(readdirSync(root)).toEqual(["a"]);
  });

  it("that was made with repair is the source's store for from()", async () => {
    const source = await writeSimple(folder("source"), [...good, good[1]!]);
    const store = join(folder("target"), "s.medsdb");
    await convert(source, store, { repair: true });
    const before = contents(store);
    const db = await PatientDatabase.from(source, { store });
    expect(db.eventCount).toBe(good.length + 1);
    db.close();
    expect(changed(contents(store), before)).toEqual([]);
    expect((await convert(source, store, { reuse: true })).reused).toBe(true);
    expect(await rejected(convert(source, `${store}2`))).toMatchObject({ code: "MEDS_NOT_CONTIGUOUS" });
  });

  it("inside its own source is refused or harmless", async () => {
    const source = await writeSimple(folder("source"), good);
    const result = await convert(source, join(source, "data", "s.medsdb")).catch((error: MedsError) => error);
    if (result instanceof Error) expect(result).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    else expect(await convert(source, join(folder("target"), "s.medsdb"))).toMatchObject({ patients: 2, events: 4 });
  });
});
