// Random MEDS datasets: patients in several files, each file by one writer, with its own columns and types.
import fc from "fast-check";
import type { FileColumn, TableFile } from "./dataset.js";
import { simple } from "./dataset.js";
import { type ExpectedPatient, type ExpectedRow, storageOrder } from "./expect.js";
import { type Family, type FileType, families, float32, micros, type Raw, text, type Writer } from "./families.js";
import { python } from "./python.js";

/** The files of a dataset, and what a reader must find in their store. */
export interface RandomDataset {
  readonly files: readonly TableFile[];
  readonly splits: ReadonlyMap<bigint, string>;
  readonly expected: readonly ExpectedPatient[];
  /** Bytes per shard: small enough for several shards. */
  readonly shardBytes: number;
  readonly threads: number;
}

const writers: readonly Writer[] = python === null ? ["duckdb", "hyparquet"] : ["duckdb", "hyparquet", "pyarrow"];

const subject: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: 1n, max: 1000n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(0n, -1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n),
);

const MEDS: Record<"subject_id" | "time" | "code" | "numeric_value", readonly FileType[]> = (() => {
  const of = (name: string) => families.find((family) => family.name === name)!.types;
  const time = of("instant").filter(({ writer }) => writer !== "hyparquet");
  const seconds = of("timestamp").filter(({ type }) => type === "TIMESTAMP" || type === "pa.timestamp('us')");
  // `timestamp` counts seconds; here the raw values are microseconds.
  const exact = seconds.map((type) =>
    type.writer === "duckdb" ? { ...time[0]!, type: "TIMESTAMP" } : { ...type, encode: (raw: Raw) => raw },
  );
  return {
    subject_id: of("int64"),
    time: [...exact, ...time, simple.time],
    code: of("text"),
    numeric_value: of("float32"),
  };
})();

/** Values of one column: mostly null, or never null; few distinct values, or all different. */
function columnValues(family: Family, count: number): fc.Arbitrary<(Raw | null)[]> {
  const few = fc.array(family.raw, { minLength: 1, maxLength: 4 }).chain((pool) => fc.constantFrom(...pool));
  return fc
    .record({ nulls: fc.constantFrom(0, 0.3, 0.9, 1), source: fc.boolean().map((repeat) => (repeat ? few : family.raw)) })
    .chain(({ nulls, source }) =>
      fc.array(
        nulls === 0
          ? source
          : fc.oneof({ weight: 10 * nulls, arbitrary: fc.constant(null) }, { weight: 10 - 10 * nulls || 0, arbitrary: source }),
        { minLength: count, maxLength: count },
      ),
    );
}

interface Shape {
  readonly ids: readonly bigint[];
  readonly lengths: readonly number[];
  readonly fileOf: readonly number[];
  readonly writers: readonly Writer[];
  readonly names: readonly Family[];
}

const shape: fc.Arbitrary<Shape> = fc.uniqueArray(subject, { minLength: 1, maxLength: 9 }).chain((ids) =>
  fc.record({
    ids: fc.constant(ids),
    lengths: fc.array(fc.integer({ min: 1, max: 25 }), { minLength: ids.length, maxLength: ids.length }),
    fileOf: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: ids.length, maxLength: ids.length }),
    writers: fc.array(fc.constantFrom(...writers), { minLength: 3, maxLength: 3 }),
    names: fc.shuffledSubarray([...families], { minLength: 0, maxLength: 6 }),
  }),
);

const few = (count: number) => ({ minLength: count, maxLength: count });

/** Random datasets. */
export const dataset: fc.Arbitrary<RandomDataset> = shape.chain((shape) => {
  const total = shape.lengths.reduce((sum, length) => sum + length, 0);
  return fc
    .record({
      times: fc.array(fc.option(micros, { freq: 5 }), few(total)),
      statics: fc.constantFrom("first", "last", "between"),
      codes: fc.array(fc.oneof(text, fc.constantFrom("A", "A//B", "A//C", "MEDS_BIRTH")), few(total)),
      values: fc.array(fc.option(float32, { freq: 2 }), few(total)),
      hasValues: fc.boolean(),
      extra: fc.tuple(...shape.names.map((family) => columnValues(family, total))),
      // The type of each family in each file, and the extra columns that the file lacks.
      choice: fc.array(fc.nat(), few(3 * (shape.names.length + 4))),
      absent: fc.array(fc.boolean(), few(3 * shape.names.length)),
      splits: fc.array(fc.constantFrom("train", "tuning", "held_out", "ünïcode", null), few(shape.ids.length)),
      options: fc.record({
        rowGroup: fc.integer({ min: 1, max: 40 }),
        compression: fc.constantFrom("none", "snappy", "gzip", "zstd"),
        dictionary: fc.boolean(),
        pageVersion: fc.constantFrom("1.0", "2.0"),
      } as const),
      shardBytes: fc.constantFrom(1024, 4000, 1 << 29),
      threads: fc.constantFrom(1, 2, 5),
    })
    .map((parts) => assemble(shape, parts));
});

