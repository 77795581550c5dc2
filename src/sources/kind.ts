// What a source is, told from the names in its folder: the one place that knows how formats look from outside.
import { readdirSync, statSync } from "node:fs";
import { fail } from "../errors.js";
import { withIo } from "../io.js";
import { omopTables } from "../omop/files.js";

/** `absent` and `file` are for the native side to open or to refuse. */
export type Kind = "absent" | "file" | "store" | "meds" | "meds_reader" | "omop";

/** What a source may be, for messages. */
export const LOOKED_FOR =
  'MEDS (a folder "data" with Parquet files), OMOP CDM (tables such as person.csv, .csv.gz or .parquet), a meds_reader database (meds_reader.version)';

/** Looks at a source. @throws MedsError `MEDS_NO_DATA`, in one sentence, for a folder that is none of them. */
export function kindOf(source: string): Kind {
  const about = statSync(source, { throwIfNoEntry: false });
  if (about === undefined) return "absent";
  if (!about.isDirectory()) return "file";
  const entries = withIo(source, () => readdirSync(source, { withFileTypes: true }));
  const names = new Set(entries.map(({ name }) => name));
  if (names.has("manifest.json") && names.has("patients.arrow")) return "store";
  // Its first versions had no file of that name, and are refused as such. It comes before MEDS: a column of it may be called "data".
  const first = ["properties", "length", "patient_id"];
  if (names.has("meds_reader.version") || names.has("meds_reader.properties") || first.every((name) => names.has(name)))
    return "meds_reader";
  if (names.has("data")) return "meds";
  const tables = omopTables(entries);
  // One table alone may be anything: a folder of notes has a note.csv.
  if (tables.includes("person") || tables.length > 1) return "omop";
  const found = [...names].sort().slice(0, 5).join(", ");
  const more = names.size > 5 ? ` and ${names.size - 5} more` : "";
  fail("MEDS_NO_DATA", `${source}: looked for ${LOOKED_FOR}; found ${names.size === 0 ? "an empty folder" : `${found}${more}`}.`, source);
}
