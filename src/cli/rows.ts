import { Command, Option } from "commander";
import { type Cohort, MedsError, PatientDatabase, type RowFormat, type WriteRowsOptions } from "../index.js";
import { count, names, texts, time } from "./arguments.js";
import { chosen } from "./codes.js";
import { cohortOf } from "./cohort.js";
import { json, plural, seconds } from "./format.js";
import { jsonOption, threadsOption } from "./options.js";
import { interruptible, visible } from "./report.js";

interface Options {
  readonly out: string;
  readonly format?: RowFormat;
  readonly code?: readonly string[];
  readonly from?: bigint;
  readonly until?: bigint;
  readonly static: boolean;
  readonly split?: string;
  readonly ids?: string;
  readonly columns?: readonly string[];
  readonly limit?: number;
  readonly threads: number;
  readonly json?: boolean;
}

/** The columns that are written besides `subject_id`, where none are named. */
const USUAL = ["time", "code", "numeric_value"];

/** `meds-reader rows STORE`. */
export function rowsCommand(): Command {
  return new Command("rows")
    .summary("write rows of many patients as Parquet, CSV or Arrow")
    .description(
      "Writes rows of many patients as one table, patient by patient in the order of the store: a Parquet, CSV or Arrow file, or CSV on stdout. About a million rows are in memory at a time.",
    )
    .argument("<store>", "the store's folder")
    .requiredOption("--out <path>", "the file, which is replaced: a path that ends in .parquet, .csv or .arrow; - is stdout (CSV)")
    .addOption(new Option("--format <name>", "the format, if the path does not say it").choices(["parquet", "csv", "arrow"]))
    .option(
      "--code <code>",
      'only rows with this code; "LAB//*" and "LAB//" mean every code that starts with LAB//; can be repeated',
      texts,
    )
    .option("--from <time>", "only rows at or after this time (UTC): 2012-05-17T13:30, 2012-05-17, 2012-05 or 2012; and static rows", time)
    .option("--until <time>", "only rows at or before this time; and static rows", time)
    .option("--no-static", "without static rows (rows without a time)")
    .option("--split <name>", "only patients in this split")
    .option("--ids <file>", "only patients in this file: one subject id per line, or the column subject_id of a .csv or .parquet file")
    .option("--columns <names>", `these columns: names separated by commas, or all (default: subject_id,${USUAL.join(",")})`, names)
    .option("--limit <n>", "only the first n rows", count)
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader rows mimic.medsdb --code "LAB//50912*" --out creatinine.parquet
  meds-reader rows mimic.medsdb --split train --until 2150 --columns all --out train.parquet --json
  meds-reader rows mimic.medsdb --ids patients.txt --from 2150 --no-static --threads 2 --out rows.dat --format arrow
  meds-reader rows mimic.medsdb --code MEDS_BIRTH --columns subject_id,time --limit 5 --out -`,
    )
    .action(run);
}

async function run(store: string, options: Options, command: Command): Promise<void> {
  const { from, until } = options;
  if (from !== undefined && until !== undefined && from > until)
    command.error("error: --from is a later time than --until. Exchange the two times");
  const start = performance.now();
  const db = PatientDatabase.open(store);
  try {
    const cohort = await cohortOf(db, options);
    const toStdout = options.out === "-";
    const { rows } = await interruptible((signal) =>
      cohort.writeRows(toStdout ? process.stdout : options.out, { ...choiceOf(db, cohort, options), format: options.format, signal }),
    );
    // The rows themselves are on stdout.
    const stream = toStdout ? process.stderr : process.stdout;
    const summary = { out: options.out, rows, seconds: (performance.now() - start) / 1000 };
    if (options.json === true) stream.write(`${json(summary)}\n`);
    else if (!toStdout) stream.write(`${plural(rows, "row")}\n  to     ${visible(options.out)}\n  time   ${seconds(summary.seconds)}\n`);
  } finally {
    db.close();
  }
}

/** The rows and columns that the options choose. */
function choiceOf(db: PatientDatabase, cohort: Cohort, options: Options): WriteRowsOptions {
  const { code, from, until, static: statics, limit, threads } = options;
  const { subjectIds } = cohort;
  const bound = (micros: bigint | undefined) => (micros === undefined ? undefined : new BigInt64Array(subjectIds.length).fill(micros));
  const isWhole = from === undefined && until === undefined && statics;
  const all = db.columns.map(({ name }) => name);
  const listed = options.columns ?? ["subject_id", ...USUAL.filter((name) => all.includes(name))];
  const columns = listed.length === 1 && listed[0] === "all" ? ["subject_id", ...all] : listed;
  // It would contain the numbers of the windows that this command makes.
  if (!isWhole && columns.includes("window"))
    throw new MedsError(
      "MEDS_INVALID_ARGUMENT",
      'The column "window" cannot be written together with --from, --until or --no-static. Name other columns in --columns.',
    );
  return {
    codes: code && chosen(db, code),
    windows: isWhole ? undefined : { subjectIds, start: bound(from), end: bound(until), static: statics },
    columns,
    limit,
    threads,
  };
}
