import type { Store } from "../store/store.js";
import type { JsonValue } from "../store/values/json.js";
import type { AnySchema } from "./schema.js";
import { Timeline } from "./timeline.js";

/**
 * One patient: the whole timeline, with split, birth and death.
 *
 * @example
 * ```ts
 * import { PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const patient = db.at(0)!;
 * console.log(patient.subjectId, patient.split, patient.length, patient.birthTime);
 * console.log(patient.at(-1)?.code);
 * db.close();
 * ```
 */
export class Patient<S extends object = AnySchema> extends Timeline<S> {
  /** The patient's split in subject_splits.parquet (`train`, `tuning`, `held_out`, …), or null. */
  get split(): string | null {
    return this._shard.store.split(this._index);
  }

  /**
   * Time of the first timed row with a birth code, in microseconds since 1970-01-01; null where there is
   * none. Birth codes are `MEDS_BIRTH`, `SNOMED/184099003` and `SNOMED/3950001`, alone or followed by `//…`.
   * Each call searches the rows: keep the result.
   */
  get birthTime(): number | null {
    return this._firstTimeOf(this._shard.store.birthCodes);
  }

  /**
   * Time of the first timed row with a death code (`MEDS_DEATH`, `SNOMED/419620001`), as
   * {@link Patient.birthTime}.
   */
  get deathTime(): number | null {
    return this._firstTimeOf(this._shard.store.deathCodes);
  }

  /** As {@link Timeline.toJSON}, with the split. */
  override toJSON(): { readonly [name: string]: JsonValue } {
    const { subjectId, events } = super.toJSON();
    return { subjectId: subjectId!, split: this.split, events: events! };
  }

  /** @internal All of the patient is known. */
  override _asOf(): bigint | null {
    return null;
  }

  private _firstTimeOf(ranges: readonly number[]): number | null {
    this._shard.check();
    const ids = this._shard.codeIds;
    // A patient is one run of rows. A static row has no time of birth.
    const end = this._begin + this.length;
    for (let row = this._begin + this.staticCount; row < end && ranges.length > 0; row += 1) {
      const id = ids[row]!;
      for (let at = 0; at < ranges.length; at += 2) if (id >= ranges[at]! && id < ranges[at + 1]!) return this.timeAt(row - this._begin);
    }
    return null;
  }
}

/** The patient in a row of patients.arrow. */
export function patientOf<S extends object>(store: Store, index: number): Patient<S> {
  const shard = store.shard(store.shardOf[index]!);
  const row = store.rowOf[index]!;
  const begin = shard.offsets[row]!;
  return new Patient<S>(shard, row, index, begin, shard.offsets[row + 1]! - begin, store.staticOf[index]!, 0, null);
}
