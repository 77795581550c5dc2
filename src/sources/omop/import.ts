// Converts OMOP tables to a MEDS dataset in two steps: first it writes the events of each table unsorted,
// then it sorts all events. DuckDB keeps in memory what fits, and spills the rest.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Note } from "../../store/manifest.js";
import type { Progress, WorkOptions } from "../../store/native.js";
import { fail } from "../../support/errors.js";
import type { CodePrefix } from "../inspection.js";
import { OMOP } from "../origin.js";
import { Concepts } from "./concepts.js";
import { type Duck, literal, withDuck } from "./duck.js";
import { COLUMNS, type CodeOptions, columnsOf, conceptIdsSql, eventSql } from "./events.js";
import { type FoundTables, isCsv } from "./files.js";
import { COUNTED, type Counted, countLosses, covered, notesOf, summed } from "./loss-counts.js";
import { Losses, refuseLosses } from "./losses.js";
import { datasetOf, periodsOf } from "./metadata.js";
import { eventsOf, type Room, sortEvents } from "./sort.js";
import { filesOf, openTables, readingsOf, type TableSet } from "./source.js";
import type { Reading } from "./sql.js";
import { EVENT_TABLES, EVENTS, type EventOf, OTHER_TABLES, VOCABULARY_TABLES } from "./tables.js";
import { type Layer, layerOf, layersAt } from "./vocabulary.js";

/** Options of an import. */
export interface ImportOptions extends WorkOptions, CodeOptions {
  /** Paths of further vocabularies. If several have a concept, the first one counts. */
  readonly vocabulary: readonly string[];
  readonly skipBadRows: boolean;
  /** Fail if more than a tenth of a table's rows would be dropped. */
  readonly strict: boolean;
  /**
   * The contents of an {@link Origin}, which the store keeps as metadata to say what it was made of. Default:
   * none.
   */
  readonly origin: Promise<string> | string | undefined;
  /** The tables of the folder, where they were looked for already. */
  readonly tables?: FoundTables | undefined;
  readonly memory?: number | undefined;
  readonly threads?: number | undefined;
}

/** The result of an import. */
export interface Imported {
  /** The MEDS dataset. */
  readonly dataset: string;
  readonly notes: readonly Note[];
}

/** Less bytes than this are imported in one thread: each needs buffers for every expression of a query. */
const SMALL = 2 ** 20;
/** If the vocabulary has more bytes than this, only the concepts that events use are held in memory. */
const MANY = 8 * 2 ** 20;
/**
 * Bytes per row group of unsorted events. A sort spills DuckDB's own blocks, but not the row groups that it
 * reads, most of which are notes.
 */
const GROUP_BYTES = 4 * 2 ** 20;
/** The most readings of a table per query: each holds the concepts that it looks up. */
const READINGS_PER_QUERY = 4;

/** Converts OMOP tables to a MEDS dataset in `work`, an empty folder that the caller removes. */
export function importOmop(source: string, work: string, options: ImportOptions): Promise<Imported> {
  return within(source, work, options, (importing) => importing.run());
}

/**
 * The notes of an import and the prefixes of its codes, without an import: every row is read, none is
 * written. DuckDB spills to `work`.
 */
export function surveyOmop(
  source: string,
  work: string,
  options: ImportOptions,
): Promise<{ readonly notes: readonly Note[]; readonly prefixes: readonly CodePrefix[] }> {
  return within(source, work, options, (importing) => importing.survey());
}

async function within<T>(source: string, work: string, options: ImportOptions, use: (importing: Import) => Promise<T>): Promise<T> {
  const [staged, dataset] = [join(work, "unsorted"), join(work, "meds")];
  for (const folder of [staged, join(dataset, "data"), join(dataset, "metadata")]) mkdirSync(folder, { recursive: true });
  return withDuck(work, options, async (duck, bytes) => {
    const tables = await openTables(duck, source, options.tables);
    // Checks all files first: this uses all threads, and errors appear early.
    await duck.csv.look(filesOf(tables).filter(isCsv));
    const layers = [await layerOf(duck, tables, options.signal)];
    for (const path of options.vocabulary) layers.push(...(await layersAt(duck, path, options.signal)));
    const files = layers.flatMap((layer) => VOCABULARY_TABLES.flatMap((table) => layer[table].flatMap(({ paths }) => paths)));
    if (tables.bytes + layers.reduce((sum, layer) => sum + layer.bytes, 0) < SMALL) await duck.run("SET threads = 1");
    await duck.confine([work], [...files, ...filesOf(tables)]);
    return use(new Import(tables, layers, { staged, dataset, bytes }, duck, options));
  });
}

