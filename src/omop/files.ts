// The files of an OMOP folder: which table each belongs to, and the proof that the compressed ones are whole.
import { createHash } from "node:crypto";
import { createReadStream, type Dirent, readdirSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, extname, join, relative, sep } from "node:path";
import { createGunzip } from "node:zlib";
import { fail, MedsError } from "../errors.js";
import { failIo, isSystemError, withIo } from "../io.js";
import type { WorkOptions } from "../native.js";
import { EVENT_TABLES, OTHER_TABLES } from "./tables.js";

/** The files of one table, all of one form. */
export interface TableFiles {
  readonly table: string;
  readonly parquet: boolean;
  readonly paths: readonly string[];
  readonly bytes: number;
}

const FORM = /\.(csv|csv\.gz|parquet)$/i;
/** What follows the table's name in a piece of it: measurement_0, measurement000000000012, measurement-part-00001-of-00004, measurement_0_1_0 (Snowflake). */
const PIECE = /^[-_.]?(?:part[-_.]?)?\d+(?:[-_.](?:of[-_.])?\d+)*$/;
const TABLES: readonly string[] = [...EVENT_TABLES, ...OTHER_TABLES];

interface Place {
  readonly table: string;
  readonly form: string;
  readonly piece: boolean;
}

/** The table that a file's or folder's name belongs to. */
function placeOf({ name, ...entry }: Pick<Dirent, "name"> & { readonly folder: boolean }): Place | undefined {
  const form = FORM.exec(name)?.[0].toLowerCase();
  if (form === undefined && !entry.folder) return undefined;
  const stem = name.slice(0, name.length - (form?.length ?? 0)).toLowerCase();
  if (entry.folder) return TABLES.includes(stem) ? { table: stem, form: `folder ${name}`, piece: true } : undefined;
  const table = TABLES.find((known) => stem === known || (stem.startsWith(known) && PIECE.test(stem.slice(known.length))));
  return table === undefined ? undefined : { table, form: form!, piece: stem !== table };
}

/** Tables of the CDM among the names of a folder. */
export function omopTables(entries: readonly Dirent[]): string[] {
  return [...new Set(entries.flatMap((entry) => placeOf({ name: entry.name, folder: isFolder(entry) })?.table ?? []))];
}

// A link says nothing of what it leads to; what it is shows when it is read. One that leads in a circle, say, is no folder.
function isFolder(entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  try {
    return statSync(join(entry.parentPath, entry.name)).isDirectory();
  } catch {
    return false;
  }
}

/**
 * The tables of a folder, and the names that belong to none.
 *
 * @throws MedsError `MEDS_SCHEMA_CONFLICT` for a table that stands there twice: in two forms, or in two spellings; `MEDS_NO_DATA` for a table's folder
 * in which nothing is called as its files are; what the system says of a file that is not there, or of another kind.
 */
