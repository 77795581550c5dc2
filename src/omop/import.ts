// An OMOP folder as a MEDS dataset, in two steps: the events of each table, unsorted, then all of them in order. DuckDB holds what fits and spills the rest.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { CodePrefix } from "../inspect.js";
import { withIo } from "../io.js";
import type { Note } from "../manifest.js";
import type { Progress, WorkOptions } from "../native.js";
import { Concepts, type Ladders } from "./concepts.js";
import { Duck, literal, parquet } from "./duck.js";
import { COLUMNS, columnsOf, conceptIdsSql, eventSql, HOW } from "./events.js";
import { findTables, isCsv, ORIGIN } from "./files.js";
import { readings } from "./readings.js";
import type { Reading } from "./sql.js";
import { EVENT_TABLES, EVENTS, OTHER_TABLES } from "./tables.js";

/** How to import. */
export interface ImportOptions extends WorkOptions {
  readonly keepUnmapped: boolean;
  readonly skipBadRows: boolean;
  /** What {@link originOf} gave: kept beside the codes, so that a store says what it was made of. None is kept where none is given. */
  readonly origin: string | undefined;
  readonly memory?: number | undefined;
  readonly threads?: number | undefined;
}

/** What an import made. */
export interface Imported {
  /** The MEDS dataset. */
  readonly dataset: string;
  /** Bytes of the tables' files. */
  readonly bytes: number;
  readonly notes: readonly Note[];
}

const MEMORY = 512 * 2 ** 20;
/** Bytes of the table of concepts beyond which only those are held that events name. */
const MANY = 8 * 2 ** 20;
/** What DuckDB is given at least: with less it cannot sort notes of some kilobytes. */
const LEAST = 128 * 2 ** 20;
/** DuckDB needs some buffers a thread whatever its limit says. */
const THREAD_BYTES = 96 * 2 ** 20;
/** Bytes of a row group of unsorted events: sorting them, DuckDB spills its own blocks and not what it reads, of which notes are most. */
const GROUP_BYTES = 4 * 2 ** 20;

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
  for (const folder of [staged, join(work, "spill"), join(dataset, "data"), join(dataset, "metadata")])
    mkdirSync(folder, { recursive: true });
  // Less than half of the limit: as much again, and more now and then, goes to Node and to what DuckDB does not count, the buffers of readers and writers.
  const bytes = Math.max(LEAST, Math.floor((options.memory ?? MEMORY) * 0.4));
  const threads = Math.max(1, Math.min(options.threads || availableParallelism(), Math.floor(bytes / THREAD_BYTES)));
  const { skipBadRows, signal } = options;
  const duck = await Duck.open({ bytes, threads, folder: join(work, "spill"), skipBadRows }, signal);
  try {
    return await use(new Import(source, staged, dataset, duck, bytes, options));
  } finally {
    duck.close();
  }
}

interface Counted {
  readonly event: string;
  readonly how: number;
  readonly rows: bigint;
  readonly untimed: bigint;
  readonly example: bigint | null;
}

interface Kind {
  readonly number: number;
  readonly name: string;
  readonly columns: readonly string[];
  /** The rows. */
  readonly sql: string;
  /** The concepts that they name. */
  readonly ids: string;
  readonly paths: readonly string[];
}

/** Counts of one kind of event that came by their codes in one way. */
function summed(parts: readonly Counted[]): Counted {
  const { event, how } = parts[0]!;
  const sum = (member: "rows" | "untimed") => parts.reduce((total, part) => total + part[member], 0n);
  const examples = parts.flatMap(({ example }) => example ?? []);
  const example = examples.reduce<bigint | null>((least, one) => (least === null || one < least ? one : least), null);
  return { event, how, rows: sum("rows"), untimed: sum("untimed"), example };
}

class Import {
  private readonly notes: Note[] = [];
  private readonly found: ReturnType<typeof findTables>;
  private readonly staged: string;
  private readonly dataset: string;
  private readonly duck: Duck;
  /** Bytes that DuckDB may use. */
  private readonly limit: number;
  private readonly options: ImportOptions;
  private readonly concepts: Concepts;
  private readonly bytes: number;
  private readonly known = new Map<string, Promise<Reading[]>>();
  private done = 0;

