import { resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import {
  beforeBirthToBirth,
  billingToVisitEnd,
  icd10ToIcd10cm,
  midnightToDayEnd,
  type ReadyTransform,
  type RowChoice,
  type Summary,
  transform,
  visitStartToFirstEvent,
} from "../index.js";
import { count, jsonOption, progressOption, sizeWithin, texts, threadsOption } from "./arguments.js";
import { describe } from "./convert.js";
import { json, print } from "./format.js";
import { watch } from "./progress.js";
import { interruptible } from "./report.js";

interface Options {
  readonly module?: string;
  readonly exportName?: string;
  readonly args?: unknown;
  readonly column?: Readonly<Record<string, string>>;
  readonly beforeBirthToBirth?: true | number;
  readonly visitStartToFirstEvent?: boolean;
  readonly midnightToDayEnd?: readonly string[];
  readonly icd10ToIcd10cm?: boolean;
  readonly billingToVisitEnd?: boolean;
  readonly billingRows?: RowChoice;
  readonly visitRows?: RowChoice;
  readonly visitColumn?: string;
  readonly endColumn?: string;
  readonly force?: boolean;
  readonly threads: number;
  readonly memory?: number;
  readonly shardBytes?: number;
  readonly index?: boolean;
  readonly temp?: string;
  readonly progress: "bar" | "json" | "none";
  readonly json?: boolean;
}

/** `meds-reader transform STORE OUT`. */
export function transformCommand(): Command {
  return new Command("transform")
    .summary("write a store of changed rows")
    .description(
      "Writes a store of changed rows: by a function of yours that is asked of every patient, by ready transforms, or both. Ready transforms follow the function, in the order in which they stand here. The manifest of the new store keeps what was done.",
    )
    .argument("<store>", "the store's folder")
    .argument("<out>", "the new store's folder; it must not exist, the folders above it are made")
    .option(
      "--module <file>",
      "a .mjs or .js file whose function gives the rows of a patient: export default function* (patient, args) { … }",
    )
    .option("--export-name <name>", "the function's name among the module's exports (default: default)")
    .option("--args <json>", "handed to the function", parsed)
    .option("--column <name=type>", "a new column, such as severity=float32; may be given several times", columnOf)
    .addOption(
      new Option(
        "--before-birth-to-birth [days]",
        "move rows before birth to birth; with days, leave out those that lie before it by more",
      ).argParser(count),
    )
    .option("--visit-start-to-first-event", "move rows of a visit to the first later row of the same visit")
    .option(
      "--midnight-to-day-end <codes...>",
      'move rows at exactly midnight to 23:59: of these codes, "LAB//*" are all that begin so',
      texts,
    )
    .option("--icd10-to-icd10cm", "rename codes ICD10/… to ICD10CM/…")
    .option("--billing-to-visit-end", "move rows of billing to the end of their visit")
    .option("--billing-rows <which>", 'rows of billing: COLUMN=VALUE, or code=CODE ("code=ICD10CM/*"); several times for several', choiceOf)
    .option("--visit-rows <which>", "rows of visits, likewise", choiceOf)
    .option("--visit-column <name>", "the column that says to which visit a row belongs (default: visit_id)")
    .option("--end-column <name>", "the column of the times at which rows end (default: end)")
    .option("--force", "replace a store that exists")
    .addOption(threadsOption())
    .option(
      "--memory <size>",
      "memory for writing the store to stay below, 64MiB or more (default: 512MiB)",
      sizeWithin("64MiB", "1024TiB"),
    )
    .option("--shard-bytes <size>", "size of a shard, 1KiB to 2GiB (default: the store's)", sizeWithin("1KiB", "2GiB"))
    .option("--index", "write an index of each code's patients and rows too (default: where the store has one)")
    .option("--temp <folder>", "folder for temporary files (default: beside the new store)")
    .addOption(progressOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader transform ehrshot.medsdb mended.medsdb --before-birth-to-birth 30 --icd10-to-icd10cm --midnight-to-day-end "CPT4/*" "ICD10CM/*"
  meds-reader transform omop.medsdb mended.medsdb --billing-to-visit-end --billing-rows "code=ICD10CM/*" --visit-rows table=visit
  meds-reader transform mimic.medsdb mine.medsdb --module changes.mjs --args '{"least": 3}' --column severity=float32`,
    )
    .action(run);
}

async function run(store: string, out: string, options: Options, command: Command): Promise<void> {
  const { progress, json: asJson, module, exportName, args, column, force, threads, memory, shardBytes, index, temp } = options;
  const steps = [...(module === undefined ? [] : [resolve(module)]), ...readyOf(options)];
  if (steps.length === 0) command.error("error: nothing says what to change: give --module, or a ready transform");
  const unheard = unheardOf(options);
  if (unheard !== undefined) command.error(`error: ${unheard[0]} changes nothing here: give it with ${unheard[1]}`);
  const watcher = watch(progress);
  let summary: Summary;
  try {
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
    summary = await interruptible((signal) => transform(store, out, steps, { ...plan, signal, onProgress: watcher.onProgress }));
  } finally {
    watcher.stop();
  }
  print(asJson === true ? json(summary) : describe(store, summary));
}

/** An option that nothing which was asked for reads, and what would read it. */
function unheardOf(options: Options): readonly [option: string, readers: string] | undefined {
  const { module, billingToVisitEnd: bills, visitStartToFirstEvent: starts } = options;
  const ends = bills ?? starts ?? options.beforeBirthToBirth ?? options.midnightToDayEnd;
  const visits = "--billing-to-visit-end or --visit-start-to-first-event";
  const unheard: readonly (readonly [given: unknown, reader: unknown, option: string, readers: string])[] = [
    [options.args, module, "--args", "--module"],
    [options.exportName, module, "--export-name", "--module"],
    [options.billingRows, bills, "--billing-rows", "--billing-to-visit-end"],
    [options.visitRows, bills ?? starts, "--visit-rows", visits],
    [options.visitColumn, bills ?? starts, "--visit-column", visits],
    [options.endColumn, ends, "--end-column", "a transform that moves rows"],
  ];
  const found = unheard.find(([given, reader]) => given !== undefined && reader === undefined);
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
    throw new InvalidArgumentError(`This is no JSON: ${(error as Error).message}.`);
  }
}

function columnOf(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.lastIndexOf("=");
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError("Give a name and a type, such as severity=float32.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Rows by a column's value, or by their code. */
function choiceOf(text: string, before: RowChoice | undefined): RowChoice {
  const [column, value] = [text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1)];
  if (!text.includes("=") || column === "" || value === "")
    throw new InvalidArgumentError("Give COLUMN=VALUE or code=CODE, such as table=visit or code=ICD10CM/*.");
  if (before === undefined) return column === "code" ? { codes: [value] } : { column, values: [value] };
  if ("codes" in before && column === "code") return { codes: [...before.codes, value] };
  if ("column" in before && before.column === column) return { column, values: [...before.values, value] };
  throw new InvalidArgumentError("All of them must be of one column, or codes.");
}
