import { extname } from "node:path";
import type { Question } from "../store/native.js";
import { conflict, namesIn, oneOf, optionsOf, signalIn } from "../support/arguments.js";
import { isWithin } from "../support/io.js";
import { targetOf, type WritableLike, writePieces } from "../support/writable.js";
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
  const target = targetOf("to", to);
  const path = typeof target === "string" ? target : undefined;
  if (path !== undefined && isWithin(path, store.path))
    conflict(`${path}: this path is in the store, which is never modified. Choose another path.`);
  const format = formatOf(path, given.format);
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
  await writePieces(bytes(), target, given.signal, "The work (rows) was cancelled.");
  return count;
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
