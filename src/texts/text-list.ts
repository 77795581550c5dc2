// Which texts are written, and how one of them is. Worker threads make the same list from plain data.
import { NO_CUTOFF } from "../samples/cutoff.js";
import { Samples } from "../samples/samples.js";
import { Store } from "../store/store.js";
import type { Int64 } from "../store/values/vector.js";
import { fail } from "../support/errors.js";
import type { Asked } from "../text/chat.js";
import type { TextRows } from "../text/known.js";
import type { TextPlan } from "../text/options.js";
import type { TextFacts, WrittenText } from "../text/text.js";
import { TextWriter } from "../text/writer.js";
import { patientOf } from "../timeline/patient.js";
import type { Timeline } from "../timeline/timeline.js";

/** The patients of a list, each as known at its cut-off, or whole. */
export interface TextList {
  readonly store: Store;
  readonly plan: TextPlan;
  /** Null for whole patients. */
  readonly samples: Samples | null;
  /** By text, the row in patients.arrow. */
  readonly index: Uint32Array;
  /** By label, its instruction; null for others. */
  readonly instructions: readonly Asked[] | null;
}

/** The data that a worker receives once, when it starts. */
export interface TextSetting {
  readonly path: string;
  /** Content id of the store: the path may contain another store by now. */
  readonly id: string;
  readonly int64: Int64;
  readonly plan: TextPlan;
  readonly samples: ReturnType<Samples["_plain"]> | null;
  readonly index: Uint32Array;
  readonly instructions: readonly Asked[] | null;
}

/** Texts [from, to) of a list. */
export interface TextJob {
  readonly from: number;
  readonly to: number;
  /** Memory for the bytes, which is used if it is large enough. */
  readonly memory?: ArrayBuffer;
  /** Set if each text becomes a file. */
  readonly files?: TextFiles;
}

/** Where the texts of a job are written. */
export interface TextFiles {
  readonly folder: string;
  readonly names: readonly string[];
  /** The path that errors name. */
  readonly path: string;
}

/** Texts of a job: the bytes of all of them, which are none if they became files, and where each ends. */
export interface WrittenTexts {
  readonly bytes: Uint8Array;
  readonly ends: Float64Array;
  readonly facts: readonly TextFacts[];
}

export function settingOf({ store, plan, samples, index, instructions }: TextList): TextSetting {
  return { path: store.path, id: store.manifest.id, int64: store.int64, plan, samples: samples?._plain() ?? null, index, instructions };
}

/** The list in a worker. */
export function listOf({ path, id, int64, plan, samples, index, instructions }: TextSetting): TextList {
  const store = new Store(path, false, int64);
  if (store.manifest.id !== id)
    fail("MEDS_STORE_REPLACED", `${path}: the store was replaced after it was opened. Open it again, then write the texts again.`, path);
  return { store, plan, samples: samples === null ? null : Samples._revived(store, samples), index, instructions };
}

/** Returns a function that writes a text of the list. */
export function writerOf({ store, plan, samples, index, instructions }: TextList): (text: number) => WrittenText {
  const writer = new TextWriter(store, plan);
  if (samples === null) return (text) => writer.write(patientOf(store, index[text]!), { time: null, inclusive: true }, null);
  const { inclusive } = samples._plan;
  return (text) => {
    const time = samples._cutoff[text]!;
    const { static: statics, timeline, label } = samples.at(text)!;
    const cutoff = { time: time === NO_CUTOFF ? null : time, inclusive };
    return writer.write(joined(statics, timeline), cutoff, label, instructions?.[samples._label[text]!]);
  };
}

/** The static rows of a sample and the rows of its window, both of which are lists. */
function joined(statics: Timeline, line: Timeline): TextRows {
  const rows = new Uint32Array(statics.length + line.length);
  rows.set(statics._rows!);
  rows.set(line._rows!, statics.length);
  const { subjectId, _shard, _patient } = line;
  return { subjectId, length: rows.length, staticCount: statics.length, _shard, _patient, _begin: 0, _gap: 0, _rows: rows };
}