/** Events of a table. */
interface Part {
  readonly table: string;
  readonly events: readonly EventOf[];
  /** Index of the first reading, if the files of the table have too many forms for one query. */
  readonly at: number;
  readonly columns: readonly string[];
  /** SQL of the rows. */
  readonly sql: string;
  /** SQL of the ids of their concepts. */
  readonly ids: string;
  readonly paths: readonly string[];
}

/** SQL: whether a row of the table concept can define a code. */
const conceptSql = (reading: Reading) => `${reading.integer(reading.need("concept_id"))} <> 0`;

class Import {
  private readonly notes: Note[] = [];
  private readonly losses = new Losses();
  private readonly found: TableSet;
  private readonly layers: readonly Layer[];
  private readonly room: Room;
  private readonly duck: Duck;
  private readonly options: ImportOptions;
  private readonly concepts: Concepts;
  private readonly known = new Map<string, Promise<Reading[]>>();
  private done = 0;

  constructor(found: TableSet, layers: readonly Layer[], room: Room, duck: Duck, options: ImportOptions) {
    this.found = found;
    this.layers = layers;
    this.room = room;
    this.duck = duck;
    this.options = options;
    this.concepts = new Concepts(duck, join(room.staged, ".."));
  }

  async run(): Promise<Imported> {
    await this.begin();
    const columns = await this.stage();
    this.noteRows(await this.count());
    refuseLosses(this.found.path, this.notes, this.options.strict);
    await this.metadata();
    this.report("sort");
    await sortEvents(
      this.duck,
      this.room,
      COLUMNS.filter((name) => columns.has(name)),
    );
    return { dataset: this.room.dataset, notes: this.notes };
  }

  async survey(): Promise<{ readonly notes: readonly Note[]; readonly prefixes: readonly CodePrefix[] }> {
    await this.begin();
    const counted: Counted[] = [];
    const prefixes = new Map<string, CodePrefix>();
    for await (const { sql, paths } of this.parts()) {
      const midnight = "epoch_us(time) % 86400000000 = 0";
      const rows = await this.duck.rows<Counted & { prefix: string | null; timed: bigint; midnight: bigint }>(
        // `whole` is not used. It makes DuckDB read all values, because a wrong value would make a conversion
        // fail.
        `SELECT event, how, split_part(code, '/', 1) AS prefix, ${COUNTED}, count(time) AS timed,
           count(*) FILTER (WHERE ${midnight}) AS midnight,
           bit_xor(hash(${["subject_id", ...COLUMNS].map((column) => `"${column}"`).join(", ")})) AS whole
         FROM (${sql}) GROUP BY ALL ORDER BY ALL`,
        paths,
      );
      counted.push(...rows);
      for (const { prefix, ...row } of rows) {
        if (prefix === null) continue;
        const before = prefixes.get(prefix);
        const sum = (member: "rows" | "timed" | "midnight") => (before?.[member] ?? 0) + Number(row[member]);
        prefixes.set(prefix, { prefix, rows: sum("rows"), timed: sum("timed"), midnight: sum("midnight") });
      }
    }
    await this.concepts.check(this.layers);
    const periods = periodsOf(await this.readings("observation_period"));
    if (periods !== undefined) await this.duck.run(`SELECT bit_xor(hash(COLUMNS(*))) FROM (${periods.sql})`, periods.paths);
    await datasetOf(this.duck, await this.readings("cdm_source"));
    const ways = new Map<string, Counted[]>();
    for (const part of counted) {
      const way = `${part.event} ${part.how}`;
      ways.set(way, [...(ways.get(way) ?? []), part]);
    }
    this.noteRows([...ways.values()].map(summed).sort((a, b) => (a.event === b.event ? a.how - b.how : a.event < b.event ? -1 : 1)));
    const order = (a: CodePrefix, b: CodePrefix) => b.rows - a.rows || Buffer.compare(Buffer.from(a.prefix), Buffer.from(b.prefix));
    return { notes: this.notes, prefixes: [...prefixes.values()].sort(order) };
  }

