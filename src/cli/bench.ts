import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import { count, jsonOption, names } from "./arguments.js";

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

/** `meds-reader bench SOURCE`: the project's benchmark harness (benches/) over a dataset of one's own. */
export function benchCommand(): Command {
  return new Command("bench")
    .summary("compare loaders on a dataset of your own")
    .description(
      "Compares this reader with the other loaders that are installed, on a dataset of your own: checks that all give equal answers, then times them in turns. Loaders whose packages are missing are named as absent.",
    )
    .argument("[source]", "the MEDS dataset: a folder, or one Parquet file")
    .option("--only <workloads>", "only these workloads, separated by commas (see --list)", names)
    .option("--peers <loaders>", "only these loaders besides ours, separated by commas; all, node, python, none", names)
    .addOption(new Option("--rounds <n>", "rounds in alternation").argParser(count).default(7))
    .option("--quick", "few items and short samples: shows that everything runs, not how fast")
    .option("--out <file>", "where the results go, as JSON with every sample")
    .option("--cache <folder>", "where the loaders' own forms of the data are kept")
    .option("--list", "name the workloads and the loaders, and whether they are installed")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader bench mimic-iv-demo-meds --quick
  meds-reader bench mimic-iv-demo-meds --peers python --only timeline,counts
  MEDS_PEER_PYTHON=venv/bin/python meds-reader bench mimic-iv-demo-meds`,
    )
    .action(run);
}

async function run(source: string | undefined, options: Options, command: Command): Promise<void> {
  if (source === undefined && options.list !== true) command.error("error: missing required argument 'source'");
  const { only, peers, rounds, quick, out, cache, list, json } = options;
  const given = (name: string, value: string | undefined): string[] => (value === undefined ? [] : [`--${name}`, value]);
  const args = [
    fileURLToPath(new URL("../../benches/bench.mjs", import.meta.url)),
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
  // What is wrong the harness has said on stderr.
  if (code !== 0) process.exitCode = code ?? 1;
}
