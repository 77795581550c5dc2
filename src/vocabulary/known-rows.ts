import { Cohort } from "../database/cohort.js";
import { NO_CUTOFF } from "../samples/cutoff.js";
import { Samples } from "../samples/samples.js";
import { Window } from "../samples/window.js";
import type { Shard } from "../store/shard.js";
import type { Store } from "../store/store.js";
import { expected } from "../support/arguments.js";
import { fail } from "../support/errors.js";

/**
 * The known rows of one patient: [begin, begin + count) of the shard, or `list[0]` to `list[count - 1]`. One
 * object serves all patients in turn.
 */
export interface PatientRows {
  /** Row of the patient in patients.arrow, and in the shard. */
  readonly index: number;
  readonly patient: number;
  readonly shard: Shard;
  readonly begin: number;
  readonly count: number;
  readonly list: Uint32Array | null;
}

/** Patients' rows, one patient after another. */
export interface KnownRows {
  readonly store: Store;
  readonly of: "patients" | "samples";
  /** Null if the patients are not from a named split. */
  readonly split: string | null;
  /**
   * In order of subject id, so that the result of fitting does not depend on the order of patients in files.
   */
  forEach(visit: (rows: PatientRows) => void): void;
}

/**
 * All rows of patients. For samples: the rows that their windows are taken from, known at a cut-off of the
 * subject. Each row counts once, for any length and number of windows.
 */
export function knownRows(source: unknown): KnownRows {
  if (source instanceof Cohort) return ofPatients(source);
  if (source instanceof Samples) return ofSamples(source);
  return expected("source", source, 'a cohort such as db.split("train"), or samples');
}

/** Known rows of a named split. Without one, fitting would include the patients of the test. */
export function fittedRows(source: unknown, what: string): KnownRows & { readonly split: string } {
  const known = knownRows(source);
  const { split } = known;
  if (split !== null) return { ...known, split };
  const remedy =
    known.of === "patients"
      ? 'Use a named split, such as db.split("train"), or a subset of one.'
      : 'Make the samples from a named split: samples(db, labels, { split: "train", … }).';
  return fail(
    "MEDS_NO_SPLIT",
    `${what} cannot be fitted on these ${known.of}: they are not from a named split, so data of held-out patients would leak into training. ${remedy}`,
    known.store.path,
  );
}

function ofPatients(cohort: Cohort): KnownRows {
  const store = cohort._store;
  store.check();
  return {
    store,
    of: "patients",
    split: cohort._split,
    forEach(visit) {
      store.check();
      const indexes = Uint32Array.from(cohort.slots, (slot) => store.indexOf[slot]!).sort();
      const scan = store.scan(cohort._slots);
      try {
        for (const index of indexes) visit(wholeOf(store, index));
      } finally {
        scan.end();
      }
    },
  };
}

/** All rows of a patient. */
export function wholeOf(store: Store, index: number): PatientRows {
  const shard = store.shard(store.shardOf[index]!);
  const patient = store.rowOf[index]!;
  const begin = shard.offsets[patient]!;
  return { index, patient, shard, begin, count: shard.offsets[patient + 1]! - begin, list: null };
}

function ofSamples(samples: Samples): KnownRows {
  const { _store: store, _plan: plan, _index: index, _cutoff: cutoff } = samples;
  store.check();
  const takesAll = plan.keepsAll && plan.statics !== "omit" && plan.gapCount === 0 && plan.lookBackCount === Number.POSITIVE_INFINITY;
  return {
    store,
    of: "samples",
    split: samples._split,
    forEach(visit) {
      store.check();
      const order = Uint32Array.from({ length: samples.size }, (_, i) => i).sort((a, b) => index[a]! - index[b]! || a - b);
      const scan = store.native.scan(samples._residence(null).dense);
      try {
        const window = new Window(store, plan);
        let marks = new Uint8Array(1024);
        for (let from = 0; from < order.length; ) {
          const patient = index[order[from]!]!;
          let to = from + 1;
          while (to < order.length && index[order[to]!] === patient) to += 1;
          const whole = wholeOf(store, patient);
          const cutoffs = new Set(Array.from(order.subarray(from, to), (sample) => cutoff[sample]!));
          from = to;
          if (takesAll && cutoffs.has(NO_CUTOFF)) {
            visit(whole);
            continue;
          }
          if (marks.length < whole.count) marks = new Uint8Array(2 * whole.count);
          else marks.fill(0, 0, whole.count);
          let count = 0;
          for (const bound of cutoffs) {
            window.forKnown(patient, bound, (row) => {
              if (marks[row - whole.begin] === 1) return;
              marks[row - whole.begin] = 1;
              count += 1;
            });
          }
          const list = new Uint32Array(count);
          for (let i = 0, at = 0; at < count; i += 1) {
            if (marks[i] !== 1) continue;
            list[at] = whole.begin + i;
            at += 1;
          }
          visit({ ...whole, begin: 0, count, list });
        }
      } finally {
        scan.end();
      }
    },
  };
}
