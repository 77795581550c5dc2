import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { indexIn, type Members, slotsOf } from "../cohort/members.js";
import type { Cohort } from "../database/cohort.js";
import type { Instruction } from "../instructions/instruction.js";
import { Instructions } from "../instructions/instructions.js";
import { type LabelRow, Labels } from "../labels/labels.js";
import { cancelled } from "../passes/run.js";
import { serve } from "../passes/serve.js";
import { Threads } from "../passes/threads.js";
import { samples } from "../samples/samples.js";
import type { SampleReport } from "../samples/selection.js";
import { exactIds, failUnknown, type SubjectId } from "../store/ids.js";
import { startWorker } from "../store/package-files.js";
import { conflict, expected, INT32_MAX } from "../support/arguments.js";
import { shownAs } from "../support/inspect.js";
import { withIo } from "../support/io.js";
import type { AbortSignalLike } from "../support/signal.js";
import { type FormatName, loadedPlan, ownFunctionIn, textPlanOf } from "../text/options.js";
import { Sink } from "../text/sink.js";
import type { TextFacts } from "../text/text.js";
import { LabelText } from "./label-text.js";
import { partsOf, type TextsOptions } from "./options.js";
import {
  listOf,
  settingOf,
  type TextFiles,
  type TextJob,
  type TextList,
  type TextSetting,
  type WrittenTexts,
  writerOf,
} from "./text-list.js";

/** Rows and texts of a job, about: so that a thread has enough to do, and holds little. */
const ROWS = 10_000;
const MOST = 64;
/** The least memory of a job, in bytes. */
const LEAST = 1 << 20;
/** Jobs per thread that are in progress or ready. */
const AHEAD = 2;

/** What a text is of. */
export interface TextOf {
  readonly subjectId: bigint;
  readonly cutoff: bigint | null;
  readonly label: LabelRow | null;
  readonly instruction: Instruction | null;
}

/** What a text that became a file says of itself. */
export interface FileFacts extends TextFacts {
  /** In bytes. */
  readonly size: number;
}

/**
 * What is written: labels; instructions; subject ids (with the option `at` as of one time); or all patients, where it is
 * undefined.
 */
export type TextSource = Labels | Instructions | Iterable<SubjectId>;

/**
 * Texts of patients, in the order of the labels or ids; {@link texts} makes it. Each loop writes them anew. A slow loop
 * slows the threads down: few texts wait for it.
 */
export class Texts implements AsyncIterable<LabelText> {
  /** Number of texts. */
  readonly size: number;
  /** Labels that are left out, and why; null without labels. */
  readonly report: SampleReport | null;

  /** @internal Writes texts in a worker thread. */
  static _serve(setting: TextSetting): void {
    let run: Promise<(job: TextJob) => WrittenTexts> | undefined;
    serve(async (job: TextJob) => {
      run ??= runner(listOf(setting));
      return (await run)(job);
    });
  }

  /** @internal */
  constructor(
    private readonly list: TextList,
    private readonly threads: number,
    /** @internal */
    readonly _signal: AbortSignalLike | undefined,
    /** By label. */
    private readonly instructions: readonly Instruction[] | null = null,
  ) {
    this.size = list.index.length;
    this.report = list.samples?.report ?? null;
  }

  /** @internal */
  get _format(): FormatName {
    const { format } = this.list.plan;
    return typeof format === "string" ? format : "own";
  }

  /**
   * The texts.
   *
   * @throws MedsError `MEDS_BUDGET` for a text whose required sections have no room; `MEDS_PASS_FAILED` where a section
   * or format of the caller's own fails; `MEDS_CANCELLED`; `MEDS_CLOSED`.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<LabelText, void, undefined> {
    for await (const texts of this.run((job, written) => this.labelled(job, written))) {
      for (const text of texts) {
        this.check();
        yield text;
      }
    }
  }

  /**
   * @internal Writes a file per text into a folder, and yields what each says of itself. The threads write the files:
   * no text comes to this one. `path` is what errors name.
   */
  async *_files(folder: string, path: string, nameOf: (of: TextOf) => string): AsyncGenerator<FileFacts, void, undefined> {
    const filesOf = ({ from, to }: TextJob): TextFiles => ({
      folder,
      path,
      names: Array.from({ length: to - from }, (_, i) => nameOf(this.of(from + i))),
    });
    for await (const { ends, facts } of this.run((_, written) => written, filesOf)) {
      this.check();
      for (const [i, fact] of facts.entries()) yield { ...fact, size: ends[i]! - (i === 0 ? 0 : ends[i - 1]!) };
    }
  }

