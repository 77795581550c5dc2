// SQL that reads the files of a table. Files may differ in columns, types and format. Those that do not
// differ are read together.
import { dirname, relative, sep } from "node:path";
import type { WorkOptions } from "../../store/native.js";
import { fail } from "../../support/errors.js";
import { type LookedAt, sameContents } from "./csv.js";
import { type Duck, literal, parquet, file as pathSql } from "./duck.js";
import { failTwins, isCsv, type TableFiles } from "./files.js";
import { FILE, Reading, type SqlColumn, WIDE } from "./sql.js";

/** A file of a table. */
interface Piece {
  readonly path: string;
  /** Equal for files that are read together. */
  readonly key: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: number;
  /** Equal for files that may be copies of each other. */
  readonly sum: string;
  /** SQL that reads files with this key: the columns c0, c1, … and {@link FILE}. */
  readonly from: (paths: readonly string[]) => string;
}

/** Makes the readings of a table's files. Every CSV file is read to its end. */
export async function readings(duck: Duck, files: TableFiles, signal: WorkOptions["signal"]): Promise<Reading[]> {
  const { table, folder } = files;
  await duck.csv.look(files.paths.filter(isCsv));
  const all: Piece[] = [];
  for (const path of files.paths) all.push(isCsv(path) ? csvPiece(path, duck) : await parquetPiece(path, duck));
  noteCsv(duck, files);
  // A file without rows may have any columns, and columns without a type.
  const filled = all.filter(({ rows }) => rows > 0);
  const pieces = filled.length > 0 ? filled : all.filter(({ columns }) => columns.length > 0);
  if (pieces.length === 0)
    fail(
      "MEDS_SOURCE_DAMAGED",
      `${files.paths[0]}: The first line does not contain column names. Add a line with the column names.`,
      files.paths[0],
    );
  const groups = new Map<string, Piece[]>();
  for (const piece of pieces) groups.set(piece.key, [...(groups.get(piece.key) ?? []), piece]);
  const partitions = partitionsOf(files);
  const own = new Set(pieces.flatMap(({ columns }) => columns.map(({ name }) => name.toLowerCase())));
  const added = [...partitions.keys()].filter((name) => !own.has(name));
  await refuseCopies(files, all, added, signal);
  if (added.length > 0)
    duck.notes.push({
      kind: "converted",
      message: `columns of ${table} that no file contains, read from folder names (COLUMN=VALUE): ${added.join(", ")}`,
      count: added.length,
    });
  return [...groups.values()].map((group) => readingOf(group, folder, partitions));
}

/** Files with the same key as one reading, including columns that only folder names define. */
function readingOf(group: readonly Piece[], folder: string, partitions: ReadonlyMap<string, string>): Reading {
  const columns = new Map<string, SqlColumn>();
  for (const [i, { name, type }] of group[0]!.columns.entries()) {
    const lower = name.toLowerCase();
    columns.set(lower, { sql: `c${i}`, type, ambiguous: columns.has(lower) });
  }
  const added: string[] = [];
  for (const [name, value] of partitions) {
    if (columns.has(name)) continue;
    columns.set(name, { sql: `p${added.length}`, type: "VARCHAR" });
    added.push(`${value} AS p${added.length}`);
  }
  const paths = group.map(({ path }) => path);
  const from = group[0]!.from(paths);
  // Folders above the table's folder do not belong to the table.
  const below = `substr(${FILE}, ${[...folder].length + 1}) AS below`;
  const more = added.length === 0 ? from : `(SELECT *, ${added.join(", ")} FROM (SELECT *, ${below} FROM ${from}))`;
  return new Reading(paths, more, columns);
}

/**
 * Columns that names of folders in a table's folder define (COLUMN=VALUE), by name in lower case: SQL that
 * takes the value from the path `below`, as text.
 */
function partitionsOf({ folder, paths }: TableFiles): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of new Set(paths.flatMap((path) => relative(folder, dirname(path)).split(sep)))) {
    const key = /^([^=]+)=/.exec(name)?.[1];
    if (key === undefined) continue;
    const pattern = `(?i)/${key.replace(/[^\w\u0080-\u{10ffff}]/gu, "\\$&")}=([^/]*)/`;
    const value = `nullif(nullif(regexp_extract(below, ${literal(pattern)}, 1), ''), '__HIVE_DEFAULT_PARTITION__')`;
    found.set(decoded(key).toLowerCase(), `url_decode(${value})`);
  }
  return found;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A literal percent sign.
  }
}

/**
 * Fails for two files with the same contents. Files without rows may be equal, and so may files whose folder
 * names give the columns `added` different values.
 */
async function refuseCopies(
  { table, folder }: TableFiles,
  pieces: readonly Piece[],
  added: readonly string[],
  signal: WorkOptions["signal"],
): Promise<void> {
  const values = (path: string) =>
    relative(folder, dirname(path))
      .split(sep)
      .filter((name) => added.includes(decoded(name.split("=")[0]!).toLowerCase()));
  const seen = new Map<string, string[]>();
  for (const { path, sum, rows } of pieces) {
    if (rows === 0) continue;
    const key = JSON.stringify([sum, ...values(path)]);
    const others = seen.get(key) ?? [];
    seen.set(key, [...others, path]);
    for (const other of others) if (await sameContents(other, path, signal)) failTwins(folder, table, other, path);
  }
}

