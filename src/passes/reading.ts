import type { LabelRow } from "../labels/labels.js";
import type { NativeScan } from "../store/native.js";
import type { Store } from "../store/store.js";
import type { Patient } from "../timeline/patient.js";
import type { Board } from "./board.js";
import { type LabelPlan, PlacedLabels } from "./label-slots.js";
import type { Work } from "./messages.js";
import type { OpenDatabase } from "./opener.js";
import type { Outbox } from "./outbox.js";

/** What the function of a pass receives for each patient. */
export type Given = Patient | readonly [Patient, readonly LabelRow[]];

/** The chunks that a worker takes, and the patient that it reads. */
export class Reading {
  /** The chunk that is read: for the function. */
  chunk = -1;
  /** The patient that is being read: for errors. */
  patient: Patient | null = null;
  readonly labels: PlacedLabels | null;
  private readonly store: Store;
  private scan: NativeScan | null = null;
  private scanned = "";

  constructor(
    readonly db: OpenDatabase,
    private readonly work: Work,
    private readonly board: Board,
    private readonly worker: number,
    private readonly outbox: Outbox,
  ) {
    this.store = db._store;
    this.labels = work.labels === null ? null : new PlacedLabels(work.labels as LabelPlan);
  }

  /** Takes the next chunk. Results from now on belong to it. False after the last. */
  take(): boolean {
    const chunk = this.board.take(this.worker);
    if (chunk < 0) return false;
    const { outbox } = this;
    if (outbox.chunk >= 0 && this.work.ordered) outbox.leave();
    outbox.chunk = chunk;
    return true;
  }

  /**
   * The function reads a chunk from now on. Returns its first place in the pass's slots, and the one after its
   * last.
   */
  enter(chunk: number): readonly [begin: number, end: number] {
    const { bounds, slots } = this.work.chunks;
    const [begin, end] = [bounds[chunk]!, bounds[chunk + 1]!];
    this.chunk = chunk;
    this.ahead(slots[begin]!, slots[end - 1]!);
    return [begin, end];
  }

  /** The patient at a place of the pass's slots. */
  at(place: number): Patient {
    const patient = this.db.at(this.work.chunks.slots[place]!)!;
    this.patient = patient;
    return patient;
  }

  end(): void {
    this.scan?.end();
  }

  /** Has the system read ahead in those shards of the pass's scan that contain these slots. */
  private ahead(from: number, to: number): void {
    const { shardOf, indexOf, native } = this.store;
    const [first, last] = [shardOf[indexOf[from]!]!, shardOf[indexOf[to]!]!];
    const shards = this.work.scanned.filter((shard) => shard >= first && shard <= last);
    const key = shards.join();
    if (key === this.scanned) return;
    const before = this.scan;
    this.scan = native.scan(shards);
    this.scanned = key;
    before?.end();
  }
}

/**
 * All patients of a worker: those of the chunks that it takes until none is left. Each loop begins at the
 * first one, and reads the same patients.
 */
export class WorkerPatients implements Iterable<Given> {
  /** Has a loop begun. */
  isRead = false;
  private readonly taken: number[];

  /** The reading has taken its first chunk. */
  constructor(
    private readonly reading: Reading,
    private readonly outbox: Outbox,
  ) {
    this.taken = [outbox.chunk];
  }

  /** The chunk after those that a loop has read; undefined after the last. */
  chunkAt(place: number): number | undefined {
    if (place === this.taken.length && this.reading.take()) this.taken.push(this.outbox.chunk);
    return this.taken[place];
  }

  [Symbol.iterator](): Iterator<Given> {
    this.isRead = true;
    return patientsOf(this.reading, (place) => this.chunkAt(place));
  }
}

/** The patients of one chunk. Each loop reads all of them. */
export class ChunkPatients implements Iterable<Given> {
  constructor(
    private readonly reading: Reading,
    private readonly chunk: number,
  ) {}

  [Symbol.iterator](): Iterator<Given> {
    return patientsOf(this.reading, (place) => (place === 0 ? this.chunk : undefined));
  }
}

/**
 * The patients of one chunk after another, with their labels where the pass has some. A generator, because V8
 * does not inline it: what it would inline here, it could not inline in the function's loop over events.
 */
function* patientsOf(reading: Reading, chunkAt: (place: number) => number | undefined): Generator<Given, undefined> {
  const { labels } = reading;
  for (let taken = 0; ; taken += 1) {
    const chunk = chunkAt(taken);
    if (chunk === undefined) return;
    const [begin, end] = reading.enter(chunk);
    for (let place = begin; place < end; place += 1) {
      const patient = reading.at(place);
      yield labels === null ? patient : [patient, labels.at(place)];
    }
  }
}