  /** Runs the jobs, and yields what `read` makes of each, in order. Their memory is used again then. */
  private async *run<T>(
    read: (job: TextJob, written: WrittenTexts) => T,
    filesOf?: (job: TextJob) => TextFiles,
  ): AsyncGenerator<T, void, undefined> {
    const jobs = jobsOf(this.list);
    const whole = (job: TextJob, memory?: ArrayBuffer): TextJob => ({
      ...job,
      ...(memory === undefined ? {} : { memory }),
      ...(filesOf === undefined ? {} : { files: filesOf(job) }),
    });
    this.check();
    if (this.threads === 0) {
      const run = await runner(this.list);
      let memory: ArrayBuffer | undefined;
      for (const job of jobs) {
        const written = run(whole(job, memory));
        memory = written.bytes.buffer as ArrayBuffer;
        yield read(job, written);
      }
      return;
    }
    const setting = settingOf(this.list);
    const threads = new Threads<TextJob, WrittenTexts>({
      count: Math.min(this.threads, jobs.length),
      ahead: AHEAD,
      start: () => startWorker("worker.js", { workerData: setting }),
    });
    const asked: Promise<WrittenTexts>[] = [];
    const ask = (job: TextJob | undefined, memory?: ArrayBuffer): void => {
      if (job === undefined) return;
      const answer = threads.run(whole(job, memory), memory === undefined ? [] : [memory]);
      // An error is thrown when its texts are due.
      answer.catch(() => {});
      asked.push(answer);
    };
    let next = 0;
    let abort = (): void => {};
    const ends = new Promise<never>((_, reject) => {
      abort = () => reject(cancelled(this._signal));
    });
    this._signal?.addEventListener("abort", abort);
    ends.catch(() => {});
    try {
      while (next < this.threads * AHEAD) ask(jobs[next++]);
      for (const job of jobs) {
        const written = await Promise.race([asked.shift()!, ends]);
        const result = read(job, written);
        ask(jobs[next++], written.bytes.buffer as ArrayBuffer);
        yield result;
      }
    } finally {
      this._signal?.removeEventListener("abort", abort);
      await threads.end();
    }
  }

  /** All texts at once, as an array. */
  async toArray(): Promise<LabelText[]> {
    const all: LabelText[] = [];
    for await (const text of this) all.push(text);
    return all;
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return shownAs("Texts", { size: this.size, format: this._format });
  }

  private labelled({ from }: TextJob, { bytes, ends, facts }: WrittenTexts): LabelText[] {
    return facts.map((fact, i) => {
      const { subjectId, cutoff, label, instruction } = this.of(from + i);
      // Copies are garbage that V8 counts, unlike memory that comes from another thread.
      const content = bytes.slice(i === 0 ? 0 : ends[i - 1]!, ends[i]!);
      return new LabelText(subjectId, cutoff, label, instruction, { content, ...fact });
    });
  }

  private of(text: number): TextOf {
    const { store, index, samples: list } = this.list;
    const row = list === null ? -1 : list._label[text]!;
    return {
      subjectId: store.ids[index[text]!]!,
      cutoff: list === null ? null : list._cutoff[text]!,
      label: row < 0 ? null : list!.labels!.at(row)!,
      instruction: this.instructions?.[row] ?? null,
    };
  }

  private check(): void {
    if (this._signal?.aborted) throw cancelled(this._signal);
    this.list.store.check();
  }
}

/** The texts of a list, cut into jobs of about the same number of rows, in order. */
function jobsOf({ store, index }: TextList): TextJob[] {
  const jobs: TextJob[] = [];
  let [from, rows] = [0, 0];
  for (let i = 0; i < index.length; i += 1) {
    const own = store.eventsOf[index[i]!]!;
    if (i > from && (rows + own > ROWS || i - from === MOST)) {
      jobs.push({ from, to: i });
      [from, rows] = [i, 0];
    }
    rows += own;
  }
  if (from < index.length) jobs.push({ from, to: index.length });
  return jobs;
}

