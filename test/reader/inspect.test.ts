// What the console shows of each object of the API: a few lines, whose values are right, and no private fields.
import { inspect } from "node:util";
import { Labels, loader, PatientDatabase, Splits, samples, Vocabulary } from "meds-reader";
import { describe, expect, expectTypeOf, it } from "vitest";
import { clinic, IDS, T0 } from "../support/clinic.js";

describe("inspect", () => {
  it("is a few lines for every object, before and after close()", async () => {
    const { store } = await clinic();
    const db = PatientDatabase.open(store);
    const patient = db.at(0)!;
    const labels = Labels.from([{ subjectId: IDS[0], predictionTime: T0 + 3000n, booleanValue: true }], { task: "stay" });
    const list = samples(db, labels, { maxLength: 4 });
    const objects: Record<string, readonly [object, ...string[]]> = {
      database: [db, "PatientDatabase {", `patients: ${IDS.length}`, "train: 3", "unit"],
      cohort: [db.split("train"), "Cohort {", "split: 'train'", "patients: 3"],
      codes: [db.codes, "CodeTable {", `size: ${db.codes.size}`],
      range: [db.codes.withPrefix("LAB//"), "begin: "],
      selection: [db.codes.select("LAB//*"), "length: 2"],
      metadata: [db.metadata, "Metadata {", "shards: "],
      labels: [labels, "Labels {", "task: 'stay'", "boolean_value"],
      splits: [Splits.from({ train: [1, 2], held_out: [3] }), "Splits {", "train: 2", "held_out: 1"],
      samples: [list, "Samples {", "size: 1", "maxLength: 4", "labels: 'stay'"],
      loader: [loader(list, { batchSize: 2 }), "Loader {", "batchSize: 2"],
      pass: [db.map(new URL("../support/passes/rows.mjs", import.meta.url), { threads: 2 }), "Pass {", `patients: ${IDS.length}`],
      vocabulary: [await Vocabulary.fit(db.split("train")), "Vocabulary {", "split: 'train'"],
      column: [patient.column("dose"), "Column {", "name: 'dose'", "storage: 'sparse'"],
      dictionary: [patient.column("unit").dictionary!, "Dictionary {", "length: 3"],
      patient: [patient, "length: 12"],
      group: [patient.groupBy("unit")[0]!, "key: "],
      event: [patient.at(3)!, "code: "],
    };
    for (const [name, [object, ...parts]] of Object.entries(objects)) {
      const shown = inspect(object);
      for (const part of parts) expect(shown, name).toContain(part);
      expect(shown.split("\n").length, shown).toBeLessThanOrEqual(14);
      expect(shown, name).not.toMatch(/\b_\w+:|<ref|Circular|ArrayBuffer/);
    }
    db.close();
    for (const [name, [object]] of Object.entries(objects)) expect(inspect(object).split("\n").length, name).toBeLessThanOrEqual(14);
    expect(inspect(db)).toContain("closed: ");
  });
});

describe("db.codes.strings", () => {
  it("has a hole at 0, which its type knows and filter leaves out", async () => {
    const db = PatientDatabase.open((await clinic()).store);
    const { strings } = db.codes;
    expectTypeOf(strings[0]).toEqualTypeOf<undefined>();
    const names: readonly string[] = strings;
    expect([0 in names, strings[0], strings.length]).toEqual([false, undefined, db.codes.size + 1]);
    expect(strings.filter((code) => code.startsWith("LAB//"))).toEqual(["LAB//a", "LAB//b"]);
    db.close();
  });
});
