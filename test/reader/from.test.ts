// PatientDatabase.from() on a store that is there: one that is replaced meanwhile, and a damaged one.
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert, PatientDatabase } from "meds-reader";
import { describe, expect, it } from "vitest";
import { writeSimple } from "../support/dataset.js";
import { rejected } from "../support/errors.js";
import { folder, place } from "../support/folder.js";
import { writeCsv } from "../support/omop.js";

/** A dataset with a name, and its store. */
async function named(name: string, value: number) {
  const source = await writeSimple(folder(name), [[1n, 0n, "A", value]]);
  writeFileSync(place(source, "metadata", "dataset.json"), JSON.stringify({ dataset_name: name, meds_version: "0.4.0" }));
  const store = join(folder("store"), "s.medsdb");
  await convert(source, store);
  return { source, store };
}

function replace(store: string, by: string): void {
  rmSync(store, { recursive: true });
  renameSync(by, store);
}

describe("from() on a store that is there", () => {
  it("keeps the metadata of the store that it opened, where another one replaces it afterwards", async () => {
    const [one, other] = [await named("one", 1), await named("other", 2)];
    const db = await PatientDatabase.from(one.source, { store: one.store });
    replace(one.store, other.store);
    expect(db.metadata.dataset?.dataset_name).toBe("one");
    db.close();
  });

  it("keeps the metadata of the store that it opened, where another one replaces it while the source is compared", async () => {
    const [one, other] = [await named("one", 1), await named("other", 2)];
    let isReplaced = false;
    const onProgress = () => {
      if (!isReplaced) replace(one.store, other.store);
      isReplaced = true;
    };
    const db = await PatientDatabase.from(one.source, { store: one.store, onProgress });
    expect(isReplaced).toBe(true);
    expect([db.at(0)?.at(0)?.numericValue, db.metadata.dataset?.dataset_name]).toEqual([1, "one"]);
    db.close();
  });

  it.each([
    ["MEDS", async () => named("one", 1)],
    [
      "OMOP tables",
      async () => {
        const [source, store] = [writeCsv(folder("tables")), join(folder("store"), "s.medsdb")];
        await convert(source, store);
        return { source, store };
      },
    ],
  ])("reports that a store of %s is damaged, and replaces nothing", async (_, make) => {
    const { source, store } = await make();
    const path = join(store, "codes.arrow");
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
    expect(await rejected(PatientDatabase.from(source, { store }))).toMatchObject({ code: "MEDS_CORRUPT" });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });
});