/** Adds notes about rows and files that are left out. */
function noteCsv(duck: Duck, { table, folder, paths }: TableFiles): void {
  const looked = paths.filter(isCsv).map((path) => ({ name: relative(folder, path), ...duck.csv.of(path) }));
  const empty = looked.filter(({ names }) => names.length === 0);
  if (empty.length > 0)
    duck.notes.push({
      kind: "skipped",
      message: `empty files of ${table}, without column names, such as ${empty[0]!.name}`,
      count: empty.length,
    });
  const uneven = looked.filter(({ dropped }) => dropped > 0);
  const dropped = uneven.reduce((sum, file) => sum + file.dropped, 0);
  if (dropped === 0) return;
  const shown = uneven.slice(0, SHOWN).map((file) => `${file.name} (${file.dropped}, the first on line ${file.line})`);
  const more = uneven.length > SHOWN ? ` and ${uneven.length - SHOWN} more files` : "";
  const message = `rows of ${table} with more or fewer fields than the header, left out by \`skipBadRows\` (--skip-bad-rows): ${shown.join(", ")}${more}`;
  duck.notes.push({ kind: "skipped", message, count: dropped });
}

/** The most files that a note names. */
const SHOWN = 5;
/**
 * Bytes of a CSV that DuckDB reads at once on each thread; its default is 32 MB. Files with longer rows are
 * copied to Parquet.
 */
const BUFFER = 8_000_000;

function csvPiece(path: string, duck: Duck): Piece {
  const { names, delimiter, rows, sum } = duck.csv.of(path);
  return {
    path,
    key: JSON.stringify([delimiter, names.map((name) => name.toLowerCase()), /\.gz$/i.test(path)]),
    columns: names.map((name) => ({ name, type: "VARCHAR" })),
    rows,
    sum,
    from: (paths) => csvSql(paths.map((path) => ({ path, ...duck.csv.of(path) }))),
  };
}

/** SQL that reads CSV files with the same header, by position and as text, so that DuckDB does not guess. */
function csvSql(files: readonly (LookedAt & { readonly path: string })[]): string {
  const { names, delimiter } = files[0]!;
  const types = names.map((_, i) => `'c${i}': 'VARCHAR'`).join(", ");
  const quote = delimiter === "," ? '"' : "";
  const plain = files.filter(({ copy }) => copy === null).map(({ path }) => path);
  const options = [
    `columns={${types}}, auto_detect=false, header=true, strict_mode=true, delim=${literal(delimiter)}, quote='${quote}', escape='${quote}'`,
    // Set here, because DuckDB recognizes gzip only by a name in lower case.
    `compression='${/\.gz$/i.test(files[0]!.path) ? "gzip" : "none"}', buffer_size=${BUFFER}, hive_partitioning=false, filename=true`,
  ];
  const columns = names.map((_, i) => `c${i}`).join(", ");
  const parts = files.flatMap(({ path, copy }) =>
    copy === null ? [] : [`SELECT ${columns}, ${literal(path)} AS ${FILE} FROM ${parquet([copy])}`],
  );
  if (plain.length > 0)
    parts.push(`SELECT ${columns}, filename AS ${FILE} FROM read_csv([${plain.map(pathSql).join(", ")}], ${options.join(", ")})`);
  return `(${parts.join(" UNION ALL ")})`;
}

async function parquetPiece(path: string, duck: Duck): Promise<Piece> {
  const described = await duck.rows<{ column_name: string; column_type: string }>(`DESCRIBE SELECT * FROM ${parquet([path])}`, [path]);
  const leaves = await duck.rows<SchemaRow>(`SELECT name, num_children, precision FROM parquet_schema(${pathSql(path)})`, [path]);
  const [file] = await duck.rows<{ rows: bigint; bytes: bigint }>(
    `SELECT num_rows AS rows, file_size_bytes AS bytes FROM parquet_file_metadata(${pathSql(path)})`,
    [path],
  );
  const fields = topLevel(leaves);
  const columns = described.map(({ column_name, column_type }, i) => ({
    // DuckDB renames the second of two columns with one name.
    name: fields[i]?.name ?? column_name,
    type: (fields[i]?.precision ?? 0n) > 38n ? WIDE : column_type,
  }));
  // A name that no column has, in upper or lower case.
  let name = "file";
  while (described.some(({ column_name }) => column_name.toLowerCase() === name)) name += "_";
  const from = (paths: readonly string[]) => {
    // Names in SQL cannot be empty or contain a NUL.
    const chosen = described.map(({ column_name }, i) =>
      column_name === "" || column_name.includes("\0") ? `NULL AS c${i}` : `"${column_name.replaceAll('"', '""')}" AS c${i}`,
    );
    return `(SELECT ${chosen.join(", ")}, "${name}" AS ${FILE} FROM ${parquet(paths, `filename='${name}'`)})`;
  };
  return { path, key: JSON.stringify([described, columns]), columns, rows: Number(file!.rows), sum: String(file!.bytes), from };
}

interface SchemaRow {
  readonly name: string;
  readonly num_children: bigint | null;
  readonly precision: bigint | null;
}

/** The top-level columns of a schema that is listed depth first, starting with its root. */
function topLevel(rows: readonly SchemaRow[]): SchemaRow[] {
  const found: SchemaRow[] = [];
  let at = 1;
  const pass = (): void => {
    const children = Number(rows[at]?.num_children ?? 0);
    at += 1;
    for (let i = 0; i < children; i += 1) pass();
  };
  while (at < rows.length) {
    found.push(rows[at]!);
    pass();
  }
  return found;
}