async function runner(list: TextList): Promise<(job: TextJob) => WrittenTexts> {
  const write = writerOf({ ...list, plan: await loadedPlan(list.plan) });
  return ({ from, to, memory, files }) => {
    const facts: TextFacts[] = [];
    const ends = new Float64Array(to - from);
    const sink = new Sink(memory ?? new ArrayBuffer(LEAST));
    let end = 0;
    for (let i = 0; i < ends.length; i += 1) {
      const { content, ...fact } = write(from + i);
      const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
      if (files === undefined) sink.addBytes(bytes);
      else withIo(files.path, () => writeFileSync(join(files.folder, files.names[i]!), bytes));
      facts.push(fact);
      end += bytes.length;
      ends[i] = end;
    }
    return { bytes: sink.take(), ends, facts };
  };
}

/**
 * Texts of patients: one per label or instruction, as of its time; or one per subject id or patient. Worker threads
 * write them, in order. Each text is that of {@link Timeline.toText}: nothing after its cut-off has an influence on it.
 * With the format `chat` an instruction is the question; its responses are in no text.
 *
 * @throws MedsError `MEDS_INVALID_ARGUMENT` for a wrong option; `MEDS_NOT_FOUND`; `MEDS_UNKNOWN_SUBJECT` for an id outside of `db`;
 * `MEDS_UNKNOWN_COLUMN`; `MEDS_MISSING_PACKAGE`; `MEDS_CLOSED`.
 * @example
 * ```ts
 * import { Labels, PatientDatabase, texts } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const labels = Labels.from([{ subjectId: db.at(0)!.subjectId, predictionTime: "2020-01-01", booleanValue: true }]);
 * for await (const { text, label, rowsLeftOut } of texts(db, labels, { times: { shiftTo: "2024-01-01" } }))
 *   console.log(text.length, label?.booleanValue, rowsLeftOut);
 * db.close();
 * ```
 */
export function texts<S extends object>(db: Cohort<S>, source?: TextSource, options?: TextsOptions): Texts {
  if (typeof db !== "object" || db === null || !("_store" in db)) expected("db", db, "a PatientDatabase or one of its cohorts");
  const { text, knowledge, at, threads, signal } = partsOf(options);
  const store = db._store;
  store.check();
  const plan = textPlanOf(store, text);
  const own = ownFunctionIn(plan);
  if (own !== null && threads !== undefined && threads > 0)
    conflict(
      `A function as ${own} cannot be sent to worker threads. Set \`threads: 0\`, or ${own === "`tokenizer`" ? "name a tokenizer" : "pass the URL of a module that exports it"}.`,
    );
  const count = own !== null ? 0 : (threads ?? availableParallelism());
  const timelines = source instanceof Instructions ? source.of(db) : null;
  const given = timelines?.labels ?? (source instanceof Labels ? source : null);
  if (given !== null && at !== undefined)
    conflict("`at` cannot be combined with labels or instructions, which have times. Remove one of them.");
  if (timelines !== null && text.chat?.question !== undefined)
    conflict("`chat.question` cannot be combined with instructions, which are the questions. Remove it.");
  const ids = given === null ? (source as Iterable<SubjectId> | undefined) : undefined;
  const labels = given ?? (at === undefined ? null : labelsAt(db, ids, at));
  if (labels !== null) {
    const list = samples(db, labels, { ...knowledge, maxLength: INT32_MAX });
    const instructions = timelines?._instructions ?? null;
    const asked = instructions?.map(({ id, text }) => ({ id, text })) ?? null;
    return new Texts({ store, plan, samples: list, index: list._index, instructions: asked }, count, signal, instructions);
  }
  const idle = Object.keys(knowledge)[0];
  if (idle !== undefined) conflict(`\`${idle}\` requires labels or \`at\`: the texts are those of whole patients. Remove \`${idle}\`.`);
  return new Texts({ store, plan, samples: null, index: indexesOf(db, ids), instructions: null }, count, signal);
}

/** Rows in patients.arrow. */
function indexesOf(db: Members, ids: Iterable<SubjectId> | undefined): Uint32Array {
  const store = db._store;
  if (ids === undefined) return Uint32Array.from(slotsOf(db), (slot) => store.indexOf[slot]!);
  return Uint32Array.from(exactIds([...ids], "the list of ids"), (id) => {
    const index = indexIn(db, id);
    return index < 0 ? failUnknown(`subject ${id}`, store.path) : index;
  });
}

function labelsAt(db: Members, ids: Iterable<SubjectId> | undefined, at: TextsOptions["at"]): Labels {
  const predictionTime = at!;
  return Labels.from(Array.from(indexesOf(db, ids), (index) => ({ subjectId: db._store.ids[index]!, predictionTime })));
}