interface Parts {
  readonly times: readonly (bigint | null)[];
  readonly statics: string;
  readonly codes: readonly string[];
  readonly values: readonly (number | null)[];
  readonly hasValues: boolean;
  readonly extra: readonly (readonly (Raw | null)[])[];
  readonly choice: readonly number[];
  readonly absent: readonly boolean[];
  readonly splits: readonly (string | null)[];
  readonly options: {
    rowGroup: number;
    compression: "none" | "snappy" | "gzip" | "zstd";
    dictionary: boolean;
    pageVersion: "1.0" | "2.0";
  };
  readonly shardBytes: number;
  readonly threads: number;
}

/** The value as the file stores it. */
const held = (type: FileType, raw: Raw | null) => (raw === null ? null : (type.holds ?? ((value) => value))(raw));

function assemble(shape: Shape, parts: Parts): RandomDataset {
  // Files contain whole patients. The times of a patient ascend; static rows are first, last or anywhere.
  const files = [0, 1, 2].map(() => ({ owners: [] as number[], rows: [] as number[] }));
  const times = [...parts.times];
  let next = 0;
  shape.ids.forEach((_, patient) => {
    const rows = Array.from({ length: shape.lengths[patient]! }, (_, i) => next + i);
    next += rows.length;
    const own = rows.map((row) => times[row] as bigint | null);
    const timed = own.filter((time): time is bigint => time !== null).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const none = own.filter((time) => time === null);
    const merged = parts.statics === "first" ? [...none, ...timed] : [...timed, ...none];
    if (parts.statics === "between") merged.splice(0, merged.length, ...own.map((time) => (time === null ? null : timed.shift()!)));
    for (const [i, row] of rows.entries()) times[row] = merged[i]!;
    const file = files[shape.fileOf[patient]!]!;
    file.rows.push(...rows);
    file.owners.push(...rows.map(() => patient));
  });

  const used = files.flatMap((file, index) => (file.rows.length > 0 ? [{ ...file, index }] : []));
  const rowsOf = new Map<number, Record<string, unknown>>();
  for (let row = 0; row < next; row += 1) {
    rowsOf.set(row, { time: times[row], code: parts.codes[row], numeric_value: null });
  }
  let choice = 0;
  const pick = (types: readonly FileType[], writer: Writer): FileType | undefined => {
    const own = types.filter((type) => type.writer === writer);
    choice += 1;
    return own[parts.choice[choice % parts.choice.length]! % own.length];
  };

  const tables: TableFile[] = used.map(({ rows, owners, index }) => {
    const writer = shape.writers[index]!;
    const columns: FileColumn[] = [
      { name: "subject_id", type: pick(MEDS.subject_id, writer)!, values: owners.map((owner) => shape.ids[owner]!) },
      { name: "time", type: pick(MEDS.time, writer)!, values: rows.map((row) => times[row]!) },
      { name: "code", type: pick(MEDS.code, writer)!, values: rows.map((row) => parts.codes[row]!) },
    ];
    if (parts.hasValues || index === 1) {
      const type = pick(MEDS.numeric_value, writer)!;
      columns.push({ name: "numeric_value", type, values: rows.map((row) => parts.values[row]!) });
      for (const row of rows) rowsOf.get(row)!.numeric_value = held(type, parts.values[row]);
    }
    shape.names.forEach((family, c) => {
      const type = pick(family.types, writer);
      if (type === undefined || parts.absent[3 * c + index]) return;
      columns.push({ name: family.name, type, values: rows.map((row) => parts.extra[c]![row]!) });
    });
    return { ...parts.options, name: `${"ab"[index % 2]}/${index}.parquet`, columns };
  });

  // The value that a reader returns depends on all types and values of the column.
  for (const family of shape.names) {
    const all = tables.flatMap((table) => table.columns.filter(({ name }) => name === family.name));
    const raws = all.flatMap(({ values }) => values.filter((raw) => raw !== null));
    const read = family.reader(
      all.map(({ type }) => type),
      raws,
    );
    for (const [t, table] of tables.entries()) {
      const column = table.columns.find(({ name }) => name === family.name);
      column?.values.forEach((raw, i) => {
        rowsOf.get(used[t]!.rows[i]!)![family.name] = raw === null ? null : read(held(column.type, raw));
      });
    }
  }

  const order = used.map((_, i) => i).sort((a, b) => (tables[a]!.name < tables[b]!.name ? -1 : 1));
  const expected: ExpectedPatient[] = [];
  for (const at of order) {
    const { owners, rows } = used[at]!;
    for (const owner of new Set(owners)) {
      const own = rows.filter((_, i) => owners[i] === owner).map((row) => rowsOf.get(row) as unknown as ExpectedRow);
      expected.push({ id: shape.ids[owner]!, split: parts.splits[owner]!, rows: storageOrder(own) });
    }
  }
  const splits = new Map(shape.ids.flatMap((id, i) => (parts.splits[i] === null ? [] : [[id, parts.splits[i]!] as const])));
  return { files: tables, splits, expected, shardBytes: parts.shardBytes, threads: parts.threads };
}