  private async begin(): Promise<void> {
    this.report("plan");
    // The order of rows matters only in the final sort.
    await this.duck.run("SET preserve_insertion_order = false");
    // The tables of the vocabulary have already been read.
    for (const table of [...this.found.tables.keys()].sort())
      if (!VOCABULARY_TABLES.some((one) => one === table)) await this.readings(table);
    this.notes.push(...this.duck.notes);
    this.countBadRows();
    const { keepUnmapped, conceptIds } = this.options;
    const empty = !(await this.any(
      this.layers.flatMap(({ concept }) => concept),
      conceptSql,
    ));
    if (empty && !keepUnmapped && !conceptIds) await this.needVocabulary();
    const many = this.layers.reduce((sum, { bytes }) => sum + bytes, 0) > MANY;
    if (many) await this.use();
    // Without a vocabulary, `keepUnmapped` alone decides the codes, also those of demographics.
    const { several, differing } = await this.concepts.load(
      this.layers,
      many ? "SELECT id FROM used" : null,
      conceptIds,
      !(empty && keepUnmapped),
    );
    this.note("warning", "concepts with several codes in the table concept: the last one counts", several);
    this.note(
      "warning",
      "concepts whose code or name differs between several vocabularies: the first one counts (the source's own table concept, then the vocabularies in order)",
      differing,
    );
    this.note(
      "warning",
      "persons with more than one row in the table person: each row becomes events, including a birth",
      await this.twice(),
    );
  }

  /** Whether any row of these files meets a condition. */
  private async any(readings: readonly Reading[], condition: (reading: Reading) => string): Promise<boolean> {
    for (const reading of readings) {
      const rows = await this.duck.rows(`SELECT 1 FROM ${reading.from} WHERE ${condition(reading)} LIMIT 1`, reading.paths);
      if (rows.length > 0) return true;
    }
    return false;
  }

  /** Fails if there are rows that need a vocabulary. Persons and deaths do not. */
  private async needVocabulary(): Promise<void> {
    const why = this.layers.some(({ concept }) => concept.length > 0)
      ? "the table concept contains only the concept 0"
      : "there is no table concept";
    // In the order of the import, so that a missing column is reported first, as in an import.
    for await (const { table, events } of this.parts(false)) {
      if (table !== "person" && events.some(({ code }) => code === undefined) && (await this.any(await this.readings(table), () => "true")))
        this.failVocabulary(why);
    }
  }

  private failVocabulary(why: string): never {
    const { path, others } = this.found;
    const near = others.find((name) => /concept|vocabulary|athena/i.test(name));
    const ways = [
      `Add it with \`vocabulary\` (--vocabulary PATH), for example the folder of an Athena download${near === undefined ? "" : ` (${near} may be part of it)`}`,
      "Or convert without it: `conceptIds` (--concept-ids) uses concept ids such as OMOP/320128 as codes, and `keepUnmapped` (--keep-unmapped) uses source values",
    ];
    fail("MEDS_NO_VOCABULARY", `${path}: The vocabulary is missing or incomplete: ${why}. ${ways.join(". ")}.`, path);
  }

  /** Counts rows of CSV files that were left out as losses of their tables. */
  private countBadRows(): void {
    const vocabularies = VOCABULARY_TABLES.map(
      (table) => [table, this.layers.flatMap((layer) => layer[table].flatMap(({ paths }) => paths))] as const,
    );
    const own = [...this.found.tables].map(([table, found]) => [table, "paths" in found ? found.paths : []] as const);
    for (const [table, paths] of new Map([...own, ...vocabularies])) {
      const files = paths.filter((path) => isCsv(path) && this.duck.csv.has(path)).map((path) => this.duck.csv.of(path));
      const dropped = files.reduce((sum, file) => sum + file.dropped, 0);
      const rows = files.reduce((sum, file) => sum + file.rows, dropped);
      this.losses.dropped(table, rows, dropped, "with more or fewer fields than the header");
    }
  }

  /** How many persons have more than one row in the table person. */
  private async twice(): Promise<bigint> {
    const persons = await this.readings("person");
    if (persons.length === 0) return 0n;
    const ids = persons.map((reading) => `SELECT ${reading.integer(reading.need("person_id"))} AS id FROM ${reading.from}`);
    const [found] = await this.duck.rows<{ n: bigint }>(
      `SELECT count(*) AS n FROM (SELECT id FROM (${ids.join(" UNION ALL ")}) GROUP BY id HAVING count(id) > 1)`,
      persons.flatMap(({ paths }) => paths),
    );
    return found!.n;
  }

  /** Creates the table `used (id)`: the concepts that events use. It reads all tables once. */
  private async use(): Promise<void> {
    await this.duck.run("CREATE TEMP TABLE used (id BIGINT)");
    for await (const { ids, paths } of this.parts(false)) {
      await this.duck.run(
        `INSERT INTO used SELECT DISTINCT id FROM (${ids}) WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM used)`,
        paths,
      );
    }
  }

  /** Writes the events of every table, unsorted. Returns their columns. */
  private async stage(): Promise<ReadonlySet<string>> {
    const columns = new Set<string>();
    for await (const part of this.parts()) {
      for (const name of part.columns) columns.add(name);
      await this.duck.run(
        `COPY (${part.sql}) TO ${literal(join(this.room.staged, `${part.table}-${part.at}.parquet`))} (FORMAT parquet, ROW_GROUP_SIZE 20480, ROW_GROUP_SIZE_BYTES ${GROUP_BYTES})`,
        part.paths,
      );
    }
    return columns;
  }

