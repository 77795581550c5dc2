// Writes the rows of patients as a MEDS dataset: Parquet files of whole patients.
import { join } from "node:path";
import { type WrittenColumn, writeTable } from "../../store/native.js";
import type { XmlRow } from "./row.js";

/** A file is written when it has as many rows, or characters of text. */
const ROWS = 200_000;
const CHARACTERS = 16 << 20;

type Column = Omit<WrittenColumn, "name">;

/** The columns of a dataset. */
export class DatasetWriter {
  private readonly subjects: bigint[] = [];
  private readonly rows: XmlRow[] = [];
  private characters = 0;
  private files = 0;

  constructor(
    private readonly folder: string,
    /** Whether the columns that only LUMIA has are written. */
    private readonly hasAll: boolean,
  ) {}

  /** Adds the rows of a patient, which are sorted by time here. Rows without a time come first. */
  add(subject: bigint, rows: readonly XmlRow[]): void {
    const least = -(2n ** 63n);
    const times = rows.map(({ time }) => time ?? least);
    const order = Array.from(rows.keys()).sort((a, b) => (times[a]! < times[b]! ? -1 : times[a]! > times[b]! ? 1 : a - b));
    for (const i of order) {
      this.subjects.push(subject);
      this.rows.push(rows[i]!);
      this.characters += rows[i]!.text?.length ?? 0;
    }
    if (this.rows.length >= ROWS || this.characters >= CHARACTERS) this.flush();
  }

  /** Writes what is left; a dataset without rows has one empty file. */
  end(): void {
    if (this.rows.length > 0 || this.files === 0) this.flush();
  }

  private flush(): void {
    const { rows } = this;
    const texts = (of: (row: XmlRow) => string | null) => textColumn(rows.map(of));
    const times = (of: (row: XmlRow) => bigint | null) => ({ ...integers(rows.map(of)), isTime: true });
    const numbers = Float32Array.from(rows, ({ number }) => number ?? 0);
    const columns: Record<string, Column> = {
      subject_id: integers(this.subjects),
      time: times(({ time }) => time),
      code: texts(({ code }) => code),
      numeric_value: { isTime: false, valid: Uint8Array.from(rows, ({ number }) => (number === null ? 0 : 1)), values: numbers, texts: [] },
      text_value: texts(({ text }) => text),
      unit: texts(({ unit }) => unit),
      table: texts(({ table }) => table),
      visit_id: integers(rows.map(({ visit }) => visit)),
    };
    if (this.hasAll) {
      columns.end = times(({ end }) => end);
      columns.note_id = texts(({ note }) => note);
      columns.provider_id = texts(({ provider }) => provider);
      columns.care_site_id = texts(({ careSite }) => careSite);
    }
    writeTable(
      join(this.folder, `${String(this.files).padStart(5, "0")}.parquet`),
      Object.entries(columns).map(([name, column]) => ({ name, ...column })),
    );
    this.files += 1;
    this.subjects.length = 0;
    this.rows.length = 0;
    this.characters = 0;
  }
}

function integers(values: readonly (bigint | null)[]): Column {
  return {
    isTime: false,
    valid: Uint8Array.from(values, (value) => (value === null ? 0 : 1)),
    values: BigInt64Array.from(values, (value) => value ?? 0n),
    texts: [],
  };
}

/** A column of texts, each of which is passed once. */
export function textColumn(values: readonly (string | null)[]): Column {
  const known = new Map<string, number>();
  const indexes = Int32Array.from(values, (value) => {
    if (value === null) return -1;
    const index = known.get(value) ?? known.size;
    known.set(value, index);
    return index;
  });
  return { isTime: false, valid: null, values: indexes, texts: [...known.keys()] };
}
