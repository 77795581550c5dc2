// Batches as an Arrow IPC stream, for trainers in other languages: one record batch per batch, one row per
// sample, fixed-size lists for the positions.
import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import type { RecordBatch, Schema } from "apache-arrow";
import { expected } from "../support/arguments.js";
import { writtenAside } from "../support/atomic.js";
import { lazy } from "../support/lazy.js";
import { node } from "../support/node.js";
import type { WritableLike } from "../support/writable.js";
import { apache } from "../timeline/arrow.js";
import type { Batch } from "./batch.js";
import type { BatchField } from "./fields/fields.js";
import { Loader } from "./loader.js";

const records = lazy(() => import("./record.js"));

/**
 * Writes the batches of a loader as Arrow IPC to a stream or to a file. A file is complete or does not exist.
 * `pyarrow.ipc.open_stream` reads it. Each batch becomes a record batch with one row per sample: the
 * requested fields as fixed-size lists (`padTo: "max"` makes them equally long in all batches), static rows
 * as lists, labels with their nulls, subject_id, prediction_time, sample, weight and length. `time` is null
 * at PAD and at static rows without a time. Without samples the stream contains a schema and no batch.
 * Requires the package apache-arrow. Returns the number of batches and samples.
 *
 * @throws MedsError `MEDS_MISSING_PACKAGE`; `MEDS_IO` for a file that cannot be written;
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
  const isPath = typeof out === "string" && out !== "" && !out.includes("\0");
  if (!isPath && typeof (out as WritableLike | undefined)?.write !== "function")
    expected("out", out, "a writable stream or the path of a file");
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
  const into = (to: Writable, end = true) => node.streams.promises.pipeline(node.streams.Readable.from(messages()), to, { end });
  if (isPath) await writtenAside(out, (part, durable) => into(createWriteStream(part, { flush: durable })));
  // stdout stays open: a process has only one.
  else await into(out as Writable, (out as unknown) !== process.stdout);
  return count;
}

/** The end of a stream: a message of length 0. */
const END = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

/** Number of bytes of the first message, the schema, which does not have a body. */
function schemaLength(bytes: Uint8Array): number {
  return 8 + new DataView(bytes.buffer, bytes.byteOffset).getInt32(4, true);
}