export function findTables(root: string): { readonly tables: ReadonlyMap<string, TableFiles>; readonly others: readonly string[] } {
  const forms = new Map<string, Map<string, string[]>>();
  const others: string[] = [];
  for (const entry of readdirSync(root, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(root, entry.name);
    const place = placeOf({ name: entry.name, folder: isFolder(entry) });
    if (place === undefined) {
      if (!isHidden(entry.name)) others.push(entry.name);
      continue;
    }
    const of = forms.get(place.table) ?? new Map<string, string[]>();
    forms.set(place.table, of);
    // Two whole files are two forms, also where only the case of their names differs.
    const form = place.piece ? `${place.form} in pieces` : entry.name;
    if (isFolder(entry)) {
      const [files, strange] = within(path);
      if (files.length === 0 && strange.length > 0)
        fail(
          "MEDS_NO_DATA",
          `${path}: no file in it is called .csv, .csv.gz or .parquet, such as ${basename(strange[0]!)}. Name them so.`,
          path,
        );
      of.set(form, files);
      others.push(...strange.map((file) => relative(root, file)));
    } else of.set(form, [...(of.get(form) ?? []), path]);
  }
  const tables = new Map<string, TableFiles>();
  for (const [table, of] of forms) {
    const names = [...of.keys()];
    if (names.length > 1) {
      const message = `${root}: the table ${table} stands there more than once (${names.join("; ")}), its rows would count twice. Leave one of them.`;
      fail("MEDS_SCHEMA_CONFLICT", message, root);
    }
    const paths = of.get(names[0]!)!;
    if (paths.length === 0) continue;
    const parquet = paths.filter((path) => extname(path).toLowerCase() === ".parquet");
    if (parquet.length > 0 && parquet.length < paths.length)
      fail("MEDS_SCHEMA_CONFLICT", `${root}: the table ${table} is CSV in part and Parquet in part. Leave files of one form.`, root);
    tables.set(table, { table, paths, parquet: parquet.length > 0, bytes: paths.reduce((sum, path) => sum + sizeOf(path), 0) });
  }
  return { tables, others };
}

/** Files of a table's folder, at any depth; and those that no table has. */
function within(folder: string): [files: string[], strange: string[]] {
  const pathOf = (entry: Dirent) => join(entry.parentPath, entry.name);
  const entries = withIo(folder, () => readdirSync(folder, { withFileTypes: true, recursive: true })).filter(
    (entry) => !entry.isDirectory() && !relative(folder, pathOf(entry)).split(sep).some(isHidden),
  );
  const paths = (some: readonly Dirent[]) => some.map(pathOf).sort();
  return [paths(entries.filter(({ name }) => FORM.test(name))), paths(entries.filter(({ name }) => !FORM.test(name)))];
}

/** What programs that write tables keep beside them: .crc, _SUCCESS; in hidden folders (.ipynb_checkpoints, _delta_log) copies of rows, not rows. */
const isHidden = (name: string) => /^[._]/.test(name);

function sizeOf(path: string): number {
  const about = withIo(path, () => statSync(path));
  // A pipe, for one, would be waited for without end.
  if (!about.isFile()) fail("MEDS_IO", `${path}: it is neither a file nor a folder. Put the table's file there.`, path);
  return about.size;
}

/** How a CSV file begins. */
export interface Header {
  readonly delimiter: "," | "\t";
  readonly names: readonly string[];
}

const HEAD = 1 << 20;

/** What separates columns, by the line of their names: Athena writes the vocabulary's tables with tabs, and without quotes. */
export function delimiterOf(line: string): Header["delimiter"] {
  return line.includes("\t") && !line.includes(",") ? "\t" : ",";
}

/**
 * Reads a CSV file's header; reads a compressed one to its end, as DuckDB takes a stream that was cut off for a shorter one.
 *
 * @throws MedsError `MEDS_SOURCE_DAMAGED` for a file that is not whole, or has no header.
 */
export async function readHeader(path: string, signal: WorkOptions["signal"]): Promise<Header> {
  const compressed = extname(path).toLowerCase() === ".gz";
  const file = createReadStream(path, { highWaterMark: 1 << 18, ...(compressed ? {} : { end: HEAD - 1 }) });
  const stream = compressed ? file.pipe(createGunzip({ chunkSize: 1 << 18 })) : file;
  file.on("error", (error) => stream.destroy(error));
  const head: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      checkSignal(signal);
      if (length < HEAD) head.push(chunk);
      length += chunk.length;
    }
  } catch (error) {
    if (error instanceof MedsError) throw error;
    if (isSystemError(error)) failIo(path, error);
    const message = `${path}: it is no whole gzip file (${(error as Error).message}). Get the file anew.`;
    throw new MedsError("MEDS_SOURCE_DAMAGED", message, { path, cause: error });
  } finally {
    file.destroy();
  }
  const text = Buffer.concat(head).toString("utf8");
  const delimiter = delimiterOf(/^[^\r\n]*/.exec(text)![0]);
  const { parse } = await import("csv-parse/sync");
  try {
    const [names] = parse(text, {
      to: 1,
      delimiter,
      bom: true,
      relax_column_count: true,
      quote: delimiter === "," ? '"' : null,
    }) as string[][];
    if (names?.some((name) => name !== "")) return { delimiter, names: known(path, names) };
  } catch (error) {
    if (error instanceof MedsError) throw error;
  }
  fail("MEDS_SOURCE_DAMAGED", `${path}: it has no line with the names of its columns. Get the file anew.`, path);
}

