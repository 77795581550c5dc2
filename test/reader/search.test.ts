// Codes by words and by nearness, in the API and on the command line, against plain loops.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { convert, PatientDatabase } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { meds } from "../cli/run.js";
import { hyparquetBytes, type SimpleRow, simple, writeSimple } from "../support/dataset.js";
import { codeOf } from "../support/errors.js";
import { folder, place } from "../support/folder.js";

const TABLE: readonly (readonly [code: string, description: string | null, events: number])[] = [
  ["LAB//50912//mg/dL", "Creatinine [Mass/volume] in Serum or Plasma", 9],
  ["LAB//51082//mg/dL", "Creatinine [Mass/volume] in Urine", 3],
  ["LAB//50910//IU/L", "Creatine kinase", 4],
  ["CREATININE", null, 1],
  ["DX//I50.9", "Heart failure, unspecified", 5],
  ["DX//I50.0", "Congestive HEART  failure", 7],
  ["DX//N17", "Acute kidney failure", 2],
  ["HOSPITAL_ADMISSION//EMERGENCY", null, 6],
  ["Ωmega\u001b[31m", "tab\there", 2],
];

let store: string;
let db: PatientDatabase;
beforeAll(async () => {
  const source = join(folder("search"), "source");
  const rows = TABLE.flatMap(([code, , events]) => Array.from({ length: events }, (): SimpleRow => [1n, null, code]));
  await writeSimple(source, rows);
  const column = (name: string, values: readonly (string | null)[]) => ({ name, type: simple.text, values });
  const codes = [column("code", TABLE.map(([code]) => code)), column("description", TABLE.map(([, text]) => text))]; // biome-ignore format: a line
  writeFileSync(place(source, "metadata", "codes.parquet"), hyparquetBytes({ name: "", columns: codes }));
  store = `${source}.medsdb`;
  await convert(source, store);
  db = PatientDatabase.open(store);
  return () => db.close();
});

const found = (text: string, limit?: number) => db.codes.search(text, limit === undefined ? {} : { limit }).map(({ code }) => code);

describe("search", () => {
  it("finds all words, in codes and descriptions, the best first", () => {
    expect(found("creatinine")).toEqual(["CREATININE", "LAB//50912//mg/dL", "LAB//51082//mg/dL"]);
    expect(found("heart failure")).toEqual(["DX//I50.0", "DX//I50.9"]);
    expect(found("FAILURE acute")).toEqual(["DX//N17"]);
    expect(found("admission")).toEqual(["HOSPITAL_ADMISSION//EMERGENCY"]);
    expect(found("urine mg")).toEqual(["LAB//51082//mg/dL"]);
    expect(found("ωmega")).toEqual(["Ωmega\u001b[31m"]);
    // "ilure" begins no word.
    expect(found("ilure")).toEqual(["DX//I50.0", "DX//I50.9", "DX//N17"]);
    expect([found("creatin", 2), found("creatinine", 0), found("none"), found(" ")]).toEqual([
      ["LAB//50912//mg/dL", "LAB//50910//IU/L"],
      [],
      [],
      [],
    ]);
    expect(db.codes.search("dx//n17")[0]).toEqual(db.codes.get(db.codes.id("DX//N17")!));
  });

  it("finds what a loop finds", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("cre", "fail", "in", "lab", "i50", "mg/dl", "ure"), { minLength: 1, maxLength: 3 }), (words) => {
        const wanted = TABLE.filter(([code, text]) => words.every((word) => `${code}\n${text ?? ""}`.toLowerCase().includes(word)));
        expect(found(words.join(" ")).sort()).toEqual(wanted.map(([code]) => code).sort());
      }),
    );
  });

  it("refuses wrong arguments", () => {
    expect(codeOf(() => db.codes.search(1 as never))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => db.codes.search("a", { limt: 1 } as never))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => db.codes.search("a", { limit: -1 }))).toBe("MEDS_INVALID_ARGUMENT");
  });
});

describe("nearest", () => {
  it.each([
    ["lab//50912//MG/DL", ["LAB//50912//mg/dL"]],
    ["I50", ["DX//I50.0", "DX//I50.9"]],
    ["DX//I509", ["DX//I50.9", "DX//I50.0"]],
    ["HOSPTAL_ADMISION", ["HOSPITAL_ADMISSION//EMERGENCY"]],
    ["LABB//50912", ["LAB//50912//mg/dL"]],
    ["DX//Z99.99", ["DX//I50.0", "DX//I50.9", "DX//N17"]],
    ["", []],
    ["quite another thing", []],
  ])("to %j is %j", (text, expected) => expect(db.codes.nearest(text).slice(0, expected.length || 3)).toEqual(expected));
});

describe("meds-reader codes", () => {
  it("prints a table, with control characters escaped", async () => {
    const { stdout, code } = await meds("codes", store, "failure");
    expect(code).toBe(0);
    expect(stdout.trim().split("\n").map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["events", "patients", "code", "description"],
      ["7", "1", "DX//I50.0", "Congestive HEART failure"],
      ["5", "1", "DX//I50.9", "Heart failure, unspecified"],
      ["2", "1", "DX//N17", "Acute kidney failure"],
    ]); // biome-ignore format: a table
    expect((await meds("codes", store, "ωmega")).stdout).toContain("Ωmega\\u001b[31m  tab here");
  });

  it("prints all codes, those of a prefix, and JSON", async () => {
    expect((await meds("codes", store)).stdout.trim().split("\n")).toHaveLength(TABLE.length + 1);
    expect((await meds("codes", store, "--limit", "2")).stdout).toMatch(/7 more codes \(--limit 9 shows all\)/);
    const json = async (...args: string[]) => {
      const { stdout } = await meds("codes", store, ...args, "--json");
      return (JSON.parse(stdout) as { code: string }[]).map(({ code }) => code);
    };
    expect(await json("--prefix", "LAB//")).toEqual(["LAB//50912//mg/dL", "LAB//50910//IU/L", "LAB//51082//mg/dL"]);
    expect(await json("LAB//5091*", "--limit", "0")).toEqual(["LAB//50912//mg/dL", "LAB//50910//IU/L"]);
    expect(await json("creatinine", "--prefix", "LAB//", "--limit", "1")).toEqual(["LAB//50912//mg/dL"]);
  });

  it.each([
    [["codes", "nope"], /contains "nope"/],
    [["codes", "LABB//50912"], /The nearest is|The nearest are "LAB\/\/50912/],
    [["codes", "--prefix", "VITAL//"], /starts with "VITAL\/\/"/],
    [["codes", "failure", "--prefix", "LAB//"], /contains "failure" and starts with "LAB/],
    [["show", "1", "--code", "lab//50912"], /starts with "lab\/\/50912"\. The nearest are "LAB\/\/50912/],
  ])("%j is MEDS_NO_CODE", async ([command, ...args], text) => {
    const { stderr, stdout, code } = await meds(command!, store, ...args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^MEDS_NO_CODE: /);
    expect(stderr).toMatch(text);
  });

  it("show --code takes a prefix with or without a star", async () => {
    const shown = async (code: string) => (await meds("show", store, "1", "--code", code, "--json")).stdout;
    expect(await shown("DX//*")).toBe(await shown("DX//"));
    expect(JSON.parse(await shown("DX//*")).events).toHaveLength(14);
  });
});
