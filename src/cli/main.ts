#!/usr/bin/env node
// The command line `meds-reader`: one file a command, and nothing that the package's own API does not offer to every program.
import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { batchesCommand } from "./batches.js";
import { benchCommand } from "./bench.js";
import { convertCommand } from "./convert.js";
import { exportCommand } from "./export.js";
import { filterCommand } from "./filter.js";
import { generateCommand } from "./generate.js";
import { infoCommand } from "./info.js";
import { inspectCommand } from "./inspect.js";
import { exitCodeOf, oneLine } from "./report.js";
import { showCommand } from "./show.js";
import { transformCommand } from "./transform.js";
import { verifyCommand } from "./verify.js";

const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };

const program = new Command("meds-reader")
  .description("Converts a MEDS dataset once into a store, and reads any patient's timeline from it.")
  .version(version, "-V, --version", "print the version")
  .helpCommand("help [command]", "print the help of a command")
  .showSuggestionAfterError()
  .addHelpText(
    "after",
    `
Examples:
  meds-reader generate synthetic --preset demo        make a dataset to try things out
  meds-reader convert synthetic synthetic.medsdb      convert it, once
  meds-reader info synthetic.medsdb                   what the store holds
  meds-reader show synthetic.medsdb 10000001 --last 40
  meds-reader verify synthetic.medsdb synthetic       compare every value with the source

Exit codes: 0 done; 1 an error, told in one line "CODE: sentence" on stderr (verify: differences were found);
2 wrong usage; 130 stopped by Ctrl-C, with nothing left behind.`,
  );

for (const command of [
  convertCommand(),
  infoCommand(),
  showCommand(),
  verifyCommand(),
  filterCommand(),
  transformCommand(),
  inspectCommand(),
  exportCommand(),
  generateCommand(),
  batchesCommand(),
  benchCommand(),
])
  program.addCommand(command);

// Settings are copied to subcommands only where these are made by the program itself.
for (const command of [program, ...program.commands]) {
  command.exitOverride();
  command.configureHelp({ helpWidth: process.stdout.columns ?? 100 });
  command.configureOutput({
    outputError: (text, write) =>
      write(
        `MEDS_USAGE: ${oneLine(text.replace(/^error: /, ""))}. See meds-reader ${command === program ? "" : `${command.name()} `}--help\n`,
      ),
  });
}

// A reader such as `head` may go away before everything is written: that is its right, and no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") process.stderr.write(`MEDS_IO: stdout cannot be written: ${oneLine(error.message)}\n`);
  process.exit(error.code === "EPIPE" ? 0 : 1);
});

try {
  await program.parseAsync();
} catch (error) {
  // Not process.exit(): what was written to a pipe must still arrive.
  process.exitCode = error instanceof CommanderError ? (error.exitCode === 0 ? 0 : 2) : exitCodeOf(error);
}
