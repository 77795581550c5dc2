// Runs in the vm pools of Vitest (test/realms.test.ts starts it): `Error`, `Date`, `Map` and typed arrays here are
// not those of Node and of the native part.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { convert, inspect, Labels, loader, MedsError, microsOf, PatientDatabase, samples, verify } from "meds-reader";
import { afterAll, expect, it } from "vitest";

const { MEDS_POOL_STORE: store, MEDS_POOL_FOLDER: folder } = process.env;
const db = PatientDatabase.open(store);
afterAll(() => db.close());

/** A moment within the first patient's rows, as a Date counts it. */
const moment = () => Math.floor(Number(db.at(0).lastTime) / 1000);
const codes = () => [...new Set(Array.from(db.at(0), ({ code }) => code))];
const labels = Labels.from(
  [...db.subjectIds.slice(0, 3)].map((subjectId) => ({ subjectId, predictionTime: new Date(moment() + 3), booleanValue: true })),
);
const all = async (many) => {
  const found = [];
  for await (const one of many) found.push(one);
  return found;
};
const thrown = async (call) => {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return undefined;
};

it("is a realm of its own", async () => {
  expect(await thrown(() => readFileSync("/no/such/file"))).not.toBeInstanceOf(Error);
});

it.each([
  ["MEDS_NOT_FOUND", () => PatientDatabase.open("/no/such/store")],
  ["MEDS_NOT_FOUND", () => PatientDatabase.from("/no/such/source")],
  ["MEDS_NOT_FOUND", () => convert("/no/such/source", join(folder, "x.medsdb"))],
  ["MEDS_NOT_FOUND", () => inspect("/no/such/source")],
  ["MEDS_NOT_FOUND", () => verify("/no/such/store")],
  ["MEDS_NOT_FOUND", () => Labels.open("/no/such/labels")],
  ["MEDS_NOT_FOUND", () => db.map("/no/such/module.mjs")],
  ["MEDS_STORE_EXISTS", () => convert(store.replace(/\.medsdb$/, ""), store)],
  ["MEDS_INVALID_ARGUMENT", () => db.countCodes({ threads: 2 ** 31 })],
  ["MEDS_CANCELLED", () => db.countCodes({ signal: AbortSignal.abort() })],
])("errors keep their class: %s", async (code, call) => {
  const error = await thrown(call);
  expect(error).toBeInstanceOf(MedsError);
  expect(error.code).toBe(code);
});

it("PatientDatabase.from opens a store, and converts a source", async () => {
  const source = store.replace(/\.medsdb$/, "");
  for (let again = 0; again < 2; again += 1) {
    const other = await PatientDatabase.from(source, { store: join(folder, "from.medsdb") });
    expect(other.size).toBe(db.size);
    other.close();
  }
});

it("takes Dates, arrays and expressions", async () => {
  expect(microsOf(new Date(5))).toBe(5000n);
  const until = db.at(0).until(new Date(moment())).length;
  expect(until).toBeGreaterThan(0);
  expect(until).toBe(db.at(0).until(moment() * 1000).length);
  expect(db.at(0).withCode(/^[A-Z]/).length).toBeGreaterThan(0);
  const { has } = await db.firstOf(new Set(codes()));
  expect(has.length).toBe(db.size);
  expect(has[0]).toBe(1);
});

it("queries answer", async () => {
  const { subjectIds, times } = await db.firstOf(codes());
  expect(subjectIds).toBeInstanceOf(BigInt64Array);
  expect(times).toBeInstanceOf(BigInt64Array);
  expect((await db.select({ codes: codes(), columns: ["subject_id", "code"] })).columns.subject_id).toBeInstanceOf(BigInt64Array);
  expect((await db.countCodes()).events).toBeInstanceOf(Float64Array);
});

it.each([0, 1])("batches are arrays of this realm, with workers: %s", async (workers) => {
  const batches = await all(loader(samples(db, labels, { maxLength: 4 }), { batchSize: 2, workers, fields: ["code", "time"] }));
  expect(batches).toHaveLength(2);
  for (const batch of batches) {
    expect(batch.code).toBeInstanceOf(Int32Array);
    expect(batch.time).toBeInstanceOf(BigInt64Array);
    expect(batch.subject_id).toBeInstanceOf(BigInt64Array);
  }
});

it.each([0, 2])("passes return what their function returns, with threads: %s", async (threads) => {
  const rows = await all(
    db.map(
      function* (patients, { since, names }) {
        for (const patient of patients) yield { rows: patient.from(since).length, name: names.get("a"), times: patient.times.slice(0, 2) };
      },
      { threads, ordered: true, args: { since: new Date(moment() - 1), names: new Map([["a", 1]]) } },
    ),
  );
  expect(rows).toHaveLength(db.size);
  expect(rows[0]).toMatchObject({ rows: db.at(0).from((moment() - 1) * 1000).length, name: 1 });
  expect(rows[0].times.length).toBe(2);
});

it.each([0, 2])("what a function throws is the cause, with threads: %s", async (threads) => {
  const error = await thrown(() =>
    all(
      db.map(
        () => {
          throw new RangeError("no");
        },
        { threads },
      ),
    ),
  );
  expect(error).toBeInstanceOf(MedsError);
  expect(error.code).toBe("MEDS_PASS_FAILED");
  expect(error.message).toMatch(/RangeError: no/);
  expect(error.cause).toBeInstanceOf(Error);
  expect(error.cause.name).toBe("RangeError");
});
