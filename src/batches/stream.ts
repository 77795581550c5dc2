// Batches as an Arrow IPC stream, for trainers in other languages: one record batch per batch, one row per
// sample, fixed-size lists for the positions.
import type { RecordBatch, Schema } from "apache-arrow";
import { expected } from "../support/arguments.js";
import { lazy } from "../support/lazy.js";
import { targetOf, type WritableLike, writePieces } from "../support/writable.js";
import { apache } from "../timeline/arrow.js";
import type { Batch } from "./batch.js";
import type { BatchField } from "./fields/fields.js";
import { CANCELLED, Loader } from "./loader.js";

const records = lazy(() => import("./record.js"));

/**
 * Writes the batches of a loader as Arrow IPC to a stream or to a file. A file is complete or does not exist.
 * `pyarrow.ipc.open_stream` reads it. Each batch becomes a record batch with one row per sample: the
 * requested fields as fixed-size lists (`padTo: "max"` makes them equally long in all batches), static rows
 * as lists, labels with their nulls, subject_id, prediction_time, sample, weight and length. `time` is null
 * at PAD and at static rows without a time. Without samples the stream contains a schema and no batch.
 * Requires the package apache-arrow. Returns the number of batches and samples.
 *
 * The signal of the loader also ends it where the reader of the stream takes nothing.
 *
 * @throws MedsError `MEDS_CANCELLED`; `MEDS_MISSING_PACKAGE`; `MEDS_IO` for a file that cannot be written, or a stream that is closed;
 * `MEDS_INVALID_ARGUMENT` for batches that are not padded, or that differ in width.
 * @example
 * ```ts
 * import { loader, PatientDatabase, samples, writeBatches } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const list = samples(db, { split: "train" }, { maxLength: 64 });
 * await writeBatches(loader(list, { batchSize: 8, padTo: "max" }), "batches.arrows");
 * db.close();
 * ```
 */
export async function writeBatches<F extends BatchField>(
  loader: Loader<F>,
  out: WritableLike | string,
): Promise<{ batches: number; samples: number }> {
  if (!(loader instanceof Loader)) expected("loader", loader, "the result of loader(…)");
  const target = targetOf("out", out);
  const [arrow, { recordOf }] = await Promise.all([apache("An Arrow stream"), records()]);
  const count = { batches: 0, samples: 0 };
  async function* messages(): AsyncGenerator<Uint8Array> {
    let schema: Schema | undefined;
    const record = (batch: Batch<F>) =>
      recordOf(arrow, batch as unknown as Batch<BatchField>, loader as unknown as Loader<BatchField>, schema);
    // A complete stream of one batch: the schema, the batch, the end.
    const streamOf = (one: RecordBatch) => arrow.RecordBatchStreamWriter.writeAll([one]).toUint8Array(true);
    for await (const batch of loader) {
      const own = record(batch);
      const bytes = streamOf(own);
      yield bytes.subarray(schema === undefined ? 0 : schemaLength(bytes), bytes.length - END.length);
      schema ??= own.schema;
      count.batches += 1;
      count.samples += batch.sample.length;
    }
    if (schema === undefined) {
      const bytes = streamOf(record(loader._none()));
      yield bytes.subarray(0, schemaLength(bytes));
    }
    yield END;
  }
  await writePieces(messages(), target, loader._signal, CANCELLED);
  return count;
}

/** The end of a stream: a message of length 0. */
const END = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

/** Number of bytes of the first message, the schema, which does not have a body. */
function schemaLength(bytes: Uint8Array): number {
  return 8 + new DataView(bytes.buffer, bytes.byteOffset).getInt32(4, true);
}
