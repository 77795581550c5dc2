import { totalmem } from "node:os";
import { shown, textOf } from "../support/arguments.js";
import { fail, failClosed, failCorrupt } from "../support/errors.js";
import type { AbortSignalLike } from "../support/signal.js";
import { BIRTH, Births } from "./birth-death.js";
import { ArrowExport } from "./c-data.js";
import { CodeTable } from "./codes.js";
import { Dictionary } from "./dictionary.js";
import { IdTable, type SubjectId } from "./ids.js";
import { Legend } from "./legend.js";
import { type ColumnInfo, columnInfo, type Manifest, type ManifestColumn } from "./manifest.js";
import type { MappedFile } from "./mapped-file.js";
import { NativeHandle, type NativeScan, type QueryKind, type Question, type QuestionDetails } from "./native.js";
import { type Shape, shapeOf } from "./shape.js";
import { Shard } from "./shard.js";
import { decode } from "./values/decode.js";
import { CodedVector } from "./values/nested.js";
import type { Int64, Vector } from "./values/vector.js";

/** In microseconds: 1971-01-01, and the largest bound that looks like milliseconds (115 days around 1970). */
const YEAR_1971 = 31_536_000_000_000;
const LOOKS_LIKE_MILLIS = 1e13;

/** Death codes, as {@link BIRTH}. */
const DEATH = ["MEDS_DEATH", "SNOMED/419620001", "SNOMED//419620001"];

/** How much of a file, or of a column of a shard, is in memory: see {@link PatientDatabase.residency}. */
export interface Residency {
  /** Path of the file in the store, such as `shards/00000.arrow`. */
  readonly file: string;
  /** The column; null for the whole file. */
  readonly column: string | null;
  /** Number of bytes, in the store. */
  readonly bytes: number;
  /** Bytes in memory; null where the system does not say. */
  readonly resident: number | null;
}

/** An open store. A database, its cohorts, timelines and events share it. */
export class Store {
  readonly path: string;
  readonly manifest: Manifest;
  readonly columns: readonly ColumnInfo[];
  readonly codes: CodeTable;
  /** What (u)int64 values of events are in JavaScript. */
  readonly int64: Int64;
  /** Patients with rows. */
  readonly size: number;
  live = true;
  /** Columns of patients.arrow, whose rows are in ascending order of subject id. */
  readonly ids: BigInt64Array;
  readonly shardOf: Uint32Array;
  readonly rowOf: Uint32Array;
  readonly eventsOf: Uint32Array;
  readonly staticOf: Uint32Array;
  /** Row of patients.arrow by slot. Empty once closed, so that only a failed look-up must find out why. */
  indexOf: Uint32Array;
  /** The first slot of each shard. */
  private readonly slotBase: Uint32Array;
  private readonly splitOf: CodedVector | null;
  readonly native: NativeHandle;
  private readonly files: MappedFile[];
  private readonly shards: (Shard | undefined)[];
  private readonly columnIndex: ReadonlyMap<string, number>;
  private readonly dictionaries: (Dictionary | undefined)[];
  private idTable: IdTable | undefined;
  private birthRanges: readonly number[] | undefined;
  private birthRows: Births | undefined;
  private deaths: readonly number[] | undefined;
  private modern: boolean;
  private legendOfCodes: Legend | undefined;
  private shapeOfRows: Shape | undefined;
  private readonly closing: (() => void)[] = [];

  constructor(path: string, verify: boolean, int64: Int64 = "bigint") {
    const native = new NativeHandle(path, verify);
    const manifest = native.manifest;
    const patients = native.patients();
    const codes = native.codes();
    this.path = path;
    this.int64 = int64;
    this.native = native;
    this.manifest = manifest;
    this.files = [patients, codes];
    this.columns = Object.freeze(manifest.columns.map(columnInfo));
    this.columnIndex = new Map(manifest.columns.map((column, index) => [column.name, index]));
    this.dictionaries = new Array(manifest.columns.length);
    this.shards = new Array(manifest.shards.length);
    this.codes = new CodeTable(codes, this.manifest.id, (read) => this.withAncestors(read));
    this.modern = manifest.counts.first_time !== null && manifest.counts.first_time > YEAR_1971;

    const id = patients.need("subject_id");
    const size = id.length;
    const column = (name: string) => patients.array(Uint32Array, patients.need(name).data, size);
    this.size = size;
    this.ids = patients.array(BigInt64Array, id.data, size);
    this.shardOf = column("shard");
    this.rowOf = column("row");
    this.eventsOf = column("events");
    this.staticOf = column("static_events");
    const split = patients.find("split");
    const splitOf = split === undefined ? null : decode(patients, split, false);
    if (splitOf !== null && !(splitOf instanceof CodedVector)) failCorrupt(patients.path, "the splits have no dictionary");
    this.splitOf = splitOf;

    this.slotBase = new Uint32Array(manifest.shards.length);
    for (let shard = 1; shard < this.slotBase.length; shard += 1)
      this.slotBase[shard] = this.slotBase[shard - 1]! + manifest.shards[shard - 1]!.patients;
    this.indexOf = new Uint32Array(size);
    for (let index = 0; index < size; index += 1) {
      const slot = this.slotOf(index);
      if (!(slot < size)) failCorrupt(patients.path, `the patient in row ${index} is outside the shards`);
      this.indexOf[slot] = index;
    }
  }

