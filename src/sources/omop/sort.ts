// The unsorted events of all tables, and how they are sorted into the dataset.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type Duck, escaped, literal, parquetLike } from "./duck.js";

/** The folders of an import, and its memory. */
export interface Room {
  readonly staged: string;
  readonly dataset: string;
  /** Bytes that DuckDB may use. */
  readonly bytes: number;
}

/** A pattern for the files of unsorted events. */
const stagedOf = ({ staged }: Room): string => join(escaped(staged), "*.parquet");

/** SQL of the unsorted events. */
export const eventsOf = (room: Room): string => parquetLike([stagedOf(room)]);

/**
 * Writes the events in the order of meds_etl: by subject, time and code. Events that are equal in these are
 * ordered by their other values, so that equal sources produce equal bytes.
 */
export async function sortEvents(duck: Duck, room: Room, columns: readonly string[]): Promise<void> {
  await duck.run("SET preserve_insertion_order = true");
  const names = columns.map((name) => `"${name}"`).join(", ");
  const spans = await spansOf(duck, room);
  if (spans.length > 1) await duck.run("SET threads = 1");
  for (const [i, span] of spans.entries()) {
    const out = literal(join(room.dataset, "data", `${String(i).padStart(5, "0")}.parquet`));
    await duck.run(
      `COPY (SELECT subject_id, time, code, ${names} FROM ${eventsOf(room)} WHERE code IS NOT NULL AND ${span}
         ORDER BY subject_id, time NULLS FIRST, code, hash(${names})) TO ${out} (FORMAT parquet, ROW_GROUP_SIZE ${spans.length > 1 ? 8192 : 61440})`,
    );
  }
  rmSync(room.staged, { recursive: true });
}

/**
 * SQL of ranges of subjects that are sorted one after the other. There is one range unless there is much
 * text: DuckDB spills what it sorts, but holds 2,048 rows of every run that it merges, on every thread, and
 * rows of notes are large. Each range requires a pass over the events.
 */
async function spansOf(duck: Duck, room: Room): Promise<string[]> {
  const most = Math.floor(room.bytes / 4);
  const [all] = await duck.rows<{ bytes: bigint | null }>(
    `SELECT CAST(sum(total_uncompressed_size) AS BIGINT) AS bytes FROM parquet_metadata(${literal(stagedOf(room))})
     WHERE path_in_schema = 'text_value'`,
  );
  if ((all?.bytes ?? 0n) <= most) return ["true"];
  const ends = await duck.rows<{ last: bigint }>(
    `SELECT max(subject_id) AS last FROM (
       SELECT subject_id, floor(sum(bytes) OVER (ORDER BY subject_id) / ${most}) AS span
       FROM (SELECT subject_id, coalesce(sum(strlen(text_value)), 0) AS bytes FROM ${eventsOf(room)} WHERE code IS NOT NULL GROUP BY subject_id)
     ) GROUP BY span ORDER BY last`,
  );
  const id = (value: bigint) => `CAST('${value}' AS BIGINT)`;
  return ends.map(({ last }, i) =>
    i === 0 ? `subject_id <= ${id(last)}` : `subject_id > ${id(ends[i - 1]!.last)} AND subject_id <= ${id(last)}`,
  );
}
