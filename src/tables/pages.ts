// The headers of a Parquet file's pages. The library that reads the pages trusts them, and a damaged one makes it loop without end.
import type { AsyncBuffer, ColumnMetaData, FileMetaData } from "hyparquet";

/** Throws where a page of the columns is not as the file's footer says: sizes and numbers of values that do not fit. */
export async function checkPages(file: AsyncBuffer, { row_groups: groups }: FileMetaData, columns: readonly string[]): Promise<void> {
  for (const { columns: chunks, num_rows: rows } of groups) {
    // Writers state places of pages that they did not write.
    if (rows === 0n) continue;
    for (const { meta_data: chunk } of chunks) {
      if (chunk === undefined || !columns.includes(chunk.path_in_schema[0]!)) continue;
      must(chunk.path_in_schema.length > 1 || chunk.num_values === rows, "a column has more or fewer values than rows");
      await checkChunk(file, chunk);
    }
  }
}

async function checkChunk(file: AsyncBuffer, chunk: ColumnMetaData): Promise<void> {
  const { parquetHeader } = await import("hyparquet/src/column.js");
  const size = Number(chunk.total_compressed_size);
  const first = Number(chunk.dictionary_page_offset || chunk.data_page_offset);
  must(size >= 0 && first >= 4 && first + size <= file.byteLength, "a column lies outside the file");
  const view = new DataView(await file.slice(first, first + size));
  let [offset, values] = [0, 0];
  while (values < chunk.num_values) {
    must(offset < size, "a column ends before its last value");
    const reader = { view, offset };
    const header = parquetHeader(reader);
    const { data_page_header: v1, data_page_header_v2: v2, dictionary_page_header: dictionary } = header;
    const [packed, whole] = [header.compressed_page_size, header.uncompressed_page_size];
    must(within(packed, size - reader.offset) && within(whole, Number(chunk.total_uncompressed_size)), "a page lies outside its column");
    const left = Number(chunk.num_values) - values;
    if (header.type === "DATA_PAGE") values += within(v1?.num_values, left) ? v1!.num_values : failPage();
    else if (header.type === "DATA_PAGE_V2") {
      must(
        v2 !== undefined && within(v2.num_values, left) && within(v2.num_nulls, v2.num_values) && within(v2.num_rows, v2.num_values),
        COUNTS,
      );
      const levels = [v2!.definition_levels_byte_length, v2!.repetition_levels_byte_length];
      must(levels.every((bytes) => within(bytes, packed)) && levels[0]! + levels[1]! <= packed, "a page's levels lie outside it");
      values += v2!.num_values;
    } else if (header.type === "DICTIONARY_PAGE") {
      // A value of a dictionary has a byte at least.
      must(within(dictionary?.num_values, whole), COUNTS);
    }
    offset = reader.offset + packed;
  }
}

const COUNTS = "a page has more values than it can";

function within(value: number | undefined, most: number): value is number {
  return Number.isInteger(value) && value! >= 0 && value! <= most;
}

function must(holds: boolean, wrong: string): void {
  if (!holds) throw new Error(wrong);
}

function failPage(): never {
  throw new Error(COUNTS);
}