  /** Throws where the store is closed. */
  check(): void {
    if (!this.live) failClosed(this.path);
  }

  /** Row in patients.arrow of a subject, or -1. */
  find(id: SubjectId): number {
    this.check();
    this.idTable ??= new IdTable(new Int32Array(this.ids.buffer, this.ids.byteOffset, 2 * this.size), true);
    return this.idTable.find(id);
  }

  /** The slot of the patient in a row of patients.arrow. */
  slotOf(index: number): number {
    return this.slotBase[this.shardOf[index]!]! + this.rowOf[index]!;
  }

  /** A shard. It is mapped on first use, because creating its buffer costs a garbage collection. */
  shard(index: number): Shard {
    return this.shards[index] ?? this.map(index);
  }

  /** Queries many patients at once, on other threads. */
  ask<T extends readonly unknown[]>(
    kind: QueryKind,
    question: Question,
    signal: AbortSignalLike | undefined,
    details?: QuestionDetails,
  ): Promise<T> {
    this.check();
    return this.native.ask<T>(kind, question, signal, details);
  }

  /** Reads the ancestor codes that no event has, where the store has any. */
  private withAncestors(read: (file: MappedFile) => void): void {
    this.check();
    const file = this.native.ancestors();
    if (file === null) return;
    try {
      read(file);
    } finally {
      this.native.detach(file);
    }
  }

  /**
   * Announces that the patients at some slots (ascending; null for all) are read in storage order, until the
   * scan is ended or collected.
   */
  scan(slots: Uint32Array | null): NativeScan {
    return this.native.scan(this.native.dense(slots));
  }

  /**
   * The shards that are worth a scan when the patients in some rows of patients.arrow are read, in any order.
   */
  dense(indexes: Uint32Array): readonly number[] {
    const chosen = new Uint8Array(this.size);
    for (const index of indexes) chosen[this.slotOf(index)] = 1;
    const slots = new Uint32Array(Math.min(indexes.length, this.size));
    let count = 0;
    for (let slot = 0; slot < chosen.length; slot += 1) {
      if (chosen[slot] === 0) continue;
      slots[count] = slot;
      count += 1;
    }
    return this.native.dense(slots.subarray(0, count));
  }

  /**
   * Do all shards take at most half of the memory. Then data that is read ahead is not evicted before it is
   * used.
   */
  get fits(): boolean {
    return this.manifest.shards.reduce((sum, shard) => sum + shard.bytes, 0) <= this.room;
  }

  /** Whether a part of the events is not in memory. False where the system does not say. */
  get isCold(): boolean {
    return this.manifest.shards.some((_, shard) => this.native.isCold(shard));
  }

  /** Half of the memory that this process may use, in bytes. */
  get room(): number {
    // The limit of a container; 0 where it is unknown.
    const limit = process.constrainedMemory();
    return Math.min(totalmem(), limit > 0 ? limit : Number.POSITIVE_INFINITY) / 2;
  }

  private map(index: number): Shard {
    this.check();
    const shard = new Shard(this, index, this.native.shard(index));
    this.shards[index] = shard;
    return shard;
  }

  /** A shard for other native code. */
  exportC(index: number): ArrowExport {
    this.check();
    const { length } = this.manifest.shards;
    if (!(Number.isInteger(index) && index >= 0 && index < length))
      fail(
        "MEDS_OUT_OF_RANGE",
        `${this.path}: there is no shard ${shown(index)}. The store has ${length} shards, counted from 0.`,
        this.path,
      );
    return new ArrowExport(this.native.export(index));
  }

  /** The split of the patient in a row of patients.arrow. */
  split(index: number): string | null {
    this.check();
    return this.splitOf === null ? null : (this.splitOf.at(index) as string | null);
  }

  /** Returns a function that says whether the patient in a row of patients.arrow is in a split. */
  inSplit(name: string): (index: number) => boolean {
    this.check();
    return this.splitOf?.is(name) ?? (() => false);
  }

  /** A column of the manifest. */
  column(name: string): ManifestColumn | undefined {
    const index = this.columnIndex.get(name);
    return index === undefined ? undefined : this.manifest.columns[index];
  }

  hasColumn(name: string): boolean {
    return this.columnIndex.has(name);
  }

