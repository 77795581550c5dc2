// Codes, texts and numbers at their ends, and columns by name.
import { join } from "node:path";
import { type ConvertOptions, convert, MedsError, PatientDatabase } from "meds-reader";
import { describe, expect, it } from "vitest";
import { same } from "../support/compare.js";
import { type SimpleRow, simple, simpleFile, writeFiles, writeSimple } from "../support/dataset.js";
import { codeOf, thrown } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { roundTrip, withStore } from "../support/roundtrip.js";

describe("codes and texts", () => {
  it("keep every character, and prefixes follow UTF-8 bytes beyond the BMP", async () => {
    const codes = [
      "LAB//1,2//x",
      "a,b",
      "👩‍⚕️",
      "a\0b",
      "a",
      "\0",
      "\0\0",
      "\uffff",
      "\u{10000}",
      "\u{10ffff}",
      "é",
      "e\u0301",
      " ",
      "\n",
      "LAB//",
      "LAB/",
      '"',
      "constructor",
      "__proto__",
    ];
    const third = Math.ceil(codes.length / 3);
    await roundTrip(codes.map((code, i): SimpleRow => [BigInt(Math.floor(i / third)), BigInt(i), code, i]));
    await withStore(
      await writeSimple(
        folder("codes"),
        codes.map((code, i): SimpleRow => [1n, BigInt(i), code]),
      ),
      (db) => {
        // UTF-16 would put the surrogates of U+10000 before U+FFFF.
        expect(db.codes.id("\uffff")!).toBeLessThan(db.codes.id("\u{10000}")!);
        expect([...db.codes.withPrefix("LAB//")].map((id) => db.codes.strings[id])).toEqual(["LAB//", "LAB//1,2//x"]);
        expect(db.codes.withPrefix("zzz").length).toBe(0);
        expect(db.codes.withPrefix("").length).toBe(codes.length);
        expect(db.codes.id("absent")).toBeUndefined();
        expect(db.codes.id("\ud800")).toBeUndefined();
      },
    );
  });

  it('the empty code is a code, and "" is not null', async () => {
    const text = [null, "", "x", "", null, "null"];
    const rows = text.map((_, i): SimpleRow => [1n, BigInt(i), i % 2 ? "" : "A"]);
    await roundTrip(rows, [
      { name: "text_value", type: simple.text, values: text },
      { name: "sparse_text", type: simple.text, values: ["", null, null, null, null, null] },
      { name: "get", type: simple.text, values: text },
      { name: "__proto__x", type: simple.text, values: text },
    ]);
  });

  it("columns may have any name", async () => {
    const names = ["constructor", "a b", "ü", "code//x", "toString", "time2", "0", "a.b", "'", '"'];
    const rows = [0, 1, 2].map((i): SimpleRow => [1n, BigInt(i), "A"]);
    await roundTrip(
      rows,
      names.map((name) => ({ name, type: simple.text, values: [name, null, ""] })),
    );
  });

  it("a note of 5 MB comes back whole", async () => {
    const note = "Patient, 54 ans, fébrile 🤒.\n".repeat(180_000);
    expect(Buffer.byteLength(note)).toBeGreaterThan(5_000_000);
    const rows: SimpleRow[] = [
      [1n, 0n, "NOTE"],
      [1n, 1n, "A"],
      [2n, 0n, "NOTE"],
    ];
    const notes = { name: "text_value", type: simple.text, values: [note, null, `${note}2`] };
    await withStore(await writeSimple(folder("note"), rows, {}, [notes]), (db) => {
      same(db.get(1)!.at(0)!.get("text_value"), note, () => "the note");
      same(db.get(2)!.column("text_value").at(0), `${note}2`, () => "the second note");
      same(db.get(1)!.at(1)!.get("text_value"), null, () => "no note");
    });
  });
});