  constructor(source: string, staged: string, dataset: string, duck: Duck, limit: number, options: ImportOptions) {
    this.limit = limit;
    this.staged = staged;
    this.dataset = dataset;
    this.duck = duck;
    this.concepts = new Concepts(duck, join(staged, ".."));
    this.options = options;
    this.found = withIo(source, () => findTables(source));
    this.bytes = [...this.found.tables.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  async run(): Promise<Imported> {
    await this.begin();
    const columns = await this.stage();
    this.tell(await this.count());
    await this.metadata();
    await this.sort(COLUMNS.filter((name) => columns.has(name)));
    return { dataset: this.dataset, bytes: this.bytes, notes: this.notes };
  }

  async survey(): Promise<{ readonly notes: readonly Note[]; readonly prefixes: readonly CodePrefix[] }> {
    await this.begin();
    const counted: Counted[] = [];
    const prefixes = new Map<string, CodePrefix>();
    for await (const { name, sql, paths } of this.kinds()) {
      const midnight = "epoch_us(time) % 86400000000 = 0";
      const rows = await this.duck.rows<Counted & { prefix: string | null; timed: bigint; midnight: bigint }>(
        // `whole` is no figure of ours: a wrong value anywhere ends a conversion, so that all are asked for.
        `SELECT ${literal(name)} AS event, how, split_part(code, '/', 1) AS prefix, count(*) AS rows, count(time) AS timed,
           count(*) FILTER (WHERE ${midnight}) AS midnight, count(*) FILTER (WHERE time IS NULL AND code IS NOT NULL) AS untimed, min(missing) AS example,
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
    await this.concepts.check(await this.ladders());
    const periods = await this.periods();
    if (periods !== undefined) await this.duck.run(`SELECT bit_xor(hash(COLUMNS(*))) FROM (${periods.sql})`, periods.paths);
    await this.about();
    this.tell(counted.sort((a, b) => (a.event === b.event ? a.how - b.how : a.event < b.event ? -1 : 1)));
    const order = (a: CodePrefix, b: CodePrefix) => b.rows - a.rows || Buffer.compare(Buffer.from(a.prefix), Buffer.from(b.prefix));
    return { notes: this.notes, prefixes: [...prefixes.values()].sort(order) };
  }

  private async begin(): Promise<void> {
    this.report("plan");
    // Tables are written in the order of their rows only at the end.
    await this.duck.run("SET preserve_insertion_order = false");
    // All files before any work is done with one: they are read on all threads, and what is wrong in them is known early.
    await this.duck.csv.look([...this.found.tables.values()].flatMap(({ paths }) => paths.filter(isCsv)));
    for (const table of [...this.found.tables.keys()].sort()) await this.readings(table);
    this.notes.push(...this.duck.notes);
    const many = (this.found.tables.get("concept")?.bytes ?? 0) > MANY;
    if (many) await this.use();
    const several = await this.concepts.load(await this.readings("concept"), many ? "SELECT id FROM used" : null);
    this.note("warning", "concepts that stand in the table concept with several codes: the last counts", several);
    this.note(
      "warning",
      "persons that stand in the table person more than once: every row gives them events, a birth among them",
      await this.twice(),
    );
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
        `COPY (SELECT *, ${literal(kind.name)} AS event FROM (${kind.sql})) TO ${literal(join(this.staged, `${kind.number}.parquet`))} (FORMAT parquet, ROW_GROUP_SIZE 20480, ROW_GROUP_SIZE_BYTES ${GROUP_BYTES})`,
        kind.paths,
      );
    }
    return columns;
  }

  /** The kinds of events that the tables give, table by table: their rows as SQL, and the columns that these can have a value in. */
  private async *kinds(counts = true): AsyncGenerator<Kind> {
    for (const table of EVENT_TABLES) {
      const of = await this.readings(table);
      const paths = of.flatMap((reading) => reading.paths);
      for (const [number, event] of EVENTS.entries()) {
        if (event.table !== table || of.length === 0) continue;
        // EHRSHOT's visits, for one, say nothing of where patients were discharged to.
        if (event.older !== undefined && !of.some((reading) => reading.has(event.concept!) || reading.has(event.older!))) continue;
        const columns = of.flatMap((reading) => columnsOf(event, reading));
        const sql = of.map((reading) => eventSql(event, reading, this.options.keepUnmapped)).join(" UNION ALL ");
        const ids = of.map((reading) => conceptIdsSql(event, reading)).join(" UNION ALL ");
        yield { number, name: `${event.table}${event.concept === undefined ? "" : `.${event.concept}`}`, columns, sql, ids, paths };
      }
      if (!counts) continue;
      this.done += this.found.tables.get(table)?.bytes ?? 0;
      this.report("measure");
    }
  }

  /** Of each kind of event its rows, by how they came by their codes. */
  private count(): Promise<Counted[]> {
    return this.duck.rows<Counted>(
      `SELECT event, how, count(*) AS rows, count(*) FILTER (WHERE time IS NULL AND code IS NOT NULL) AS untimed, min(missing) AS example
       FROM ${this.events} GROUP BY event, how ORDER BY event, how`,
    );
  }

  private note(kind: string, message: string, count: number | bigint): void {
    if (Number(count) > 0) this.notes.push({ kind, message, count: Number(count) });
  }

  /** Says what was dropped and what was changed. */
  private tell(counted: readonly Counted[]): void {
    const note = this.note.bind(this);
    for (const { event, how, rows, untimed, example } of counted) {
      const such = example === null ? "" : `, such as ${example}`;
      if (how === HOW.standard)
        note(
          "converted",
          `rows of ${event} whose source concept is not in the table concept${such}: their standard concept gives the code`,
          rows,
        );
      if (how === HOW.unmapped && this.options.keepUnmapped)
        note("converted", `rows of ${event} whose concept is 0 or not in the table concept${such}: their code is UNMAPPED/…`, rows);
      if (how === HOW.unmapped && !this.options.keepUnmapped)
        note(
          "skipped",
          `rows of ${event} whose concept is 0 or not in the table concept${such}; keepUnmapped (--keep-unmapped) keeps them`,
          rows,
        );
      if (how === HOW.nothing) note("skipped", `rows of ${event} that name neither a concept nor a source value`, rows);
      note("warning", `rows of ${event} without a time: they became static`, untimed);
    }
    const { tables, others, hidden } = this.found;
    const missing = [...EVENT_TABLES, ...OTHER_TABLES].filter((name) => !tables.has(name));
    note("warning", `tables that are not there: ${missing.join(", ")}`, missing.length);
    note("skipped", `files that give no events, such as ${others[0]}`, others.length);
    note("skipped", `files that are not read because names that begin with _ or a dot are left out, such as ${hidden[0]}`, hidden.length);
  }

  /** Writes the metadata folder: codes, what the source says of itself, and the spans in which each person was observed. */
  private async metadata(): Promise<void> {
    const at = (name: string) => join(this.dataset, "metadata", name);
    await this.concepts.writeCodes(await this.ladders(), this.events, at("codes.parquet"));
    const periods = await this.periods();
    if (periods !== undefined) {
      const sql = `SELECT * FROM (${periods.sql}) ORDER BY ALL`;
      await this.duck.run(`COPY (${sql}) TO ${literal(at("observation_period.parquet"))} (FORMAT parquet)`, periods.paths);
    }
    const about = await this.about();
    writeFileSync(at("dataset.json"), `${JSON.stringify(about, null, 2)}\n`);
    if (this.options.origin !== undefined) writeFileSync(at(ORIGIN), this.options.origin);
  }

  private async ladders(): Promise<Ladders> {
    return { relationship: await this.readings("concept_relationship"), ancestor: await this.readings("concept_ancestor") };
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
      const out = literal(join(this.dataset, "data", `${String(i).padStart(5, "0")}.parquet`));
      await this.duck.run(
        `COPY (SELECT subject_id, time, code, ${names} FROM ${this.events} WHERE code IS NOT NULL AND ${span}
           ORDER BY subject_id, time NULLS FIRST, code, hash(${names})) TO ${out} (FORMAT parquet, ROW_GROUP_SIZE ${spans.length > 1 ? 8192 : 61440})`,
      );
    }
    rmSync(this.staged, { recursive: true });
  }

  /**
   * Spans of subjects, as SQL, that are sorted one after the other: one for all, unless there is much text. DuckDB spills what it sorts, but holds 2,048 rows of
   * every run that it merges, on every thread, and those of notes are large. Each span costs a pass over the events.
   */
  private async spans(): Promise<string[]> {
    const most = Math.floor(this.limit / 4);
    const [all] = await this.duck.rows<{ bytes: bigint | null }>(
      `SELECT CAST(sum(total_uncompressed_size) AS BIGINT) AS bytes FROM parquet_metadata(${literal(join(this.staged, "*.parquet"))})
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

  private get events(): string {
    return parquet([join(this.staged, "*.parquet")]);
  }

  /** Looked at once a table: a compressed file is read to its end for it. */
  private readings(table: string): Promise<Reading[]> {
    const files = this.found.tables.get(table);
    const known = this.known.get(table) ?? (files === undefined ? Promise.resolve([]) : readings(this.duck, files, this.options.signal));
    this.known.set(table, known);
    return known;
  }

  private report(phase: Progress["phase"]): void {
    this.options.onProgress?.({ phase, done: 0, total: 0, bytes: this.done, bytesTotal: this.bytes });
  }
}
