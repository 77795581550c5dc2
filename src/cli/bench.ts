import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { MedsError } from "../index.js";
import { count, names } from "./arguments.js";
import { jsonOption } from "./options.js";

interface Options {
  readonly only?: readonly string[];
  readonly peers?: readonly string[];
  readonly rounds?: number;
  readonly quick?: boolean;
  readonly out?: string;
  readonly cache?: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

/** `meds-reader bench SOURCE`: the project's benchmarks (benches/) on the user's own dataset. */
export function benchCommand(): Command {
  return new Command("bench")
    .summary("compare loaders on your own dataset")
    .description(
      "Compares this reader with the other installed loaders on your own dataset. It checks that all loaders return equal results, then times them in turns. It lists loaders whose packages are missing as absent.",
    )
    .argument("[source]", "the MEDS dataset: a folder, or one Parquet file")
    .option("--only <workloads>", "run only these workloads, separated by commas (--list prints all)", names)
    .option("--peers <loaders>", "compare only with these loaders, separated by commas, or with: all, node, python, none", names)
    .addOption(new Option("--rounds <n>", "number of rounds; the loaders take turns in each").argParser(count).default(7))
    .option("--quick", "a short run on few items: it shows that everything works, but its times are not reliable")
    .option("--out <file>", "write the results to this file, as JSON with every measured time")
    .option("--cache <folder>", "keep the loaders' own copies of the data in this folder")
    .option("--list", "list the workloads and the loaders, and which of them are installed; install nothing")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader bench --list                                          what can be compared; this installs nothing
  meds-reader bench mimic-iv-demo-meds --quick
  meds-reader bench mimic-iv-demo-meds --peers python --only timeline,counts
  meds-reader bench mimic-iv-demo-meds --rounds 15 --cache /scratch/bench --out bench.json --json
  MEDS_PEER_PYTHON=venv/bin/python meds-reader bench mimic-iv-demo-meds`,
    )
    .action(run);
}

const BENCHMARKS = fileURLToPath(new URL("../../benches/bench.mjs", import.meta.url));

/**
 * Fails without the benchmarks, which only the repository contains, or without tinybench, which measures
 * times.
 */
async function requireBenchmarks(measuring: boolean): Promise<void> {
  if (!existsSync(BENCHMARKS)) {
    const message =
      "The benchmarks are not part of the installed package. Clone the repository of meds-reader, and run there: npm run bench -- --data PATH.";
    throw new MedsError("MEDS_MISSING_PACKAGE", message);
  }
  if (!measuring) return;
  try {
    await import("tinybench");
  } catch (cause) {
    const message = "Benchmarks require the package tinybench, which cannot be loaded. Install it: npm install tinybench.";
    throw new MedsError("MEDS_MISSING_PACKAGE", message, { cause });
  }
}

async function run(source: string | undefined, options: Options, command: Command): Promise<void> {
  if (source === undefined && options.list !== true) command.error("error: missing required argument 'source'");
  const { only, peers, rounds, quick, out, cache, list, json } = options;
  await requireBenchmarks(list !== true);
  const given = (name: string, value: string | undefined): string[] => (value === undefined ? [] : [`--${name}`, value]);
  const args = [
    BENCHMARKS,
    ...given("data", source),
    ...given("only", only?.join(",")),
    ...given("peers", peers?.join(",")),
    ...given("rounds", rounds?.toString()),
    ...given("out", out),
    ...given("cache", cache),
    ...(quick === true ? ["--quick"] : []),
    ...(list === true ? ["--list"] : []),
    ...(json === true ? ["--json"] : []),
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  // The benchmarks have reported the error on stderr.
  if (code !== 0) process.exitCode = code ?? 1;
}
