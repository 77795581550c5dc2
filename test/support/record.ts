// A source of hand-made events with the columns that texts read, as an OMOP conversion has them.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert } from "meds-reader";
import { hyparquetBytes, simple, simpleFile, writeFiles } from "./dataset.js";
import { folder, place } from "./folder.js";

/** An event. Times are "2020-01-01" and the like, or microseconds. */
export interface RecordRow {
  readonly time: string | bigint | null;
  readonly code: string;
  readonly value?: number | null;
  readonly unit?: string | null;
  readonly text?: string | null;
  readonly table?: string | null;
  readonly end?: string | bigint | null;
  readonly visit?: bigint | null;
  readonly note?: bigint | null;
  readonly provider?: bigint | null;
}

export const micros = (time: string | bigint): bigint =>
  typeof time === "bigint" ? time : BigInt(Date.parse(`${time.length === 10 ? `${time}T00:00` : time}Z`)) * 1000n;

/** Writes a source with these patients and descriptions of codes, and converts it. Returns the store. */
export async function recordStore(
  patients: ReadonlyMap<bigint, readonly RecordRow[]>,
  descriptions: Readonly<Record<string, string>> = {},
): Promise<string> {
  const source = join(folder("record"), "record");
  const all = [...patients].flatMap(([id, rows]) => rows.map((row) => ({ id, ...row })));
  const column = (name: string, type: (typeof simple)[keyof typeof simple], value: (row: RecordRow) => string | bigint | null) => ({
    name,
    type,
    values: all.map(value),
  });
  const time = (given: string | bigint | null | undefined) => (given == null ? null : micros(given));
  await writeFiles(source, [
    simpleFile(
      "0.parquet",
      all.map(({ id, time: at, code, value }) => [id, time(at), code, value ?? null] as const),
      {},
      [
        column("text_value", simple.text, ({ text }) => text ?? null),
        column("unit", simple.text, ({ unit }) => unit ?? null),
        column("table", simple.text, ({ table }) => table ?? null),
        column("end", simple.time, ({ end }) => time(end)),
        column("visit_id", simple.id, ({ visit }) => visit ?? null),
        column("note_id", simple.id, ({ note }) => note ?? null),
        column("provider_id", simple.id, ({ provider }) => provider ?? null),
      ],
    ),
  ]);
  const codes = [
    { name: "code", type: simple.text, values: Object.keys(descriptions) },
    { name: "description", type: simple.text, values: Object.values(descriptions) },
  ];
  writeFileSync(place(source, "metadata", "codes.parquet"), hyparquetBytes({ name: "codes.parquet", columns: codes }));
  const store = `${source}.medsdb`;
  await convert(source, store);
  return store;
}