describe("values", () => {
  it("NaN, infinities, -0, null and denormals stay different", async () => {
    const values = [
      Number.NaN,
      null,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      -0,
      0,
      2 ** -149,
      -(2 ** -149),
      3.4028234663852886e38,
    ];
    await roundTrip(
      values.map((value, i) => [1n, BigInt(i), "V", value]),
      [
        {
          name: "double",
          type: simple.double,
          values: [5e-324, Number.NaN, null, -0, 0.1, Number.MAX_VALUE, 2 ** 53, null, Number.NEGATIVE_INFINITY],
        },
      ],
    );
  });

  it("a numeric_value of float64 stays float64, and a missing one is null", async () => {
    const source = folder("values");
    const { columns } = simpleFile("", [[1n, 0n, "A"]]);
    const wide = columns.map((column) => (column.name === "numeric_value" ? { ...column, type: simple.double, values: [0.1] } : column));
    await writeFiles(source, [
      { name: "a.parquet", columns: wide },
      { name: "b.parquet", columns: simpleFile("", [[2n, 0n, "B"]]).columns.slice(0, 3) },
    ]);
    await withStore(source, (db) => {
      expect([...db].map((patient) => patient.at(0)!.numericValue)).toEqual([0.1, null]);
      expect(db.get(1)!.numericValues).toBeInstanceOf(Float64Array);
    });
  });

  it("a dataset without numeric_value reads NaN and null", async () => {
    const source = folder("values");
    await writeFiles(source, [{ name: "a.parquet", columns: simpleFile("", [[1n, 0n, "A"]]).columns.slice(0, 3) }]);
    await withStore(source, (db) => {
      expect(db.get(1)!.numericValues).toEqual(new Float32Array([Number.NaN]));
      expect(db.get(1)!.at(0)!.numericValue).toBeNull();
      expect(db.columns.map(({ name }) => name)).toEqual(["time", "code"]);
    });
  });

  it("columns without a place in a store are skipped and named", async () => {
    const source = folder("interval");
    const interval = { writer: "duckdb", type: "INTERVAL", encode: (raw: unknown) => raw } as const;
    const like = (type: string) => ({ writer: "duckdb", type, encode: (raw: unknown) => raw }) as const;
    await writeFiles(source, [
      {
        name: "0.parquet",
        columns: [
          { name: "subject_id", type: like("BIGINT"), values: [1n] },
          { name: "time", type: like("TIMESTAMP"), values: [null] },
          { name: "code", type: like("VARCHAR"), values: ["A"] },
          { name: "span", type: interval, values: [null] },
        ],
      },
    ]);
    await withStore(source, (db, { notes }) => {
      expect(db.columns.map(({ name }) => name)).toEqual(["time", "code"]);
      expect(notes.find(({ kind }) => kind === "skipped")?.message).toContain("span");
      expect(codeOf(() => db.get(1)!.at(0)!.get("span"))).toBe("MEDS_UNKNOWN_COLUMN");
    });
  });

  it("--columns and --exclude choose, and unknown names are errors", async () => {
    const more = ["a", "b", "c"].map((name) => ({ name, type: simple.int, values: [1] }));
    const source = await writeSimple(folder("choice"), [[1n, 0n, "A", 1]], {}, more);
    const names = (options: ConvertOptions) => {
      const store = join(folder("choice"), "s.medsdb");
      return convert(source, store, options).then(() => {
        const db = PatientDatabase.open(store);
        const found = db.columns.map(({ name }) => name);
        db.close();
        return found;
      });
    };
    expect(await names({ columns: ["b", "numeric_value"] })).toEqual(["time", "code", "numeric_value", "b"]);
    expect(await names({ exclude: ["a", "numeric_value"] })).toEqual(["time", "code", "b", "c"]);
    expect(await names({ columns: ["nope"] }).catch((error: MedsError) => error.code)).toBe("MEDS_MISSING_COLUMN");
    expect(await names({ exclude: ["code"] }).catch((error: MedsError) => error.code)).toBe("MEDS_INVALID_ARGUMENT");
  });
});

describe("an error", () => {
  it("is a MedsError with a path", () => {
    const error = thrown(() => PatientDatabase.open("no/such/store"));
    expect(error).toBeInstanceOf(MedsError);
    expect(error).toMatchObject({ code: "MEDS_NOT_FOUND", path: expect.stringContaining("no/such/store") });
  });
});
