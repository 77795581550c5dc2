// What the small files of a meds_reader database show, also where it is too damaged for the native side.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isSystemError, withIo } from "../support/io.js";
import { isError } from "../support/realm.js";
import type { InspectedColumn, Inspection } from "./inspection.js";

/** Types by their numbers in the format, with the names of the native side. */
const TYPES = [
  "utf8",
  "large_utf8",
  "timestamp[us]",
  "float32",
  "float64",
  "int8",
  "int16",
  "int32",
  "int64",
  "uint8",
  "uint16",
  "uint32",
  "uint64",
];

/** What the files of a meds_reader database show, as far as they can be read. */
export function databaseFiles(path: string): Pick<Inspection, "version" | "files" | "bytes" | "subjects" | "rows" | "columns"> {
  const below = withIo(path, () => readdirSync(path, { recursive: true, encoding: "utf8" })).filter(
    (name) => !/^metadata(\/|$)/.test(name),
  );
  const sizes = below.flatMap((name) => {
    const about = statSync(join(path, name), { throwIfNoEntry: false });
    return about?.isFile() ? [about.size] : [];
  });
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  return { version: databaseVersion(path), files: sizes.length, bytes, ...databaseShape(path) };
}

function databaseVersion(path: string): string | null {
  try {
    return readFileSync(join(path, "meds_reader.version"), "latin1").trim().slice(0, 20);
  } catch {
    return null; // The first versions did not have this file.
  }
}

/**
 * Subjects, rows and columns; null and empty where the files contradict each other, which the native side
 * reports.
 */
function databaseShape(path: string): Pick<Inspection, "subjects" | "rows" | "columns"> {
  try {
    const read = (name: string) => readFileSync(join(path, name));
    const [ids, lengths, properties] = [read("subject_id"), read("meds_reader.length"), read("meds_reader.properties")];
    const subjects = ids.length / 8;
    if (!Number.isInteger(subjects) || lengths.length !== 4 * subjects) throw new RangeError();
    let rows = 0;
    for (let at = 0; at < lengths.length; at += 4) rows += lengths.readUInt32LE(at);
    const columns: InspectedColumn[] = [];
    for (let at = 0; at < properties.length; ) {
      const end = at + 8 + Number(properties.readBigUInt64LE(at));
      const type = TYPES[Number(properties.readBigUInt64LE(end))] ?? null;
      columns.push({ name: properties.toString("utf8", at + 8, end), type });
      at = end + 8;
    }
    return { subjects, rows, columns };
  } catch (error) {
    // Buffer throws the RangeError of Node's own realm.
    if (!((isError(error) && error.name === "RangeError") || isSystemError(error))) throw error;
    return { subjects: null, rows: null, columns: [] };
  }
}
