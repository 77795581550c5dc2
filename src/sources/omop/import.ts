// An OMOP folder as a MEDS dataset, in two steps: the events of each table, unsorted, then all of them in order. DuckDB holds what fits and spills the rest.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Note } from "../../store/manifest.js";
import type { Progress, WorkOptions } from "../../store/native.js";
import { fail } from "../../support/errors.js";
import type { CodePrefix } from "../inspection.js";
import { Concepts } from "./concepts.js";
import { COUNTED, type Counted, countLosses, covered, nameOf, notesOf, summed } from "./counted.js";
import { type Duck, escaped, literal, parquetLike, withDuck } from "./duck.js";
import { COLUMNS, type CodeOptions, columnsOf, conceptIdsSql, eventSql } from "./events.js";
import { type FoundTables, isCsv } from "./files.js";
import { Losses, refuseLosses } from "./losses.js";
import { ORIGIN } from "./origin.js";
import { filesOf, openTables, readingsOf, type TableSet } from "./source.js";
import type { Reading } from "./sql.js";
import { EVENT_TABLES, EVENTS, OTHER_TABLES, VOCABULARY_TABLES } from "./tables.js";
import { type Layer, layerOf, layersAt } from "./vocabulary.js";

/** How to import. */
export interface ImportOptions extends WorkOptions, CodeOptions {
  /** Paths of vocabularies beside the tables: those before others count. */
  readonly vocabulary: readonly string[];
  readonly skipBadRows: boolean;
  /** More than a tenth of a table's rows must not be dropped. */
  readonly strict: boolean;
  /** The contents of an {@link Origin}: kept beside the codes, so that a store says what it was made of. None is kept where none is given. */
  readonly origin: Promise<string> | string | undefined;
  /** The tables of the folder, where they were looked for already. */
  readonly tables?: FoundTables | undefined;
  readonly memory?: number | undefined;
  readonly threads?: number | undefined;
}

/** What an import made. */
export interface Imported {
  /** The MEDS dataset. */
  readonly dataset: string;
  readonly notes: readonly Note[];
}

/** Bytes of the table of concepts beyond which only those are held that events name. */
const MANY = 8 * 2 ** 20;
/** Bytes of a row group of unsorted events: sorting them, DuckDB spills its own blocks and not what it reads, of which notes are most. */
const GROUP_BYTES = 4 * 2 ** 20;
/** Most readings of a table that are joined in one query: each holds the concepts that it looks for. */
const TOGETHER = 4;

/** Makes a MEDS dataset of an OMOP folder, within `work`, an empty folder that the caller removes. */
export function importOmop(source: string, work: string, options: ImportOptions): Promise<Imported> {
  return within(source, work, options, (importing) => importing.run());
}

/** What an import would note, and of which prefixes its codes would be: every row is read, none is written. `work` is for what does not fit the memory. */
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
    // All files before any work is done with one: they are read on all threads, and what is wrong in them is known early.
    await duck.csv.look(filesOf(tables).filter(isCsv));
    const layers = [await layerOf(duck, tables, options.signal)];
    for (const path of options.vocabulary) layers.push(...(await layersAt(duck, path, options.signal)));
    const files = layers.flatMap((layer) => VOCABULARY_TABLES.flatMap((table) => layer[table].flatMap(({ paths }) => paths)));
    await duck.confine([work], [...files, ...filesOf(tables)]);
    return use(new Import(tables, layers, { staged, dataset, bytes }, duck, options));
  });
}

interface Kind {
  readonly number: number;
  /** Of which files of the table, where these differ in many ways. */
  readonly part: number;
  readonly name: string;
  readonly columns: readonly string[];
  /** The rows. */
  readonly sql: string;
  /** The concepts that they name. */
  readonly ids: string;
  readonly paths: readonly string[];
}

/** Where an import works, and what it may use. */
interface Room {
  readonly staged: string;
  readonly dataset: string;
  /** Bytes that DuckDB may use. */
  readonly bytes: number;
}

