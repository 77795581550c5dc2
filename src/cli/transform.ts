import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  beforeBirthToBirth,
  billingToVisitEnd,
  icd10ToIcd10cm,
  midnightToDayEnd,
  type ReadyTransform,
  transform,
  visitStartToFirstEvent,
} from "../index.js";
import { count, texts } from "./arguments.js";
import { describe } from "./convert.js";
import { json, print } from "./format.js";
import {
  forceOption,
  jsonOption,
  memoryOption,
  progressOption,
  type StoreOptions,
  shardBytesOption,
  tempOption,
  threadsOption,
} from "./options.js";
import { watched } from "./progress.js";

/** Rows by their codes, or by the values of a column. */
type Choice = { readonly codes: readonly string[] } | { readonly column: string; readonly values: readonly string[] };

interface Options extends StoreOptions {
  readonly module?: string;
  readonly exportName?: string;
  readonly args?: unknown;
  readonly column?: Readonly<Record<string, string>>;
  readonly beforeBirthToBirth?: true | number;
  readonly visitStartToFirstEvent?: boolean;
  readonly midnightToDayEnd?: readonly string[];
  readonly icd10ToIcd10cm?: boolean;
  readonly billingToVisitEnd?: boolean;
  readonly billingRows?: Choice;
  readonly visitRows?: Choice;
  readonly visitColumn?: string;
  readonly endColumn?: string;
  readonly index?: boolean;
  readonly temp?: string;
}

