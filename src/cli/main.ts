#!/usr/bin/env node
// The command `meds-reader`. Each subcommand has its own file and uses only the public API of the package.
import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { aggregateCommand } from "./aggregate.js";
import { batchesCommand } from "./batches.js";
import { benchCommand } from "./bench.js";
import { benchmarkCommand } from "./benchmark.js";
import { clusterCommand } from "./cluster.js";
import { codesCommand } from "./codes.js";
import { completionsCommand } from "./completions.js";
import { convertCommand } from "./convert.js";
import { exportCommand } from "./export.js";
import { filterCommand } from "./filter.js";
import { generateCommand } from "./generate.js";
import { infoCommand } from "./info.js";
import { initCommand } from "./init.js";
import { inspectCommand } from "./inspect.js";
import { notesCommand } from "./notes.js";
import { exitCodeOf, oneLine } from "./report.js";
import { rowsCommand } from "./rows.js";
import { scoreCommand } from "./score.js";
import { showCommand } from "./show.js";
import { textCommand } from "./text.js";
import { transformCommand } from "./transform.js";
import { verifyCommand } from "./verify.js";

const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };

const program = new Command("meds-reader")
  .description("Converts clinical data (MEDS, OMOP CDM, meds_reader) once into a store, and reads any patient's timeline from it.")
  .version(version, "-V, --version", "print the version")
  .helpCommand("help [command]", "print the help of a command")
  .showSuggestionAfterError()
  .addHelpText(
    "after",
    `
Examples:
  meds-reader init project                            write a TypeScript project that trains a model
  meds-reader generate synthetic --preset demo        generate a dataset to try things out
  meds-reader convert synthetic synthetic.medsdb      convert it, once
  meds-reader info synthetic.medsdb                   what the store contains
  meds-reader show synthetic.medsdb 10000001 --last 40
  meds-reader codes synthetic.medsdb admission        which codes contain a word
  meds-reader verify synthetic.medsdb synthetic       compare every value with the source

meds-reader completions --help says how Tab completes these in bash, zsh and fish.

Exit codes: 0 success; 1 an error (one line "CODE: message" on stderr), or differences found by verify;
2 wrong usage; 130 stopped by Ctrl-C (no unfinished files are left).`,
  );

for (const command of [
  convertCommand(),
  clusterCommand(),
  infoCommand(),
  showCommand(),
  rowsCommand(),
  textCommand(),
  notesCommand(),
  codesCommand(),
  aggregateCommand(),
  verifyCommand(),
  filterCommand(),
  transformCommand(),
  inspectCommand(),
  exportCommand(),
  generateCommand(),
  batchesCommand(),
  scoreCommand(),
  benchmarkCommand(),
  benchCommand(),
  initCommand(),
  completionsCommand(),
])
  program.addCommand(command);

const ERRORS = `
An error is one line on stderr, CODE: message. docs/errors.md explains each code.
meds-reader --help lists the exit codes.`;

// Commander copies settings only to subcommands that the program creates itself.
for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)]) {
  command.exitOverride();
  // Some terminals report a width of 0.
  command.configureHelp({ helpWidth: process.stdout.columns || 100 });
  if (command !== program) command.addHelpText("after", ERRORS);
  command.configureOutput({
    outputError: (text, write) => write(`MEDS_USAGE: ${oneLine(text.replace(/^error: /, ""))}. See ${pathOf(command)} --help\n`),
  });
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

// A reader such as `head` may close the pipe before everything is written. That is not an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") process.stderr.write(`MEDS_IO: Cannot write to stdout: ${oneLine(error.message)}\n`);
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

try {
  await program.parseAsync();
} catch (error) {
  // process.exit() would lose output that is still on its way to a pipe.
  process.exitCode = error instanceof CommanderError ? (error.exitCode === 0 ? 0 : 2) : exitCodeOf(error);
}