/** The names of a header that is text, in columns. */
function known(path: string, names: readonly string[]): string[] {
  if (names.some((name) => name.includes("\0"))) fail("MEDS_SOURCE_DAMAGED", `${path}: it is not UTF-8. Write it so.`, path);
  if (names.length === 1 && /[;|]/.test(names[0]!))
    fail("MEDS_SOURCE_DAMAGED", `${path}: its columns are not separated by commas, nor by tabs. Write it so.`, path);
  return names.map((name) => name.trim());
}

/** Is it a CSV file, compressed or not. */
export function isCsv(path: string): boolean {
  return extname(path).toLowerCase() !== ".parquet";
}

/** Reads a CSV file to its end. */
export async function isUtf8(path: string): Promise<boolean> {
  const file = createReadStream(path);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for await (const chunk of extname(path).toLowerCase() === ".gz" ? file.pipe(createGunzip()) : file)
      decoder.decode(chunk as Buffer, { stream: true });
    decoder.decode();
    return true;
  } catch {
    return false;
  } finally {
    file.destroy();
  }
}

/** The metadata file that says of which tables, and with which options, a store was made. */
export const ORIGIN = "omop.json";

/** What is made of tables. Another number with every change that makes other events of the same tables, or the stores of before would be reused. */
const IMPORTER = 2;

/** What decides what a store of some tables holds. */
export interface OriginOptions {
  readonly columns: readonly string[] | null;
  readonly exclude: readonly string[];
  readonly shardBytes: number | null;
  readonly keepUnmapped: boolean;
  readonly conceptIds: boolean;
  /** Fingerprints of the vocabularies beside the tables, in order. */
  readonly vocabulary: readonly string[];
}

/** What the tables are now (`tables`, their fingerprint) and what is asked for, as {@link ORIGIN} holds it: equal ones give equal stores. */
export function originOf(tables: string, options: OriginOptions): string {
  return `${JSON.stringify({ importer: IMPORTER, tables, options }, null, 2)}\n`;
}

/** The options that {@link originOf} was given. */
export function keptOptions(origin: string): Partial<OriginOptions> {
  try {
    const kept = JSON.parse(origin) as { readonly options?: Partial<OriginOptions> } | null;
    return kept?.options ?? {};
  } catch {
    return {}; // A file of that name which something else wrote.
  }
}

/** Throws what a cancelled import throws. */
export function failCancelled(): never {
  fail("MEDS_CANCELLED", "The import of the tables was cancelled.");
}

function checkSignal(signal: WorkOptions["signal"]): void {
  if (signal?.aborted === true) failCancelled();
}

/**
 * Tells whether files have changed: of their names, sizes and ends (the footer of Parquet, the checksum of gzip), and of plain CSV, which has neither,
 * all bytes.
 */
export async function fingerprintOf(root: string, tables: Iterable<TableFiles>, signal: WorkOptions["signal"]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of [...tables].flatMap(({ paths }) => paths).sort()) {
    checkSignal(signal);
    const size = sizeOf(path);
    hash.update(`\0${relative(root, path)}\0${size}\0`);
    try {
      for await (const chunk of extname(path).toLowerCase() === ".csv"
        ? createReadStream(path, { highWaterMark: 1 << 20 })
        : ends(path, size)) {
        checkSignal(signal);
        hash.update(chunk as Buffer);
      }
    } catch (error) {
      failIo(path, error);
    }
  }
  return hash.digest("hex").slice(0, 32);
}

/** The end of a file. */
async function* ends(path: string, size: number): AsyncGenerator<Buffer> {
  const file = await open(path);
  const end = Buffer.alloc(Math.min(size, 1 << 16));
  await file.read(end, 0, end.length, size - end.length).finally(() => file.close());
  yield end;
}