/** `meds-reader transform STORE OUT`. */
export function transformCommand(): Command {
  return new Command("transform")
    .summary("write a new store with changed rows")
    .description(
      "Writes a new store with changed rows: by your own function, which runs for each patient, by ready transforms (the options from --before-birth-to-birth to --billing-to-visit-end), or both. Your function runs first. Then the ready transforms run in the order of the list below. The manifest of the new store records the transforms.",
    )
    .argument("<store>", "the store's folder")
    .argument("<out>", "the folder of the new store; it must not exist (see --force); missing parent folders are created")
    .option(
      "--module <file>",
      "a .mjs or .js file with a function that yields the new rows of a patient: export default function* (patient, args) { … }",
    )
    .option("--export-name <name>", "name of the function among the exports of the module (default: default)")
    .option("--args <json>", "second argument of the function, as JSON", parsed)
    .option("--column <name=type>", "add a column, such as severity=float32; can be repeated", columnOf)
    .addOption(
      new Option(
        "--before-birth-to-birth [days]",
        "move rows before birth to the time of birth; with a number of days, rows that are more than this number of days before birth are removed instead",
      ).argParser(count),
    )
    .option("--visit-start-to-first-event", "move the start row of a visit to the time of the next row of the same visit")
    .option(
      "--midnight-to-day-end <codes...>",
      'move rows with these codes from exactly midnight to 23:59 of the same day; "LAB//*" means every code that starts with LAB//',
      texts,
    )
    .option("--icd10-to-icd10cm", "rename codes ICD10/… to ICD10CM/…")
    .option("--billing-to-visit-end", "move billing rows to the end of their visit")
    .option(
      "--billing-rows <which>",
      'which rows are billing rows: COLUMN=VALUE, or code=CODE such as "code=ICD10CM/*"; can be repeated',
      choiceOf,
    )
    .option("--visit-rows <which>", "which rows are visit rows: COLUMN=VALUE, or code=CODE; can be repeated", choiceOf)
    .option("--visit-column <name>", "column that contains the id of a row's visit (default: visit_id)")
    .option("--end-column <name>", "column that contains the end time of a row (default: end)")
    .addOption(forceOption())
    .addOption(threadsOption())
    .addOption(memoryOption("memory limit for writing the store, at least 64MiB"))
    .addOption(shardBytesOption("as in the old store"))
    .option("--index", "also write an index: for each code, the patients and rows that have it (default: only if the old store has one)")
    .addOption(tempOption("folder for temporary files (default: next to the new store)"))
    .addOption(progressOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader transform ehrshot.medsdb fixed.medsdb --before-birth-to-birth 30 --icd10-to-icd10cm --midnight-to-day-end "CPT4/*" "ICD10CM/*"
  meds-reader transform ehrshot.medsdb fixed.medsdb --visit-start-to-first-event --force --index --json
  meds-reader transform omop.medsdb fixed.medsdb --billing-to-visit-end --billing-rows "code=ICD10CM/*" --visit-rows table=visit
  meds-reader transform omop.medsdb fixed.medsdb --billing-to-visit-end --visit-column visit_id --end-column end
  meds-reader transform mimic.medsdb mine.medsdb --module changes.mjs --args '{"least": 3}' --column severity=float32
  meds-reader transform mimic.medsdb mine.medsdb --module changes.mjs --export-name labs --threads 4 --progress none
  meds-reader transform mimic.medsdb mine.medsdb --module changes.mjs --memory 1GiB --shard-bytes 256MiB --temp /scratch`,
    )
    .action(run);
}

async function run(store: string, out: string, options: Options, command: Command): Promise<void> {
  const { progress, json: asJson, module, exportName, args, column, force, threads, memory, shardBytes, index, temp } = options;
  const steps = [...(module === undefined ? [] : [resolve(module)]), ...readyOf(options)];
  if (steps.length === 0) command.error("error: choose what to change with --module or a ready transform");
  const unused = unusedOf(options);
  if (unused !== undefined) command.error(`error: ${unused[0]} has no effect without ${unused[1]}`);
  const plan = {
    exportName,
    args,
    columns: column,
    force,
    threads: threads === 0 ? undefined : threads,
    memory,
    shardBytes,
    index,
    temp,
  };
  const summary = await watched(progress, (watching) => transform(store, out, steps, { ...plan, ...watching }));
  print(asJson === true ? json(summary) : describe(store, summary));
}

/** An option that no requested transform reads, and the options that would read it. */
function unusedOf(options: Options): readonly [option: string, readers: string] | undefined {
  const { module, billingToVisitEnd: bills, visitStartToFirstEvent: starts } = options;
  const ends = bills ?? starts ?? options.beforeBirthToBirth ?? options.midnightToDayEnd;
  const visits = "--billing-to-visit-end or --visit-start-to-first-event";
  const readers: readonly (readonly [given: unknown, reader: unknown, option: string, readers: string])[] = [
    [options.args, module, "--args", "--module"],
    [options.exportName, module, "--export-name", "--module"],
    [options.billingRows, bills, "--billing-rows", "--billing-to-visit-end"],
    [options.visitRows, bills ?? starts, "--visit-rows", visits],
    [options.visitColumn, bills ?? starts, "--visit-column", visits],
    [options.endColumn, ends, "--end-column", "a transform that moves rows"],
  ];
  const found = readers.find(([given, reader]) => given !== undefined && reader === undefined);
  return found === undefined ? undefined : [found[2], found[3]];
}

function readyOf(options: Options): ReadyTransform[] {
  const {
    beforeBirthToBirth: birth,
    midnightToDayEnd: codes,
    billingRows,
    visitRows: visits,
    visitColumn: visit,
    endColumn: end,
  } = options;
  const steps: ReadyTransform[] = [];
  if (birth !== undefined) steps.push(beforeBirthToBirth({ ...(birth === true ? {} : { drop: { days: birth } }), end }));
  if (options.visitStartToFirstEvent === true) steps.push(visitStartToFirstEvent({ visits, visit, end }));
  if (codes !== undefined) steps.push(midnightToDayEnd({ codes, end }));
  if (options.icd10ToIcd10cm === true) steps.push(icd10ToIcd10cm());
  if (options.billingToVisitEnd === true) steps.push(billingToVisitEnd({ billing: billingRows, visits, visit, end }));
  return steps;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`It must be JSON: ${(error as Error).message}.`);
  }
}

function columnOf(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.lastIndexOf("=");
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError("It must be a name and a type, such as severity=float32.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Chooses rows by the value of a column, or by their code. */
function choiceOf(text: string, before: Choice | undefined): Choice {
  const [column, value] = [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)];
  if (!text.includes("=") || column === "" || value === "")
    throw new InvalidArgumentError("It must be COLUMN=VALUE or code=CODE, such as table=visit or code=ICD10CM/*.");
  if (before === undefined) return column === "code" ? { codes: [value] } : { column, values: [value] };
  if ("codes" in before && column === "code") return { codes: [...before.codes, value] };
  if ("column" in before && before.column === column) return { column, values: [...before.values, value] };
  throw new InvalidArgumentError("All of them must name the same column, or all of them must be codes.");
}