  /** The index of a column in the manifest. */
  columnAt(name: string): number {
    return this.columnIndex.get(name) ?? this.failColumn(name);
  }

  /**
   * Throws where the store has no split with this name. `argument` is the argument that contains the name.
   */
  checkSplit(argument: string, name: string): void {
    if (Object.hasOwn(this.manifest.splits, textOf(argument, name, 'the name of a split, such as "train"'))) return;
    const names = Object.keys(this.manifest.splits).map((split) => JSON.stringify(split));
    const known =
      names.length > 0
        ? `The splits are ${names.join(", ")}.`
        : "The store has no splits: its source has no subject_splits.parquet, or one without rows.";
    fail("MEDS_UNKNOWN_SPLIT", `${this.path}: there is no split ${JSON.stringify(name)}. ${known}`, this.path);
  }

  private failColumn(name: string): never {
    textOf("name", name, "the name of a column, as a string");
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const meant = this.columns.some((column) => column.name === snake) ? ` Did you mean ${JSON.stringify(snake)}?` : "";
    const hint = name === "subject_id" ? " The id of a patient is patient.subjectId." : meant;
    const names = this.columns.map((column) => column.name).join(", ");
    fail("MEDS_UNKNOWN_COLUMN", `${this.path}: there is no column ${JSON.stringify(name)}.${hint} The columns are ${names}.`, this.path);
  }

  /** The only dictionary of a coded column. `values` decodes it from the shard that is read first. */
  dictionary(column: number, values: () => Vector, length: number, path: string): Dictionary {
    const expected = this.manifest.columns[column]!;
    if (expected.name === "code") return this.codes._dictionary as Dictionary;
    if (length !== expected.dictionary) {
      failCorrupt(path, `the dictionary of ${expected.name} has ${length} entries, but ${expected.dictionary} in the manifest`);
    }
    this.dictionaries[column] ??= new Dictionary(values(), path, null, () => this.check());
    return this.dictionaries[column];
  }

  /** Code ids of births, as begins and ends of ranges. */
  get birthCodes(): readonly number[] {
    this.birthRanges ??= this.ranges(BIRTH);
    return this.birthRanges;
  }

  /** Descriptions and units. */
  get legend(): Legend {
    this.legendOfCodes ??= new Legend(this.codes, this.columns);
    return this.legendOfCodes;
  }

  /** The shape of a row as an object: all columns by name. */
  get shape(): Shape {
    this.shapeOfRows ??= shapeOf(this.columns.map(({ name }) => name));
    return this.shapeOfRows;
  }

  /** Births of the patients, searched on first use. */
  get births(): Births {
    this.birthRows ??= new Births(this);
    return this.birthRows;
  }

  /** Code ids of deaths, as begins and ends of ranges. */
  get deathCodes(): readonly number[] {
    this.deaths ??= this.ranges(DEATH);
    return this.deaths;
  }

  private ranges(names: readonly string[]): number[] {
    const found: number[] = [];
    for (const name of names) {
      const id = this.codes.id(name);
      if (id !== undefined) found.push(id, id + 1);
      const { begin, end } = this.codes.withPrefix(`${name}//`);
      if (end > begin) found.push(begin, end);
    }
    return found;
  }

  /**
   * Warns once about a bound that looks like milliseconds. Such a window is empty or whole, without any other
   * sign of the mistake.
   */
  suspect(bound: number | bigint): void {
    if (!this.modern || bound >= LOOKS_LIKE_MILLIS || bound <= -LOOKS_LIKE_MILLIS) return;
    this.modern = false;
    process.emitWarning(
      `The bound ${bound} is within 115 days of 1970, but all data are after 1971. Times are microseconds since 1970-01-01. If these are milliseconds, pass a Date, or multiply by 1000.`,
      { type: "MedsWarning", code: "MEDS_MILLISECONDS" },
    );
  }

  /** Is a buffer the memory of one of the store's files. */
  owns(buffer: ArrayBufferLike): boolean {
    return this.files.some((file) => file.buffer === buffer) || this.shards.some((shard) => shard?.file.buffer === buffer);
  }

  /** Calls a function when the store is closed. */
  whenClosed(call: () => void): void {
    this.closing.push(call);
  }

  /** How much of each file and column is in memory. */
  residency(): Residency[] {
    this.check();
    const parts = this.native.residency();
    return parts.map(({ file, column, bytes, resident }) => ({ file, column: column ?? null, bytes, resident: resident ?? null }));
  }

  /** Empties all views and unmaps the files. */
  close(): void {
    if (!this.live) return;
    this.live = false;
    for (const call of this.closing) call();
    this.indexOf = new Uint32Array(0);
    for (const shard of this.shards) {
      if (shard === undefined) continue;
      shard.close();
      this.native.detach(shard.file);
    }
    for (const file of this.files) this.native.detach(file);
    this.native.close();
  }
}
