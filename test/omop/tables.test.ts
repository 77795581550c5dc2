// The tables of the CDM are listed twice: in TypeScript for folders and databases, in Rust for archives.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { EVENT_TABLES, OTHER_TABLES, VOCABULARY_TABLES } from "../../src/sources/omop/tables.js";

const crates = fileURLToPath(new URL("../../crates/", import.meta.url));

it("Rust and TypeScript read the same tables", () => {
  const texts = readdirSync(crates, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("listing.rs"))
    .map((name) => readFileSync(join(crates, name), "utf8"));
  const lists = texts.flatMap((text) => [...text.matchAll(/\bTABLES: \[&str; (\d+)\] = \[([^\]]*)\]/g)]);
  expect(lists).toHaveLength(1);
  const [[, size, list]] = lists as [RegExpExecArray];
  const tables = [...list!.matchAll(/"(\w+)"/g)].map(([, name]) => name);
  expect(tables).toHaveLength(Number(size));
  expect(tables.sort()).toEqual([...EVENT_TABLES, ...OTHER_TABLES].sort());
});

it("the tables of a vocabulary are among them", () => {
  for (const table of VOCABULARY_TABLES) expect(OTHER_TABLES).toContain(table);
});
