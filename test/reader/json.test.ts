// What JSON.stringify makes of what is read: everything a row holds, nothing rounded, no circle.
import { join } from "node:path";
import { convert, PatientDatabase } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clinic, IDS, T0 } from "../support/clinic.js";
import { simple, writeSimple } from "../support/dataset.js";
import { codeOf } from "../support/errors.js";
import { folder } from "../support/folder.js";

let db: PatientDatabase;
beforeAll(async () => {
  db = PatientDatabase.open((await clinic()).store);
});
afterAll(() => db.close());

/** There and back. */
const told = (value: unknown) => JSON.parse(JSON.stringify(value));

describe("JSON", () => {
  it("of an event is its columns by name", () => {
    expect(told(db.at(0)!.at(2))).toEqual({
      time: Number(T0),
      code: "MEDS_BIRTH",
      numeric_value: 0,
      unit: "mmol/L",
      note: null,
      dose: null,
      given: true,
    });
    expect(told(db.at(0)!.at(0))).toMatchObject({ time: null, code: "GENDER//F", note: "note 0 é", dose: 0.5 });
  });

  it("of a timeline and a patient has the subject's exact id", () => {
    const window = db.get(IDS[2])!.until(T0);
    expect(told(window)).toEqual({ subjectId: "9007199254740993", events: Array.from(window, told) });
    const patient = db.get(IDS[0])!;
    expect(told(patient)).toEqual({ subjectId: "7", split: "train", events: Array.from(patient, told) });
    expect(told(patient.withCode("LAB//a")).events.every((event: { code: string }) => event.code === "LAB//a")).toBe(true);
  });

  it("of other values is their content", () => {
    expect(told(db.at(0)!.column("dose"))).toEqual([...db.at(0)!.column("dose")]);
    expect(told(db.at(0)!.column("unit").dictionary)).toEqual([null, "mg/dL", "mmol/L"]);
    expect(told(db.codes)).toEqual([...db.codes]);
    expect(told(db.split("train"))).toEqual({ path: db.path, eventCount: 36, subjectIds: IDS.slice(0, 3).map(String) });
    expect(told(db).subjectIds).toEqual(IDS.map(String));
    expect(told(db.metadata)).toMatchObject({ id: db.metadata.id, dataset: { dataset_name: "clinic" } });
    expect(told(db.codes.withPrefix("LAB//"))).toMatchObject({ begin: db.codes.id("LAB//a") });
  });

  it("rounds and loses nothing", async () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, 1.5, null];
    const source = await writeSimple(
      folder("source"),
      values.map((value, row) => [1n, row === 3 ? 2n ** 60n : BigInt(row), "A", value]),
      {},
      [
        { name: "visit", type: simple.id, values: [2n ** 53n + 1n, -(2n ** 63n), 0n, null] },
        {
          name: "bytes",
          type: { writer: "hyparquet", type: { type: "BYTE_ARRAY" }, encode: (raw) => raw },
          values: [new Uint8Array([0, 255]), null, null, null] as never,
        },
      ],
    );
    const store = join(folder("target"), "s.medsdb");
    await convert(source, store);
    const odd = PatientDatabase.open(store);
    expect(told(odd.at(0)).events).toEqual([
      { time: 0, code: "A", numeric_value: "NaN", visit: "9007199254740993", bytes: "AP8=" },
      { time: 1, code: "A", numeric_value: "Infinity", visit: "-9223372036854775808", bytes: null },
      { time: 2, code: "A", numeric_value: 1.5, visit: "0", bytes: null },
      { time: "1152921504606846976", code: "A", numeric_value: null, visit: null, bytes: null },
    ]);
    odd.close();
  });

  it("of what was closed is MEDS_CLOSED", async () => {
    const open = PatientDatabase.open((await clinic()).store);
    const patient = open.at(0)!;
    const all = [open, patient, patient.at(0), patient.slice(0, 3), patient.column("unit"), patient.column("unit").dictionary, open.codes];
    open.close();
    for (const value of all) expect(codeOf(() => JSON.stringify(value))).toBe("MEDS_CLOSED");
  });
});
