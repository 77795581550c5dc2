// hyparquet over the Parquet files. Its own filter reads every row of a row group; to know each patient's range of rows, read once at opening, and
// to read that range alone is several times faster, so that is what is measured.
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { countsDigest, yearsDigest } from "../lib/digest.mjs";
import { perPatient, versionOf } from "../lib/loader.mjs";

// Microseconds as they are in the file: a Date would cut them, and cost more.
const parsers = { timestampFromMicroseconds: (micros) => micros };

export default {
  title: "hyparquet",
  version: versionOf("hyparquet"),
  reads: "Parquet",
  threads: 1,
  async open({ files: paths }) {
    const files = [];
    const ranges = new Map(); // subject_id to [{ file, rowStart, rowEnd }]
    for (const path of paths) {
      const buffer = await asyncBufferFromFile(path);
      const file = { file: buffer, metadata: await parquetMetadataAsync(buffer), compressors, parsers };
      files.push(file);
      await indexed(file, ranges);
    }
    return { files, ranges };
  },
  workloads({ files, ranges }, plan) {
    /** A patient's rows in order. */
    const rowsOf = async (id, columns) => {
      const parts = [];
      for (const { file, ...range } of ranges.get(id)) parts.push(await parquetReadObjects({ ...file, ...range, columns }));
      return parts.length === 1 ? parts[0] : parts.flat();
    };
    const three = ["time", "code", "numeric_value"];
    const read = (row, bound, sum) => {
      sum.rows += 1;
      if (row.time != null && row.time <= bound) sum.before += 1;
      sum.chars += row.code.length;
      if (row.numeric_value != null) sum.total += row.numeric_value;
    };
    const timeline = async ([id, bound], sum) => {
      for (const row of await rowsOf(id, three)) read(row, bound, sum);
    };
    const window = async ([id, bound], last, sum) => {
      const known = (await rowsOf(id, three)).filter(({ time }) => time == null || time <= bound);
      for (const { code, numeric_value: value } of known.slice(-last)) {
        sum.rows += 1;
        sum.chars += code.length;
        if (value != null) sum.total += value;
      }
    };
    const columns = async (id, sum) => {
      for (const row of await rowsOf(id)) {
        sum.rows += 1;
        for (const { name, kind } of plan.schema) {
          const value = row[name];
          if (value == null) continue;
          if (kind === "text") sum.chars += value.length;
          else if (kind === "float") sum.total += value;
          else sum.before += 1;
        }
      }
    };
    const withCode = async ([code, ids], sum) => {
      for (const id of ids) {
        for (const row of await rowsOf(id, ["code", "numeric_value"])) {
          if (row.code !== code) continue;
          sum.rows += 1;
          if (row.numeric_value != null) sum.total += row.numeric_value;
        }
      }
    };
    /** Every row, a row group at a time. */
    const everything = async (columns, visit) => {
      for (const file of files) {
        let rowStart = 0;
        for (const group of file.metadata.row_groups) {
          const rowEnd = rowStart + Number(group.num_rows);
          for (const row of await parquetReadObjects({ ...file, columns, rowStart, rowEnd })) visit(row);
          rowStart = rowEnd;
        }
      }
    };
    const lastCode = async (id) => (await rowsOf(id, ["code"])).at(-1).code;
    return {
      ...perPatient(plan, { timeline, window, columns, lastCode, code: withCode }),
      async scan() {
        const sum = { rows: 0, before: 0, chars: 0, total: 0 };
        const bound = BigInt(plan.scan);
        await everything(three, (row) => read(row, bound, sum));
        return sum;
      },
      async counts() {
        const counts = new Map();
        await everything(["code"], ({ code }) => counts.set(code, (counts.get(code) ?? 0) + 1));
        return () => countsDigest(counts);
      },
      async years() {
        const counts = new Map();
        await everything(["subject_id", "time"], ({ subject_id: id, time }) => {
          if (time == null) return;
          const year = new Date(Number(time) / 1000).getUTCFullYear();
          const years = counts.get(id) ?? new Map();
          if (years.size === 0) counts.set(id, years);
          years.set(year, (years.get(year) ?? 0) + 1);
        });
        return () => yearsDigest([...counts].flatMap(([id, years]) => [...years].map(([year, count]) => [id, year, count])));
      },
    };
  },
};

/** Adds a file's runs of equal subject ids, a row group at a time. */
async function indexed(file, ranges) {
  let rowStart = 0;
  let last; // the run that the next row may belong to
  for (const group of file.metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const onChunk = ({ columnData, rowStart: begin }) => {
      for (let i = 0; i < columnData.length; i += 1) {
        const row = begin + i;
        if (row < rowStart || row >= rowEnd) continue; // a chunk may contain more rows than requested
        const id = BigInt(columnData[i]);
        if (last?.id !== id) {
          last = { id, range: { file, rowStart: row, rowEnd: row } };
          ranges.set(id, [...(ranges.get(id) ?? []), last.range]);
        }
        last.range.rowEnd = row + 1;
      }
    };
    await parquetRead({ ...file, columns: ["subject_id"], rowStart, rowEnd, onChunk });
    rowStart = rowEnd;
  }
}
