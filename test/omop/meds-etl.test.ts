// The events of OMOP tables, compared with those that meds_etl 0.3.11 makes: a frozen answer of it, and the program itself where there is a
// Python.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { convert } from "meds-reader";
import { describe, expect, it } from "vitest";
import { folder } from "../support/folder.js";
import { clinic, digest, lines, linesOf, medsEtl, type Tables, writeCsv, writeParquet } from "../support/omop.js";
import { etlPython } from "../support/python.js";
import { real } from "../support/real.js";

const gibleed = real("gibleed-omop-5.3");

/** What meds_etl gives of GiBleed under 5.4's names: events, and digests of all of them and of each subject's number of them. */
const FROZEN = {
  events: 222_341,
  subjects: 2_694,
  all: "a649e6d0f888aa161dc2c01597a846629b8004c018ab2b321abd17707d309cd1",
  counts: "29a8c8a7d19a8de993d8acd6852494e6236d86e4ac82ee11cfd1910acf703901",
};

/** The codes of the rows that meds_etl loses on GiBleed: their source concepts 19080464 and 4166590 are not in its table concept. */
const RECOVERED: Readonly<Record<string, number>> = { "RxNorm/5224": 35, "SNOMED/127295002": 27 };

/** Race and ethnicity that meds_etl loses on GiBleed: they are not in its table concept, but every OHDSI vocabulary has them. */
const DEMOGRAPHICS: Readonly<Record<string, number>> = { "Race/2": 212, "Race/3": 338, "Race/5": 1_693, "Ethnicity/Hispanic": 435 };

const codeOf = (line: string) => line.split("|")[2]!;

function summaryOf(all: readonly string[]) {
  const counts = new Map<string, number>();
  for (const line of all) counts.set(line.split("|")[0]!, (counts.get(line.split("|")[0]!) ?? 0) + 1);
  return { events: all.length, subjects: counts.size, all: digest(all), counts: digest([...counts].map(([id, n]) => `${id} ${n}`).sort()) };
}

function tablesOf(root: string, rename: (table: string, text: string) => string = (_, text) => text): Tables {
  const read = (name: string) => gunzipSync(readFileSync(join(root, name))).toString();
  return Object.fromEntries(readdirSync(root).map((name) => [name.split(".")[0]!, rename(name.split(".")[0]!, read(name))]));
}

/** GiBleed with the names of 5.4. */
const renamed = () =>
  tablesOf(gibleed!, (table, text) =>
    table === "visit_occurrence"
      ? text.replaceAll("discharge_to_", "discharged_to_").replaceAll("admitting_source_", "admitted_from_")
      : text,
  );

describe.skipIf(gibleed === null)("GiBleed", () => {
  it("has meds_etl's events, subject by subject, and the rows that it loses", async () => {
    const store = join(folder("gibleed"), "s.medsdb");
    const summary = await convert(gibleed!, store);
    const all = lines(store);
    const more = { ...RECOVERED, ...DEMOGRAPHICS };
    expect(summaryOf(all.filter((line) => more[codeOf(line)] === undefined))).toEqual(FROZEN);
    for (const [code, count] of Object.entries(more)) expect(all.filter((line) => codeOf(line) === code)).toHaveLength(count);
    const counts = summary.notes
      .filter(({ kind }) => kind !== "warning")
      .map(({ kind, message, count }) => [kind, message.split(" ")[2], count]);
    expect(counts).toEqual([
      ["dropped", "of", 2_259],
      ["dropped", "of", 451],
      ["converted", "condition_occurrence.condition_concept_id", 27],
      ["converted", "drug_exposure.drug_concept_id", 35],
      ["skipped", "visit_occurrence.discharged_to_concept_id", 1_037],
    ]);
    expect(summary.notes.filter(({ message }) => /4166590|19080464/.test(message))).toHaveLength(2);
  });

  it("keeps rows without a concept on request", async () => {
    const store = join(folder("gibleed"), "s.medsdb");
    const { events } = await convert(gibleed!, store, { keepUnmapped: true });
    expect(events).toBe(222_341 + 62 + 2 * 2_694);
    const unmapped = lines(store)
      .map(codeOf)
      .filter((code) => code.startsWith("UNMAPPED/"));
    expect(unmapped).toHaveLength(2_259 + 451);
    expect(unmapped.filter((code) => code === "UNMAPPED/person/west_indian").length).toBeGreaterThan(0);
  });

  it.skipIf(etlPython === null)(
    "is the program that made the frozen answer",
    async () => {
      expect(summaryOf(await linesOf(medsEtl(writeCsv(folder("gibleed"), renamed()))))).toEqual(FROZEN);
    },
    120_000,
  );
});

describe.skipIf(etlPython === null)("meds_etl, run now", () => {
  // Of the clinic's rows one has a source concept that is not in the table concept.
  const ours = async (root: string) => {
    const store = join(folder("clinic"), "s.medsdb");
    await convert(root, store);
    return lines(store).filter((line) => !line.startsWith("1|1577871000000000|SNOMED/44054006|"));
  };

  it("agrees on a case of everything, as CSV", async () => {
    const root = writeCsv(folder("clinic"), clinic);
    expect(await ours(root)).toEqual(await linesOf(medsEtl(root)));
  });

  it("and as Parquet", async () => {
    const root = await writeParquet(folder("clinic"), clinic);
    expect(await ours(root)).toEqual(await linesOf(medsEtl(root)));
  });
});
