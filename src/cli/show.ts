import { Command } from "commander";
import { MedsError, type Patient, PatientDatabase, type Timeline } from "../index.js";
import { count, names, subjectId, texts, time } from "./arguments.js";
import { prefixes } from "./codes.js";
import { json, print } from "./format.js";
import { jsonOption } from "./options.js";
import { describeTimeline } from "./timeline.js";

interface Options {
  readonly until?: bigint;
  readonly last?: number;
  readonly code?: readonly string[];
  readonly columns?: readonly string[];
  readonly json?: boolean;
}

/** `meds-reader show STORE ID`. */
export function showCommand(): Command {
  return new Command("show")
    .summary("print the timeline of a patient")
    .description("Prints the timeline of a patient: dates, codes with descriptions, values with units, and the start of long texts.")
    .argument("<store>", "the store's folder")
    .argument("<id>", "the subject id", subjectId)
    .option(
      "--until <time>",
      "only rows at or before this time (UTC): 2012-05-17T13:30; or 2012-05-17, 2012-05 or 2012, which mean the start of that day, month or year; or microseconds since 1970-01-01 (more than 10 digits)",
      time,
    )
    .option("--code <prefix>", 'only rows whose code starts with this text ("LAB//" and "LAB//*" are the same); can be repeated', texts)
    .option("--last <n>", "only the last n rows, of those that --until and --code select", count)
    .option("--columns <names>", "also show these columns: names separated by commas", names)
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader show mimic.medsdb 10000032 --last 40
  meds-reader show mimic.medsdb 10000032 --until 2180-07-23T12:00 --code LAB// --columns hadm_id
  meds-reader show hashed.medsdb -4611686018427387904 --json`,
    )
    .action(run);
}

function run(store: string, id: bigint, options: Options): void {
  const db = PatientDatabase.open(store);
  try {
    const patient = db.get(id);
    if (patient === undefined) {
      throw new MedsError(
        "MEDS_UNKNOWN_SUBJECT",
        `${store}: Subject ${id} is not among the ${db.size} patients of this store. Check the id.`,
        {
          path: store,
        },
      );
    }
    for (const name of options.columns ?? []) patient.column(name);
    const window = choose(db, patient, options);
    print(
      options.json === true
        ? json(asData(db, patient, window, options.columns))
        : describeTimeline(db, patient, window, options.columns ?? []),
    );
  } finally {
    db.close();
  }
}

/** The rows to show: filtered by time, then by code, then the last of them. */
function choose(db: PatientDatabase, patient: Patient, { until, code, last }: Options): Timeline {
  let window: Timeline = patient;
  if (until !== undefined) window = window.until(until);
  if (code !== undefined) window = window.withCode(...prefixes(db, code));
  return last === undefined ? window : window.last(last);
}

/**
 * The rows for programs: times in microseconds since 1970-01-01, ids as text, and all columns unless some are
 * named.
 */
function asData(db: PatientDatabase, patient: Patient, window: Timeline, columns: readonly string[] | undefined) {
  const chosen = (columns ?? db.columns.map(({ name }) => name)).filter(
    (name) => name !== "time" && name !== "code" && name !== "numeric_value",
  );
  return {
    subjectId: patient.subjectId,
    split: patient.split,
    length: patient.length,
    staticCount: patient.staticCount,
    events: Array.from(window, (event) => ({
      ...Object.fromEntries(chosen.map((name) => [name, event.get(name)])),
      time: safe(event.timeMicros),
      code: event.code,
      description: db.codes.get(event.codeId)?.description ?? null,
      numeric_value: event.numericValue,
    })),
  };
}

/** A number if that is exact; otherwise a bigint, which becomes text. */
function safe(micros: bigint | null): number | bigint | null {
  return micros !== null && Number.isSafeInteger(Number(micros)) ? Number(micros) : micros;
}
