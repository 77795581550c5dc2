import { createWriteStream } from "node:fs";
import { extname } from "node:path";
import type { Writable } from "node:stream";
import type { AbortSignalLike, Question } from "../store/native.js";
import { conflict, expected, namesIn, oneOf, optionsOf, pathOf, signalIn } from "../support/arguments.js";
import { writtenAside } from "../support/atomic.js";
import { MedsError } from "../support/errors.js";
import { isWithin } from "../support/io.js";
import { node } from "../support/node.js";
import type { WritableLike } from "../support/writable.js";
import { type Members, slotsOf } from "./members.js";
import { questionOf } from "./query.js";
import { ROW_OPTIONS, type RowOptions, rowPlan } from "./select.js";

/** The format of a file of rows. */
export type RowFormat = "parquet" | "csv" | "arrow";

/** Options of {@link Cohort.writeRows}. */
export interface WriteRowsOptions<N extends string = string> extends RowOptions<N> {
  /** The format. Default: by the end of the path, `.parquet`, `.csv` or `.arrow`; `csv` for a stream. */
  readonly format?: RowFormat | undefined;
}

const FORMATS = ["parquet", "csv", "arrow"] as const;
const OPTIONS = [...ROW_OPTIONS, "format"];

/**
 * Rows that are in memory at a time: few at first, so that a reader has some early. A patient or window is
 * never divided.
 */
const FIRST = 1 << 16;
const PIECE = 1 << 20;

/** Writes rows to a file or stream. Returns their number. */
export async function writeRows(
  cohort: Members,
  to: string | WritableLike,
  options: WriteRowsOptions | undefined,
): Promise<{ rows: number }> {
  const store = cohort._store;
  store.check();
  const given = optionsOf(options) ?? {};
  namesIn("writeRows", given, OPTIONS);
  const isPath = typeof to === "string";
  if (!isPath && !["write", "on"].every((name) => typeof (to as unknown as Record<string, unknown> | null)?.[name] === "function"))
    expected("to", to, "the path of a file, or a writable stream");
  if (isPath && isWithin(pathOf("to", to), store.path))
    conflict(`${to}: this path is in the store, which is never modified. Choose another path.`);
  const format = formatOf(isPath ? to : undefined, given.format);
  signalIn("signal", given.signal);
  const plan = rowPlan(store, given);
  const pieces = piecesOf(cohort, questionOf(cohort, given, plan.codes));
  const count = { rows: 0 };
  async function* bytes(): AsyncGenerator<Uint8Array> {
    const table = store.native.rowTable(format);
    for (const { question, window } of pieces) {
      store.check();
      const found = await table.add(question, plan.columns, window, plan.limit - count.rows, given.signal);
      count.rows += found.rows;
      if (found.bytes.length > 0) yield found.bytes;
      if (count.rows >= plan.limit) break;
    }
    const rest = table.finish();
    if (rest.length > 0) yield rest;
  }
  const into = (stream: Writable, end: boolean) => piped(node.streams.Readable.from(bytes()), stream, end, given.signal);
  if (isPath) await writtenAside(to, (part, durable) => into(createWriteStream(part, { flush: durable }), true));
  // stdout stays open: a process has only one.
  else await into(to as Writable, (to as unknown) !== process.stdout);
  return count;
}

/** Writes bytes to a stream. A signal also ends it where the reader of the stream takes nothing. */
async function piped(from: NodeJS.ReadableStream, to: Writable, end: boolean, signal: AbortSignalLike | undefined): Promise<void> {
  const own = new AbortController();
  const stop = () => own.abort();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    await node.streams.promises.pipeline(from, to, { end, signal: own.signal });
  } catch (error) {
    if (own.signal.aborted) throw new MedsError("MEDS_CANCELLED", "The work (rows) was cancelled.", { cause: signal?.reason });
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

function formatOf(path: string | undefined, format: RowFormat | undefined): RowFormat {
  if (format !== undefined) return oneOf("format", format, FORMATS);
  const end = path === undefined ? "csv" : extname(path).slice(1).toLowerCase();
  if (FORMATS.includes(end as RowFormat)) return end as RowFormat;
  return conflict(`${path}: the path does not say the format. End it with .parquet, .csv or .arrow, or set \`format\`.`);
}

interface Piece {
  readonly question: Question;
  /** The number of its first window. */
  readonly window: number;
}

/** A query as several, each of about equally many rows, in order. There is at least one. */
function* piecesOf(cohort: Members, question: Question): Generator<Piece> {
  const { subjects, last } = question;
  const store = cohort._store;
  const slots = subjects === null ? slotsOf(cohort) : null;
  const count = subjects?.length ?? slots!.length;
  const rowsOf = (i: number): number => {
    if (slots !== null) return store.eventsOf[store.indexOf[slots[i]!]!]!;
    const index = store.find(subjects![i]!);
    return index < 0 ? 0 : Math.min(store.eventsOf[index]!, last ?? Number.MAX_SAFE_INTEGER);
  };
  let [begin, most] = [0, FIRST];
  do {
    let [end, rows] = [begin, 0];
    while (end < count && rows < most) {
      rows += rowsOf(end);
      end += 1;
    }
    yield { question: partOf(question, slots, begin, end), window: begin };
    [begin, most] = [end, PIECE];
  } while (begin < count);
}

/** The groups from `begin` to `end` of a query. */
function partOf(question: Question, slots: Uint32Array | null, begin: number, end: number): Question {
  if (slots !== null) return { ...question, slots: slots.subarray(begin, end) };
  const part = <A extends BigInt64Array | Uint8Array>(array: A | null | undefined) => (array?.subarray(begin, end) ?? null) as A | null;
  const { subjects, start, end: ends, absent } = question;
  return { ...question, subjects: part(subjects), start: part(start), end: part(ends), absent: part(absent) };
}
