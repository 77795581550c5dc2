// Rows out of place: refused with subject and file, or put in order by --repair.
import { dirname, join } from "node:path";
import { convert, PatientDatabase } from "meds-reader";
import { describe, expect, it } from "vitest";
import { duck, type SimpleRow, simpleFile, type TableFile, writeFiles } from "../support/dataset.js";
import { checkStore, type ExpectedPatient } from "../support/expect.js";
import { files, folder, place } from "../support/folder.js";
import { refused } from "../support/refused.js";

/** Files whose rows are out of place, and the store that --repair must make of them. */
const disorders: { what: string; code: string; files: TableFile[]; subject: string; repaired: ExpectedPatient[] }[] = [
  {
    what: "a subject twice in a file",
    code: "MEDS_NOT_CONTIGUOUS",
    subject: "1",
    files: [
      simpleFile("0.parquet", [
        [1n, 1n, "A"],
        [2n, 1n, "B"],
        [1n, 2n, "C"],
      ]),
    ],
    repaired: [
      { id: 1n, split: null, rows: [row(1n, "A"), row(2n, "C")] },
      { id: 2n, split: null, rows: [row(1n, "B")] },
    ],
  },
  {
    what: "a subject in two files",
    code: "MEDS_NOT_CONTIGUOUS",
    subject: "-5",
    files: [
      simpleFile("0.parquet", [
        [-5n, 3n, "A"],
        [2n, 1n, "B"],
      ]),
      simpleFile("1.parquet", [
        [-5n, 1n, "C"],
        [-5n, null, "S"],
      ]),
    ],
    repaired: [
      { id: -5n, split: null, rows: [row(null, "S"), row(1n, "C"), row(3n, "A")] },
      { id: 2n, split: null, rows: [row(1n, "B")] },
    ],
  },
  {
    what: "times that go backwards",
    code: "MEDS_TIME_ORDER",
    subject: "3",
    files: [
      simpleFile("0.parquet", [
        [3n, 5n, "A"],
        [3n, 4n, "B"],
        [3n, 5n, "C"],
        [3n, null, "S"],
        [3n, 4n, "D"],
      ]),
    ],
    // Stable: equal times keep the source's order.
    repaired: [{ id: 3n, split: null, rows: [row(null, "S"), row(4n, "B"), row(4n, "D"), row(5n, "A"), row(5n, "C")] }],
  },
];

function row(time: bigint | null, code: string) {
  return { time, code, numeric_value: null };
}

describe("rows out of place", () => {
  for (const { what, code, files: tables, subject, repaired } of disorders) {
    it(`${what}: an error that names subject and file, or --repair`, async () => {
      const source = folder("source");
      await writeFiles(source, tables);
      const error = await refused(source);
      expect(error.code).toBe(code);
      expect(error.message).toMatch(new RegExp(`(^|[^0-9-])${subject}\\b`));
      expect(error.message).toMatch(/\d\.parquet/);
      expect(error.message).toMatch(/repair/);

      const store = join(folder("target"), "s.medsdb");
      const { notes } = await convert(source, store, { repair: true });
      expect(notes.some(({ kind, count }) => kind === "repaired" && count > 0)).toBe(true);
      const db = PatientDatabase.open(store, { verify: true });
      checkStore(db, repaired);
      db.close();
      expect(files(dirname(store)).filter((name) => !name.startsWith("s.medsdb/"))).toEqual([]);
    });
  }

  it("a row without a code is an error that names the source, not the sorted copy", async () => {
    const { columns, ...about } = simpleFile("0.parquet", [
      [2n, 1n, "A"],
      [1n, 5n, "B"],
      [1n, null, "S"],
    ]);
    const source = folder("source");
    const coded = columns.map((column) => (column.name === "code" ? { ...column, values: ["A", "B", null] } : column));
    await writeFiles(source, [{ ...about, columns: coded }]);
    const error = await refused(source);
    expect([error.code, error.path]).toEqual(["MEDS_NULL_VALUE", source]);
    expect(error.message).toMatch(/a row of subject 1 has no code/);
  });

  it("shuffled over many files, repair restores every row", async () => {
    const rows = Array.from(
      { length: 6000 },
      (_, i): SimpleRow => [BigInt(i % 40) - 20n, i % 50 === 0 ? null : BigInt(Math.floor(i / 9)), `C${i % 97}`, i],
    );
    // Multiples of 48271 modulo a prime: every row once, in no order.
    const order = rows.map((_, i) => ({ i, key: ((i + 1) * 48271) % 6007 })).sort((a, b) => a.key - b.key);
    const source = folder("source");
    const tables = [0, 1, 2, 3, 4].map((file) =>
      simpleFile(
        `${file}.parquet`,
        order.slice(file * 1200, file * 1200 + 1200).map(({ i }) => rows[i]!),
        { rowGroup: 100 },
      ),
    );
    await writeFiles(source, tables);
    const store = join(folder("target"), "s.medsdb");
    await convert(source, store, { repair: true, memory: 64 << 20 });
    const shuffled = order.map(({ i }) => rows[i]!);
    const db = PatientDatabase.open(store, { verify: true });
    expect(db.size).toBe(40);
    for (const patient of db) {
      const own = shuffled.filter(([id]) => id === patient.subjectId);
      const expected = [
        ...own.filter(([, time]) => time === null),
        ...own.filter(([, time]) => time !== null).sort((a, b) => Number(a[1]! - b[1]!)),
      ];
      expect([...patient].map((event) => [event.timeMicros, event.code, event.numericValue])).toEqual(
        expected.map(([, time, code, value]) => [time, code, value]),
      );
    }
    db.close();
  });

  it("is sorted, and the note that times lost their nanoseconds is kept", async () => {
    const rows = { late: "(1, NULL, 'S'), (2, 7003, 'B')", scattered: "(2, 7003, 'B'), (1, 9004, 'C')" };
    for (const [how, more] of Object.entries(rows)) {
      const source = folder("source");
      const select = `SELECT id::BIGINT AS subject_id, make_timestamp_ns(ns) AS time, code FROM (VALUES (1, 5001, 'A'), ${more}) t(id, ns, code)`;
      await (await duck()).run(`COPY (${select}) TO '${place(source, "data", "0.parquet")}' (FORMAT parquet)`);
      const { notes } = await convert(source, join(folder("target"), "s.medsdb"), { repair: how === "scattered" });
      const cut = notes.filter(({ message }) => message.includes("times with nanoseconds")).map(({ count }) => count);
      expect([how, cut]).toEqual([how, [how === "late" ? 2 : 3]]);
    }
  });
});
