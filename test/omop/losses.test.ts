// Tables that lose rows: more than a tenth is told before all else, and is an error with `strict`.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type ConvertOptions, convert, inspect, PatientDatabase } from "meds-reader";
import { describe, expect, it } from "vitest";
import { meds } from "../cli/run.js";
import { rejected } from "../support/errors.js";
import { changed, contents, folder } from "../support/folder.js";
import { clinic, type Tables, writeCsv } from "../support/omop.js";

const COLUMNS =
  "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_source_value,condition_source_concept_id";

/** Conditions of one person: some with a code, some of concept 0, some of a concept that no vocabulary has, some that name nothing. */
function conditions({ coded = 0, zero = 0, absent = 0, nothing = 0 }): Tables {
  const rows = [
    ...Array<string>(coded).fill("201826,2020-01-01,x,0"),
    ...Array<string>(zero).fill("0,2020-01-01,x,0"),
    ...Array<string>(absent).fill("88888,2020-01-01,,0"),
    ...Array<string>(nothing).fill("0,2020-01-01,,0"),
  ];
  const condition_occurrence = `${COLUMNS}\n${rows.map((row, i) => `${i},1,${row}\n`).join("")}`;
  return { person: clinic.person!.split("\n").slice(0, 2).join("\n"), concept: clinic.concept!, condition_occurrence };
}

const tablesOf = (of: Parameters<typeof conditions>[0]) => writeCsv(folder("f"), conditions(of));

async function told(of: Parameters<typeof conditions>[0], options?: ConvertOptions) {
  const { notes } = await convert(tablesOf(of), join(folder("t"), "s.medsdb"), options);
  return notes.filter(({ kind }) => kind === "dropped");
}

describe("a table that loses more than a tenth of its rows", () => {
  it("has a note of its own, over all reasons together; a tenth has none", async () => {
    expect(await told({ coded: 18, zero: 1, absent: 1 })).toEqual([]);
    expect(await told({ coded: 17, zero: 1, absent: 1, nothing: 1 })).toEqual([
      {
        kind: "dropped",
        count: 3,
        message:
          "condition_occurrence: 3 of 20 rows (15.0 %) are dropped: 1 with a condition_concept_id that is missing from the concept table (for example 88888); 1 with condition_concept_id 0; 1 with neither a concept nor a source value. Add the missing vocabulary with `vocabulary` (--vocabulary PATH). To keep rows that have a source value or a concept other than 0, set `keepUnmapped` (--keep-unmapped)",
      },
    ]);
    expect(await told({ coded: 17, zero: 1, absent: 1, nothing: 1 }, { keepUnmapped: true })).toEqual([]);
    expect((await told({ coded: 17, nothing: 3 }, { keepUnmapped: true })).map(({ count }) => count)).toEqual([3]);
  });

  it("comes first in notes, the worst before others, and a detail of a person counts where it names something", async () => {
    const tables = { ...clinic, person: clinic.person!.replace("8527,0,F,0,white", "0,0,F,0,green") };
    const { notes } = await convert(writeCsv(folder("f"), tables), join(folder("t"), "s.medsdb"));
    expect(notes.slice(0, 3).map(({ kind, message, count }) => [kind, message.split(":")[0], count])).toEqual([
      ["dropped", "condition_occurrence", 3],
      ["dropped", "person.race_concept_id", 1],
      [expect.not.stringMatching("dropped"), expect.anything(), expect.anything()],
    ]);
  });

  it("is printed first, on stderr, with any form of stdout; inspect and info show it too", async () => {
    const [root, target] = [tablesOf({ coded: 1, zero: 1 }), folder("t")];
    const warning = /^warning: condition_occurrence: 1 of 2 rows \(50\.0 %\) are dropped: .*--keep-unmapped\)\.\n$/;
    for (const [i, options] of [[], ["--json"], ["--progress", "none"], ["--progress", "none", "--json"]].entries()) {
      const { code, stdout, stderr } = await meds("convert", root, join(target, `${i}.medsdb`), ...options);
      expect([code, (options.includes("--json") ? /"kind": ?"dropped"/ : /^1 patient, 4 events/).test(stdout)]).toEqual([0, true]);
      expect(stderr).toMatch(warning);
    }
    expect((await meds("info", join(target, "0.medsdb"))).stdout).toMatch(
      /dropped more than a tenth of the rows of these tables\n {2}condition_occurrence: 1 of 2 rows/,
    );
    expect((await meds("inspect", root)).stdout).toMatch(
      /would drop more than a tenth of the rows of these tables\n {2}condition_occurrence: 1 of 2 rows/,
    );
    expect((await inspect(root)).notes[0]).toMatchObject({ kind: "dropped", count: 1 });
    const db = PatientDatabase.open(join(target, "0.medsdb"));
    expect(db.metadata.notes[0]).toMatchObject({ kind: "dropped", count: 1 });
    db.close();
  });
});

describe("strict", () => {
  it("refuses it before a store is written, and leaves the one that is there as it is", async () => {
    const [root, target] = [tablesOf({ coded: 1, zero: 1 }), folder("t")];
    const store = join(target, "s.medsdb");
    const error = await rejected(convert(root, store, { strict: true }));
    expect(error).toMatchObject({ code: "MEDS_ROWS_DROPPED", path: root });
    expect(error.message).toContain("condition_occurrence: 1 of 2 rows (50.0 %)");
    expect(readdirSync(target)).toEqual([]);
    await convert(tablesOf({ coded: 3 }), store, { strict: true });
    const before = contents(store);
    expect((await rejected(convert(root, store, { strict: true, force: true }))).code).toBe("MEDS_ROWS_DROPPED");
    const { code, stderr } = await meds("convert", root, store, "--force", "--strict");
    expect([code, stderr.startsWith("MEDS_ROWS_DROPPED: ")]).toEqual([1, true]);
    expect(changed(contents(store), before)).toEqual([]);
    expect(readdirSync(target)).toEqual(["s.medsdb"]);
  });

  it("refuses a store that was made without it", async () => {
    const [root, store] = [tablesOf({ coded: 1, zero: 1 }), join(folder("t"), "s.medsdb")];
    expect((await rejected(PatientDatabase.from(root, { store, strict: true }))).code).toBe("MEDS_ROWS_DROPPED");
    expect(existsSync(store)).toBe(false);
    (await PatientDatabase.from(root, { store })).close();
    for (const again of [
      () => PatientDatabase.from(root, { store, strict: true }),
      () => convert(root, store, { reuse: true, strict: true }),
    ])
      expect((await rejected(again())).code).toBe("MEDS_ROWS_DROPPED");
    (await PatientDatabase.from(root, { store })).close();
    rmSync(store, { recursive: true });
    (await PatientDatabase.from(root, { store, strict: true, keepUnmapped: true })).close();
  });
});
