import { resolve } from "node:path";
import { Command, Option } from "commander";
import { type ClusterStepOptions, type ClusterSteps, clusterStep, planCluster } from "../index.js";
import { countWithin, names, sizeWithin } from "./arguments.js";
import { json, print } from "./format.js";
import {
  conceptIdsOption,
  forceOption,
  keepUnmappedOption,
  memoryOption,
  type OmopOptions,
  progressOption,
  shardBytesOption,
  skipBadRowsOption,
  threadsOption,
  vocabularyOption,
  type WorkOptions,
} from "./options.js";
import { watched } from "./progress.js";
import { warn } from "./report.js";

interface PlanOptions extends WorkOptions, OmopOptions {
  readonly parts: number;
  readonly work?: string;
  readonly columns?: readonly string[];
  readonly exclude?: readonly string[];
  readonly repair?: boolean;
  readonly force?: boolean;
  readonly index?: boolean;
  readonly strict?: boolean;
  readonly memory?: number;
  readonly shardBytes?: number;
}

interface StepOptions extends Omit<WorkOptions, "json"> {
  readonly part?: number;
  readonly memory?: number;
}

/** What each step does, and whether it is taken once per part. */
const STEPS: readonly (readonly [name: keyof ClusterSteps, summary: string, hasParts: boolean])[] = [
  ["survey", "find the patients in the rows of a part", true],
  ["join", "join the surveys of all parts", false],
  ["measure", "measure the columns of a part", true],
  ["settle", "decide where each value goes", false],
  ["write", "write the shards of a part", true],
  ["finish", "publish the store, and remove the work folder", false],
  ["cancel", "remove the work folder at any time", false],
];

/** `meds-reader cluster STEP`. */
export function clusterCommand(): Command {
  const command = new Command("cluster")
    .summary("convert a dataset in parts, on many machines")
    .description(
      "Converts a dataset in parts, on machines with one file system. Each step prints JSON. The parts of a step can be taken anywhere, in any order, at the same time and more than once. The store has the bytes that `convert` makes. docs/scale.md has drivers for Ray and Slurm.",
    )
    .addHelpText(
      "after",
      `
Examples:
  meds-reader cluster plan mimic-meds mimic.medsdb --parts 8      prints the work folder, .mimic.medsdb.cluster
  meds-reader cluster survey .mimic.medsdb.cluster --part 0       and 1 to 7
  meds-reader cluster join .mimic.medsdb.cluster
  meds-reader cluster measure .mimic.medsdb.cluster --part 0      and 1 to 7
  meds-reader cluster settle .mimic.medsdb.cluster
  meds-reader cluster write .mimic.medsdb.cluster --part 0        and 1 to 7
  meds-reader cluster finish .mimic.medsdb.cluster`,
    );
  command.addCommand(planCommand());
  command.addCommand(slurmCommand());
  for (const [name, summary, hasParts] of STEPS) command.addCommand(stepCommand(name, summary, hasParts));
  return command;
}