  /** The events, table by table: SQL of their rows, and the columns in which these can have values. */
  private async *parts(counts = true): AsyncGenerator<Part> {
    for (const table of EVENT_TABLES) {
      const of = await this.readings(table);
      // The visits of EHRSHOT, for example, do not say where patients were discharged to.
      const known = ({ concept, older }: EventOf) =>
        older === undefined || of.some((reading) => reading.has(concept!) || reading.has(older));
      const events = EVENTS.filter((event) => event.table === table && known(event));
      for (let at = 0; at < of.length; at += READINGS_PER_QUERY) {
        const some = of.slice(at, at + READINGS_PER_QUERY);
        const columns = some.flatMap((reading) => events.flatMap((event) => columnsOf(event, reading, this.options)));
        const sql = some.map((reading) => eventSql(events, reading, this.options)).join(" UNION ALL ");
        const ids = some.map((reading) => conceptIdsSql(events, reading)).join(" UNION ALL ");
        const paths = some.flatMap((reading) => reading.paths);
        yield { table, events, at, columns, sql, ids, paths };
      }
      if (!counts) continue;
      this.done += this.found.tables.get(table)?.bytes ?? 0;
      this.report("measure");
    }
  }

  /** The number of rows of each kind of event, by how they got their codes. */
  private count(): Promise<Counted[]> {
    return this.duck.rows<Counted>(
      `SELECT event, how, ${COUNTED}
       FROM ${this.events} GROUP BY event, how ORDER BY event, how`,
    );
  }

  private note(kind: string, message: string, count: number | bigint): void {
    if (Number(count) > 0) this.notes.push({ kind, message, count: Number(count) });
  }

  /** Adds the notes about rows that are dropped or changed. Large losses come first. */
  private noteRows(counted: readonly Counted[]): void {
    const { keepUnmapped, conceptIds } = this.options;
    const { rows, covered: having, example } = covered(counted);
    if (!keepUnmapped && !conceptIds && having * 100n < rows)
      this.failVocabulary(
        `of the ${rows} rows with a concept, only ${having} have one that is in the table concept${this.layers.length > 1 ? " or in the added vocabularies" : ""} (for example, concept ${example} is missing)`,
      );
    countLosses(counted, this.options, this.losses);
    this.notes.unshift(...this.losses.notes());
    this.notes.push(...notesOf(counted, this.options, this.losses.large));
    const { tables, others, hidden } = this.found;
    const present = (name: string) =>
      tables.has(name) || VOCABULARY_TABLES.some((one) => one === name && this.layers.some((layer) => layer[one].length > 0));
    const missing = [...EVENT_TABLES, ...OTHER_TABLES].filter((name) => !present(name));
    this.note("warning", `missing tables: ${missing.join(", ")}`, missing.length);
    this.note("skipped", `files that contain no events, such as ${others[0]}`, others.length);
    this.note("skipped", `files that are not read because their names begin with _ or a dot, such as ${hidden[0]}`, hidden.length);
  }

  /** Writes the metadata folder: codes, observation periods, and the description and origin of the source. */
  private async metadata(): Promise<void> {
    const at = (name: string) => join(this.room.dataset, "metadata", name);
    await this.concepts.writeCodes(this.layers, this.events, at("codes.parquet"));
    const periods = periodsOf(await this.readings("observation_period"));
    if (periods !== undefined) {
      const sql = `SELECT * FROM (${periods.sql}) ORDER BY ALL`;
      await this.duck.run(`COPY (${sql}) TO ${literal(at("observation_period.parquet"))} (FORMAT parquet)`, periods.paths);
    }
    const about = await datasetOf(this.duck, await this.readings("cdm_source"));
    writeFileSync(at("dataset.json"), `${JSON.stringify(about, null, 2)}\n`);
    const origin = await this.options.origin;
    if (origin !== undefined) writeFileSync(at(OMOP.file), origin);
  }

  /** SQL of the unsorted events. */
  private get events(): string {
    return eventsOf(this.room);
  }

  /** Made once per table, because each compressed file is read to its end for it. */
  private readings(table: string): Promise<Reading[]> {
    const known = this.known.get(table) ?? readingsOf(this.duck, this.found, table, this.options.signal);
    this.known.set(table, known);
    return known;
  }

  private report(phase: Progress["phase"]): void {
    this.options.onProgress?.({ phase, done: 0, total: 0, bytes: this.done, bytesTotal: this.found.bytes });
  }
}
