// Collects the rows of patients until there are enough for a file.
import { join } from "node:path";
import { OwnFault } from "../passes/messages.js";
import type { NativeChanging } from "../store/native.js";
import type { Store } from "../store/store.js";
import { fail } from "../support/errors.js";
import { NO_TIME } from "../support/time.js";
import type { Event } from "../timeline/event.js";
import type { Patient } from "../timeline/patient.js";
import { Row } from "../timeline/row.js";
import { Cells } from "./cells.js";

/** A row of a patient: an unchanged event, or a row with changes. */
export type Line = Event | Row;

/** Marks a new row for the native side. */
const NEW = 0xffffffff;
/** Approximate rows per file, and approximate bytes of new values per file. */
const ROWS = 1 << 18;
const BYTES = 32 << 20;

/** A column that a transform adds. */
export interface AddedColumn {
  readonly name: string;
  readonly type: string;
}

/** Writes rows into files, in order. */
export class Parts {
  private readonly store: Store;
  private readonly types: ReadonlyMap<string, string>;
  private readonly added: readonly AddedColumn[];
  /** The beginning of every file's path. */
  private readonly stem: string;
  private files = 0;
  private shard = -1;
  private changing: NativeChanging | null = null;
  private patients: number[] = [];
  private lengths: number[] = [];
  private rows: number[] = [];
  private cells = new Map<string, Cells>();
  private bytes = 0;

  constructor(store: Store, added: readonly AddedColumn[], folder: string, chunk: number) {
    this.store = store;
    this.added = added;
    this.types = typesOf(store, added);
    this.stem = join(folder, String(chunk).padStart(6, "0"));
  }

  /**
   * Adds a patient's rows. They are sorted by time, static rows first; rows of the same time keep their
   * order.
   */
  add(patient: Patient, lines: readonly Line[]): void {
    this.store.check(); // a function may have closed it
    const shard = this.store.shardOf[patient._index]!;
    if (shard !== this.shard || this.rows.length >= ROWS || this.bytes >= BYTES) this.flush();
    if (shard !== this.shard) {
      this.shard = shard;
      this.changing = opened(this.store, shard, this.added);
    }
    this.patients.push(this.store.rowOf[patient._index]!);
    this.lengths.push(lines.length);
    for (const line of inOrder(lines)) {
      const row = this.rows.length;
      if (line instanceof Row) {
        this.rows.push(line._event?._row ?? NEW);
        for (const [name, value] of line._changes) this.bytes += this.of(name).add(row, value);
      } else this.rows.push(line._row);
    }
  }

  /** Writes the collected rows to a file. */
  flush(): void {
    if (this.rows.length === 0) return;
    const path = `${this.stem}-${String(this.files).padStart(6, "0")}.parquet`;
    const rows = { patients: Uint32Array.from(this.patients), lengths: Uint32Array.from(this.lengths), rows: Uint32Array.from(this.rows) };
    const columns = Array.from(this.cells.values(), (cells) => cells.take());
    own(() => this.changing!.write(path, rows, columns));
    this.files += 1;
    this.patients = [];
    this.lengths = [];
    this.rows = [];
    this.cells = new Map();
    this.bytes = 0;
  }

  private of(name: string): Cells {
    let cells = this.cells.get(name);
    if (cells === undefined) {
      cells = new Cells(name, this.types.get(name) ?? failColumn(name, this.types));
      this.cells.set(name, cells);
    }
    return cells;
  }
}

/**
 * The last opened shard of each thread's store, because opening checks every byte of it. A thread serves one
 * transform.
 */
const open = new WeakMap<Store, { readonly shard: number; readonly changing: NativeChanging }>();

function opened(store: Store, shard: number, added: readonly AddedColumn[]): NativeChanging {
  const known = open.get(store);
  if (known?.shard === shard) return known.changing;
  const changing = own(() => store.native.changing(shard, added));
  open.set(store, { shard, changing });
  return changing;
}

/**
 * An error here is not the function's fault, because all its values were checked before. It is reported
 * unchanged.
 */
function own<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw new OwnFault(error);
  }
}

function failColumn(name: string, types: ReadonlyMap<string, string>): never {
  const known = [...types.keys()].join(", ");
  fail(
    "MEDS_UNKNOWN_COLUMN",
    `There is no column ${JSON.stringify(name)}. The columns are ${known}. Declare a new column: transform(…, { columns: { name: type } }).`,
  );
}

/** The columns of rows, and their types. */
export function typesOf(store: Store, added: readonly AddedColumn[]): ReadonlyMap<string, string> {
  return new Map([
    ...store.columns.map(({ name, stored }) => [name, stored] as const),
    ...added.map(({ name, type }) => [name, type] as const),
  ]);
}

/** Lines by time; the same array where they are already in order. */
function inOrder(lines: readonly Line[]): readonly Line[] {
  if (asStored(lines)) return lines;
  const times = lines.map((line) => line.timeMicros ?? NO_TIME);
  if (times.every((time, i) => i === 0 || time >= times[i - 1]!)) return lines;
  const order = Array.from(lines.keys());
  order.sort((a, b) => (times[a]! < times[b]! ? -1 : times[a]! > times[b]! ? 1 : a - b));
  return order.map((at) => lines[at]!);
}

/**
 * Are these events in the order of the store. Then they are in order of time, and no time needs to be read.
 */
function asStored(lines: readonly Line[]): boolean {
  let last = -1;
  for (const line of lines) {
    if (line instanceof Row || line._row <= last) return false;
    last = line._row;
  }
  return true;
}
