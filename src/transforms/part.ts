// Rows of one patient after another, until there are enough of them for a file.
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

/** A row of a patient: an event as it is, or a row with changes. */
export type Line = Event | Row;

/** A new row, to the native side. */
const NEW = 0xffffffff;
/** Rows of a file, and bytes of given values, about. */
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
  /** What every file's path begins with. */
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

  /** Adds a patient's rows. They are put in order of time, static ones first; rows of one time stay as they are given. */
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

  /** Writes what there is. */
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

/** The shard that each thread's store was asked for last: opening compares and proves every byte of it. A thread serves one transform. */
const open = new WeakMap<Store, { readonly shard: number; readonly changing: NativeChanging }>();

function opened(store: Store, shard: number, added: readonly AddedColumn[]): NativeChanging {
  const known = open.get(store);
  if (known?.shard === shard) return known.changing;
  const changing = own(() => store.native.changing(shard, added));
  open.set(store, { shard, changing });
  return changing;
}

/** What fails here is told as it is: every given value was looked at before. */
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
    `There is no column ${JSON.stringify(name)} (there are ${known}). Declare a new one: transform(…, { columns: { name: type } }).`,
  );
}

/** The columns that rows have, and their types. */
export function typesOf(store: Store, added: readonly AddedColumn[]): ReadonlyMap<string, string> {
  return new Map([
    ...store.columns.map(({ name, stored }) => [name, stored] as const),
    ...added.map(({ name, type }) => [name, type] as const),
  ]);
}

/** Lines by time; the same array where they are in order. */
function inOrder(lines: readonly Line[]): readonly Line[] {
  if (asStored(lines)) return lines;
  const times = lines.map((line) => line.timeMicros ?? NO_TIME);
  if (times.every((time, i) => i === 0 || time >= times[i - 1]!)) return lines;
  const order = Array.from(lines.keys());
  order.sort((a, b) => (times[a]! < times[b]! ? -1 : times[a]! > times[b]! ? 1 : a - b));
  return order.map((at) => lines[at]!);
}

/** Events in the order of the store: they are in order of time, and no time need be looked at. */
function asStored(lines: readonly Line[]): boolean {
  let last = -1;
  for (const line of lines) {
    if (line instanceof Row || line._row <= last) return false;
    last = line._row;
  }
  return true;
}