function planCommand(): Command {
  return new Command("plan")
    .summary("plan a conversion in parts")
    .description(
      "Plans a conversion in parts, and makes the work folder. Reads footers only; OMOP tables and MedAlign's XML are first imported by this machine, into the work folder.",
    )
    .argument("<source>", "what `convert` converts, but not in an archive")
    .argument("<store>", "the folder of the new store")
    .requiredOption("--parts <n>", "number of parts; the store does not depend on it", countWithin(1, 100_000))
    .option("--work <folder>", "folder for the files of the steps, which all machines see (default: .NAME.cluster beside the store)")
    .option("--columns <names>", "convert only these columns, besides subject_id, time and code: names separated by commas", names)
    .option("--exclude <names>", "convert all columns except these: names separated by commas", names)
    .option("--repair", "if rows are out of order, let `finish` sort and convert the source by itself, instead of failing")
    .addOption(forceOption())
    .addOption(threadsOption())
    .addOption(memoryOption("memory limit of each step, at least 64MiB"))
    .addOption(shardBytesOption("512MiB"))
    .option("--index", "also write an index: for each code, the patients and rows that have it")
    .option("--strict", "OMOP: fail if more than a tenth of a table's rows would be dropped")
    .addOption(vocabularyOption())
    .addOption(keepUnmappedOption())
    .addOption(conceptIdsOption())
    .addOption(skipBadRowsOption())
    .addOption(progressOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader cluster plan mimic-meds mimic.medsdb --parts 8
  meds-reader cluster plan mimic-meds mimic.medsdb --parts 64 --work /scratch/mimic --force --repair --progress none
  meds-reader cluster plan mimic-meds mimic.medsdb --parts 8 --columns numeric_value,unit --index
  meds-reader cluster plan mimic-meds mimic.medsdb --parts 8 --exclude text_value --memory 1GiB --shard-bytes 256MiB
  meds-reader cluster plan omop-tables omop.medsdb --parts 8 --keep-unmapped --skip-bad-rows --threads 4
  meds-reader cluster plan omop-tables omop.medsdb --parts 8 --concept-ids --strict
  meds-reader cluster plan omop-tables omop.medsdb --parts 8 --vocabulary athena`,
    )
    .action(async (source: string, store: string, { progress, ...rest }: PlanOptions) => {
      print(json(await watched(progress, (watching) => planCluster(source, store, { ...rest, ...watching }))));
    });
}

/** Prints a script that submits the steps as job arrays. */
function slurmCommand(): Command {
  return new Command("slurm")
    .summary("print a script that converts by Slurm")
    .description(
      "Prints a shell script that plans a conversion and submits its steps to Slurm as job arrays, each after the one before. Options of the script are options of sbatch. To use options of `cluster plan`, edit the script.",
    )
    .argument("<source>", "what is converted, by a path that all nodes see")
    .argument("<store>", "the folder of the new store")
    .requiredOption("--parts <n>", "number of parts", countWithin(1, 100_000))
    .addHelpText(
      "after",
      `
Examples:
  meds-reader cluster slurm /data/mimic-meds /data/mimic.medsdb --parts 64 > convert.sh
  sh convert.sh --partition=cpu --cpus-per-task=2 --mem=2G`,
    )
    .action((source: string, store: string, { parts }: { parts: number }) => {
      print(slurm(source, store, parts));
    });
}

function slurm(source: string, store: string, parts: number): string[] {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const array = `--array=0-${parts - 1}`;
  const line = (name: string, hasParts: boolean) => `submit ${name} ${hasParts ? `'--part $SLURM_ARRAY_TASK_ID' ${array}` : "''"} "$@"`;
  return [
    "#!/bin/sh",
    "# Converts a dataset to a store of meds-reader by Slurm. Its options are options of sbatch.",
    "set -eu",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: of the shell
    'reader="${MEDS_READER:-meds-reader}"',
    `plan=$($reader cluster plan ${quoted(resolve(source))} ${quoted(resolve(store))} --parts ${parts} --progress none)`,
    `export MEDS_CLUSTER_WORK=$(node -p 'JSON.parse(process.argv[1]).work' "$plan")`,
    "last=",
    "submit() {",
    "  name=$1 part=$2",
    "  shift 2",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: of the shell
    '  last=$(sbatch --parsable --export=ALL --job-name="meds-$name" --kill-on-invalid-dep=yes ${last:+--dependency=afterok:$last} "$@" \\',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: of the shell
    '    --wrap "$reader cluster $name \\"\\$MEDS_CLUSTER_WORK\\" $part --threads \\${SLURM_CPUS_PER_TASK:-1} --progress none")',
    "}",
    ...STEPS.filter(([name]) => name !== "cancel").map(([name, , hasParts]) => line(name, hasParts)),
    'echo "The last job, which publishes the store: $last. To cancel: scancel its jobs, then $reader cluster cancel $MEDS_CLUSTER_WORK"',
  ];
}

function stepCommand(name: keyof ClusterSteps, summary: string, hasParts: boolean): Command {
  const command = new Command(name).summary(summary).argument("<work>", "the work folder, which `cluster plan` printed");
  command.description(`${summary[0]!.toUpperCase()}${summary.slice(1)}.`);
  if (hasParts) command.addOption(new Option("--part <n>", "the part, from 0").argParser(countWithin(0, 99_999)).makeOptionMandatory());
  const part = hasParts ? " --part 3" : "";
  return command
    .addOption(threadsOption())
    .addOption(
      new Option("--memory <size>", "memory limit, at least 64MiB (default: that of the plan)").argParser(sizeWithin("64MiB", "1024TiB")),
    )
    .addOption(progressOption())
    .addHelpText(
      "after",
      `\nExamples:\n  meds-reader cluster ${name} .mimic.medsdb.cluster${part} --threads 2 --memory 1GiB --progress none`,
    )
    .action(async (work: string, { progress, ...rest }: StepOptions) => {
      const result = await watched(progress, (watching) => clusterStep(name, work, { ...rest, ...watching } satisfies ClusterStepOptions));
      if ("notes" in result) warn(result.notes);
      print(json(result));
    });
}
