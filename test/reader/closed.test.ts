// After close(): every public property and method gives what it gave before, out of memory, or throws MEDS_CLOSED. Never something else.
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Labels, loader, MedsError, PatientDatabase, samples } from "meds-reader";
import { describe, expect, it } from "vitest";
import { clinic, T0 } from "../support/clinic.js";

/** How to call each method that takes arguments. */
const ARGUMENTS: Readonly<Record<string, readonly unknown[]>> = {
  get: [1],
  at: [1],
  has: [1],
  id: ["LAB//a"],
  withPrefix: ["LAB//"],
  value: ["events", 1],
  split: ["train"],
  subset: [[7]],
  until: [T0],
  from: [T0],
  between: [T0, T0],
  first: [3],
  last: [3],
  timeAt: [2],
  codeAt: [2],
  withCode: ["LAB//a"],
  column: ["unit"],
  isNull: [1],
  numberAt: [1],
  forEach: [() => {}],
  withAncestor: ["LAB//a"],
  firstOf: ["LAB//a"],
  lastOf: ["LAB//a"],
  rowsWithCode: ["LAB//a"],
  searchNotes: ["pain"],
  exportC: [0],
  asof: [Labels.from([{ subjectId: 7, predictionTime: T0 }]), "LAB//a"],
  asofEach: [Labels.from([{ subjectId: 7, predictionTime: T0 }]), { labs: "LAB//a" }],
  writeRows: [join(tmpdir(), "meds-reader-closed.csv")],
  find: [() => true],
  filter: [() => true],
  some: ["LAB//a"],
  groupBy: ["unit"],
  distinct: ["unit"],
  visits: [{ column: "unit" }],
  select: ["LAB//a"],
};

const API = readFileSync(fileURLToPath(new URL("../../index.d.ts", import.meta.url)), "utf8");

/** Members that the rolled-up API gives a class and those that it extends. */
function published(name: string): string[] {
  const found = new RegExp(
    `^(?:export )?declare class ${name}\\b.*?(?: extends (\\w+))?(?:<\\w+>)?(?: implements .*)? \\{\\n([^]*?)^\\}`,
    "m",
  ).exec(API);
  if (found === null) throw new Error(`index.d.ts has no class ${name}`);
  const own = [...found[2]!.matchAll(/^ {2}(?:override |readonly |get )*(\w+)[(:<]/gm)].map(([, member]) => member!);
  return [...own, ...(found[1] === undefined ? [] : published(found[1]))].filter((member) => !["constructor", "close"].includes(member));
}

/** Public properties and methods of an object. */
function members(object: object): string[] {
  return object.constructor === Object ? Object.keys(object) : [...new Set(published(object.constructor.name))];
}

/** What a member gives, as text; windows and other objects are made again of what they hold. */
async function outcome(object: object, name: string, args: readonly unknown[]): Promise<string> {
  try {
    const member = (object as Record<string, unknown>)[name];
    return text(await (typeof member === "function" ? member.apply(object, args) : member));
  } catch (error) {
    if (error instanceof MedsError) return error.code;
    throw error;
  }
}

function text(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} ${[...(value as Uint8Array)]}`;
  if (value instanceof Map) return text([...value]);
  return (
    JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}n` : ArrayBuffer.isView(item) ? text(item) : item)) ??
    String(value)
  );
}

describe("after close()", () => {
  it("each member of each object returns the same as before, or throws MEDS_CLOSED", async () => {
    const db = PatientDatabase.open((await clinic()).store);
    const patient = db.at(0)!;
    const window = patient.from(T0 + 2000n);
    const objects: Record<string, object> = {
      db,
      cohort: db.split("train"),
      codes: db.codes,
      range: db.codes.withPrefix("LAB//"),
      metadata: db.metadata,
      patient,
      window,
      chosen: patient.withCode("LAB//a"),
      empty: patient.first(0),
      staticEvent: patient.at(0)!,
      event: patient.at(3)!,
      dictionary: patient.column("unit").dictionary!,
      info: patient.column("unit").info,
      selection: db.codes.select("LAB//*"),
      group: patient.groupBy("unit")[1]!,
      hit: patient.last("LAB//*")!,
    };
    for (const { name } of db.columns) {
      objects[`${name} of the patient`] = patient.column(name);
      objects[`${name} of the window`] = window.column(name);
    }
    const before = new Map<string, string>();
    for (const [called, object] of Object.entries(objects)) {
      for (const name of members(object)) {
        const place = `${called}.${name}`;
        before.set(place, await outcome(object, name, ARGUMENTS[name] ?? []));
        before.set(place, await outcome(object, name, ARGUMENTS[name] ?? []));
      }
    }
    db.close();
    for (const [place, was] of before) {
      const [called, name] = place.split(/\.(?=\w+$)/) as [string, string];
      const now = await outcome(objects[called]!, name, ARGUMENTS[name] ?? []);
      expect([was, "MEDS_CLOSED"], place).toContain(now);
      // Nothing was closed before.
      expect(was, place).not.toBe("MEDS_CLOSED");
    }
    expect(before.size).toBeGreaterThan(150);
  });

  it("code strings that were read before stay readable, new ones are refused", async () => {
    const db = PatientDatabase.open((await clinic()).store);
    const { codes } = db;
    const { strings } = codes;
    const first = strings[1];
    db.close();
    expect(strings[1]).toBe(first);
    expect(() => codes.strings).toThrow(expect.objectContaining({ code: "MEDS_CLOSED" }));
  });
});

it("a tensor over a view is emptied by close(); copies, batches and results of queries keep their values", async () => {
  const { store } = await clinic();
  const db = PatientDatabase.open(store);
  const { numericValues } = db.at(0)!;
  const over = (array: { readonly buffer: ArrayBufferLike; readonly byteOffset: number; readonly length: number }) =>
    new Float32Array(array.buffer, array.byteOffset, array.length);
  const [tensor, copy, copies] = [over(numericValues), over(numericValues.slice()), db.at(0)!.copy()];
  const labels = Labels.from([{ subjectId: 7, predictionTime: T0 + 5000n }]);
  const [batch] = [...loader(samples(db, labels, { maxLength: 8 }), { batchSize: 1 })];
  const values = over(batch!.numeric_value);
  const { columns } = await db.select({ codes: "LAB//*", columns: ["numeric_value"] });
  const before = [copy, copies.numericValues, values, batch!.code, columns.numeric_value].map((array) => Array.from(array, Number));
  expect(tensor.length).toBe(db.at(0)!.length);
  db.close();
  expect(tensor.length).toBe(0);
  expect([copy, copies.numericValues, values, batch!.code, columns.numeric_value].map((array) => Array.from(array, Number))).toEqual(
    before,
  );
  expect(before.every(({ length }) => length > 0)).toBe(true);
});