/** Is a row of the table concept one that a code can come from. */
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
    this.tell(await this.count());
    refuseLosses(this.found.path, this.notes, this.options.strict);
    await this.metadata();
    await this.sort(COLUMNS.filter((name) => columns.has(name)));
    return { dataset: this.room.dataset, notes: this.notes };
  }

  async survey(): Promise<{ readonly notes: readonly Note[]; readonly prefixes: readonly CodePrefix[] }> {
    await this.begin();
    const counted: Counted[] = [];
    const prefixes = new Map<string, CodePrefix>();
    for await (const { name, sql, paths } of this.kinds()) {
      const midnight = "epoch_us(time) % 86400000000 = 0";
      const rows = await this.duck.rows<Counted & { prefix: string | null; timed: bigint; midnight: bigint }>(
        // `whole` is no figure of ours: a wrong value anywhere ends a conversion, so that all are asked for.
        `SELECT ${literal(name)} AS event, how, split_part(code, '/', 1) AS prefix, ${COUNTED}, count(time) AS timed,
           count(*) FILTER (WHERE ${midnight}) AS midnight,
           bit_xor(hash(${["subject_id", ...COLUMNS].map((column) => `"${column}"`).join(", ")})) AS whole
         FROM (${sql}) GROUP BY ALL ORDER BY ALL`,
        paths,
      );
      for (const how of new Set(rows.map((row) => row.how))) counted.push(summed(rows.filter((row) => row.how === how)));
      for (const { prefix, ...row } of rows) {
        if (prefix === null) continue;
        const before = prefixes.get(prefix);
        const sum = (member: "rows" | "timed" | "midnight") => (before?.[member] ?? 0) + Number(row[member]);
        prefixes.set(prefix, { prefix, rows: sum("rows"), timed: sum("timed"), midnight: sum("midnight") });
      }
    }
    await this.concepts.check(this.layers);
    const periods = await this.periods();
    if (periods !== undefined) await this.duck.run(`SELECT bit_xor(hash(COLUMNS(*))) FROM (${periods.sql})`, periods.paths);
    await this.about();
    const ways = new Map<string, Counted[]>();
    for (const part of counted) {
      const way = `${part.event} ${part.how}`;
      ways.set(way, [...(ways.get(way) ?? []), part]);
    }
    this.tell([...ways.values()].map(summed).sort((a, b) => (a.event === b.event ? a.how - b.how : a.event < b.event ? -1 : 1)));
    const order = (a: CodePrefix, b: CodePrefix) => b.rows - a.rows || Buffer.compare(Buffer.from(a.prefix), Buffer.from(b.prefix));
    return { notes: this.notes, prefixes: [...prefixes.values()].sort(order) };
  }

  private async begin(): Promise<void> {
    this.report("plan");
    // Tables are written in the order of their rows only at the end.
    await this.duck.run("SET preserve_insertion_order = false");
    // The vocabulary's tables are known already.
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
    // Without a vocabulary an option alone decides what codes are.
    const { several, differing } = await this.concepts.load(
      this.layers,
      many ? "SELECT id FROM used" : null,
      conceptIds,
      !(empty && keepUnmapped),
    );
    this.note("warning", "concepts that stand in the table concept with several codes: the last counts", several);
    this.note(
      "warning",
      "concepts that are in several vocabularies with different codes or names: the first counts (the own table concept, then each vocabulary in order)",
      differing,
    );
    this.note(
      "warning",
      "persons that stand in the table person more than once: every row gives them events, a birth among them",
      await this.twice(),
    );
  }

  /** Does any row of these files meet a condition? */
  private async any(readings: readonly Reading[], condition: (reading: Reading) => string): Promise<boolean> {
    for (const reading of readings) {
      const rows = await this.duck.rows(`SELECT 1 FROM ${reading.from} WHERE ${condition(reading)} LIMIT 1`, reading.paths);
      if (rows.length > 0) return true;
    }
    return false;
  }

  /** Throws where rows need a vocabulary: those of persons and deaths do not. */
  private async needVocabulary(): Promise<void> {
    const why = this.layers.some(({ concept }) => concept.length > 0)
      ? "The vocabulary is missing: the table concept contains no concept but 0"
      : "The vocabulary is missing: there is no table concept";
    // In the order of the import, so that a column which is missing before is what is reported.
    for await (const { number } of this.kinds(false)) {
      const { table, code } = EVENTS[number]!;
      if (table !== "person" && code === undefined && (await this.any(await this.readings(table), () => "true"))) this.failVocabulary(why);
    }
  }

  private failVocabulary(why: string): never {
    const { path, others } = this.found;
    const near = others.find((name) => /concept|vocabulary|athena/i.test(name));
    const ways = [
      `Add it with vocabulary (--vocabulary DIR), such as the folder of an Athena download${near === undefined ? "" : `; ${near} may be a part of it`}`,
      "Or keep rows without it: with conceptIds (--concept-ids) codes are concept ids such as OMOP/320128, with keepUnmapped (--keep-unmapped) source values",
    ];
    fail("MEDS_NO_VOCABULARY", `${path}: ${why}. ${ways.join(". ")}.`, path);
  }

  /** Counts the rows that were left out of CSV files among those that a table loses. */
  private countBadRows(): void {
    const vocabularies = VOCABULARY_TABLES.map(
      (table) => [table, this.layers.flatMap((layer) => layer[table].flatMap(({ paths }) => paths))] as const,
    );
    const own = [...this.found.tables].map(([table, found]) => [table, "paths" in found ? found.paths : []] as const);
    for (const [table, paths] of new Map([...own, ...vocabularies])) {
      const files = paths.filter((path) => isCsv(path) && this.duck.csv.has(path)).map((path) => this.duck.csv.of(path));
      const dropped = files.reduce((sum, file) => sum + file.dropped, 0);
      const rows = files.reduce((sum, file) => sum + file.rows, dropped);
      this.losses.dropped(table, rows, dropped, "do not have as many fields as the header");
    }
  }

  /** How many persons stand in the table person more than once. */
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

  /** Makes the table `used (id)`: the concepts that events name. It costs a pass over all tables. */
  private async use(): Promise<void> {
    await this.duck.run("CREATE TEMP TABLE used (id BIGINT)");
    for await (const { ids, paths } of this.kinds(false)) {
      await this.duck.run(
        `INSERT INTO used SELECT DISTINCT id FROM (${ids}) WHERE id IS NOT NULL AND id NOT IN (SELECT id FROM used)`,
        paths,
      );
    }
  }

  /** Writes the events of every table, unsorted; gives the columns that they have. */
  private async stage(): Promise<ReadonlySet<string>> {
    const columns = new Set<string>();
    for await (const kind of this.kinds()) {
      for (const name of kind.columns) columns.add(name);
      await this.duck.run(
        `COPY (SELECT *, ${literal(kind.name)} AS event FROM (${kind.sql})) TO ${literal(join(this.room.staged, `${kind.number}-${kind.part}.parquet`))} (FORMAT parquet, ROW_GROUP_SIZE 20480, ROW_GROUP_SIZE_BYTES ${GROUP_BYTES})`,
        kind.paths,
      );
    }
    return columns;
  }

  /** The kinds of events that the tables give, table by table: their rows as SQL, and the columns that these can have a value in. */
  private async *kinds(counts = true): AsyncGenerator<Kind> {
    for (const table of EVENT_TABLES) {
      const of = await this.readings(table);
      for (const [number, event] of EVENTS.entries()) {
        if (event.table !== table || of.length === 0) continue;
        // EHRSHOT's visits, for one, say nothing of where patients were discharged to.
        if (event.older !== undefined && !of.some((reading) => reading.has(event.concept!) || reading.has(event.older!))) continue;
        for (let at = 0; at < of.length; at += TOGETHER) {
          const some = of.slice(at, at + TOGETHER);
          const columns = some.flatMap((reading) => columnsOf(event, reading, this.options));
          const sql = some.map((reading) => eventSql(event, reading, this.options)).join(" UNION ALL ");
          const ids = some.map((reading) => conceptIdsSql(event, reading)).join(" UNION ALL ");
          const paths = some.flatMap((reading) => reading.paths);
          yield { number, part: at, name: nameOf(event), columns, sql, ids, paths };
        }
      }
      if (!counts) continue;
      this.done += this.found.tables.get(table)?.bytes ?? 0;
      this.report("measure");
    }
  }

  /** Of each kind of event its rows, by how they came by their codes. */
  private count(): Promise<Counted[]> {
    return this.duck.rows<Counted>(
      `SELECT event, how, ${COUNTED}
       FROM ${this.events} GROUP BY event, how ORDER BY event, how`,
    );
  }

  private note(kind: string, message: string, count: number | bigint): void {
    if (Number(count) > 0) this.notes.push({ kind, message, count: Number(count) });
  }

  /** Says what was dropped and what was changed; first of all, which tables lose much. */
  private tell(counted: readonly Counted[]): void {
    const { keepUnmapped, conceptIds } = this.options;
    const { rows, covered: having, example } = covered(counted);
    if (!keepUnmapped && !conceptIds && having * 100n < rows)
      this.failVocabulary(
        `The vocabulary that these tables need is missing: the table concept${this.layers.length > 1 ? " and the given vocabularies contain" : " contains"} the concepts of ${having} of the ${rows} rows that name one, and not ${example}, for example`,
      );
    countLosses(counted, this.options, this.losses);
    this.notes.unshift(...this.losses.notes());
    this.notes.push(...notesOf(counted, this.options));
    const { tables, others, hidden } = this.found;
    const present = (name: string) =>
      tables.has(name) || VOCABULARY_TABLES.some((one) => one === name && this.layers.some((layer) => layer[one].length > 0));
    const missing = [...EVENT_TABLES, ...OTHER_TABLES].filter((name) => !present(name));
    this.note("warning", `tables that are not there: ${missing.join(", ")}`, missing.length);
    this.note("skipped", `files that give no events, such as ${others[0]}`, others.length);
    this.note(
      "skipped",
      `files that are not read because names that begin with _ or a dot are left out, such as ${hidden[0]}`,
      hidden.length,
    );
  }

  /** Writes the metadata folder: codes, what the source says of itself, and the spans in which each person was observed. */
  private async metadata(): Promise<void> {
    const at = (name: string) => join(this.room.dataset, "metadata", name);
    await this.concepts.writeCodes(this.layers, this.events, at("codes.parquet"));
    const periods = await this.periods();
    if (periods !== undefined) {
      const sql = `SELECT * FROM (${periods.sql}) ORDER BY ALL`;
      await this.duck.run(`COPY (${sql}) TO ${literal(at("observation_period.parquet"))} (FORMAT parquet)`, periods.paths);
    }
    const about = await this.about();
    writeFileSync(at("dataset.json"), `${JSON.stringify(about, null, 2)}\n`);
    const origin = await this.options.origin;
    if (origin !== undefined) writeFileSync(at(ORIGIN), origin);
  }

  /** The spans in which each person was observed, as SQL. */
  private async periods(): Promise<{ readonly sql: string; readonly paths: readonly string[] } | undefined> {
    const of = await this.readings("observation_period");
    if (of.length === 0) return undefined;
    const rows = of.map((reading) => {
      const [start, end] = ["observation_period_start_date", "observation_period_end_date"].map((name) => reading.need(name));
      return `SELECT ${reading.integer(reading.need("person_id"))} AS subject_id, ${reading.time(start!, false)} AS start,
        ${reading.time(end!, true)} AS "end", ${reading.integer("period_type_concept_id")} AS period_type_concept_id FROM ${reading.from}`;
    });
    return { sql: rows.join(" UNION ALL "), paths: of.flatMap(({ paths }) => paths) };
  }

  /** What `dataset.json` says, from the table cdm_source. */
  private async about(): Promise<object> {
    const rows: { name: string | null; version: string | null }[] = [];
    for (const reading of await this.readings("cdm_source")) {
      const sql = `SELECT ${reading.text("cdm_source_name")} AS name, ${reading.text("cdm_release_date")} AS version FROM ${reading.from} ORDER BY ALL`;
      rows.push(...(await this.duck.rows<(typeof rows)[number]>(sql, reading.paths)));
    }
    const joined = (values: readonly (string | null)[]) => values.filter((value) => value !== null).join("|");
    return {
      dataset_name: joined(rows.map(({ name }) => name)),
      dataset_version: joined(rows.map(({ version }) => version)),
      etl_name: "meds-reader omop",
      meds_version: "0.4.0",
    };
  }

  /** Writes the events in order: as meds_etl has it by subject, time and code; equal ones by their other values, so that equal sources give equal bytes. */
  private async sort(columns: readonly string[]): Promise<void> {
    this.report("sort");
    await this.duck.run("SET preserve_insertion_order = true");
    const names = columns.map((name) => `"${name}"`).join(", ");
    const spans = await this.spans();
    if (spans.length > 1) await this.duck.run("SET threads = 1");
    for (const [i, span] of spans.entries()) {
      const out = literal(join(this.room.dataset, "data", `${String(i).padStart(5, "0")}.parquet`));
      await this.duck.run(
        `COPY (SELECT subject_id, time, code, ${names} FROM ${this.events} WHERE code IS NOT NULL AND ${span}
           ORDER BY subject_id, time NULLS FIRST, code, hash(${names})) TO ${out} (FORMAT parquet, ROW_GROUP_SIZE ${spans.length > 1 ? 8192 : 61440})`,
      );
    }
    rmSync(this.room.staged, { recursive: true });
  }

  /**
   * Spans of subjects, as SQL, that are sorted one after the other: one for all, unless there is much text. DuckDB spills what it sorts, but holds 2,048 rows of
   * every run that it merges, on every thread, and those of notes are large. Each span costs a pass over the events.
   */
  private async spans(): Promise<string[]> {
    const most = Math.floor(this.room.bytes / 4);
    const [all] = await this.duck.rows<{ bytes: bigint | null }>(
      `SELECT CAST(sum(total_uncompressed_size) AS BIGINT) AS bytes FROM parquet_metadata(${literal(this.staged)})
       WHERE path_in_schema = 'text_value'`,
    );
    if ((all?.bytes ?? 0n) <= most) return ["true"];
    const ends = await this.duck.rows<{ last: bigint }>(
      `SELECT max(subject_id) AS last FROM (
         SELECT subject_id, floor(sum(bytes) OVER (ORDER BY subject_id) / ${most}) AS span
         FROM (SELECT subject_id, coalesce(sum(strlen(text_value)), 0) AS bytes FROM ${this.events} WHERE code IS NOT NULL GROUP BY subject_id)
       ) GROUP BY span ORDER BY last`,
    );
    const id = (value: bigint) => `CAST('${value}' AS BIGINT)`;
    return ends.map(({ last }, i) =>
      i === 0 ? `subject_id <= ${id(last)}` : `subject_id > ${id(ends[i - 1]!.last)} AND subject_id <= ${id(last)}`,
    );
  }

  /** A pattern of the files of events that are not sorted yet. */
  private get staged(): string {
    return join(escaped(this.room.staged), "*.parquet");
  }

  private get events(): string {
    return parquetLike([this.staged]);
  }

  /** Looked at once a table: a compressed file is read to its end for it. */
  private readings(table: string): Promise<Reading[]> {
    const known = this.known.get(table) ?? readingsOf(this.duck, this.found, table, this.options.signal);
    this.known.set(table, known);
    return known;
  }

  private report(phase: Progress["phase"]): void {
    this.options.onProgress?.({ phase, done: 0, total: 0, bytes: this.done, bytesTotal: this.found.bytes });
  }
}
