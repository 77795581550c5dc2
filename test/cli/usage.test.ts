import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { folder, meds, start } from "./run.js";

const place = fileURLToPath(new URL("../../dist/cli/", import.meta.url));
const COMMANDS = [
  "convert",
  "info",
  "show",
  "rows",
  "text",
  "notes",
  "codes",
  "aggregate",
  "verify",
  "generate",
  "filter",
  "transform",
  "text",
  "export",
  "inspect",
  "score",
  "benchmark",
  "bench",
];
/** Commands whose result is not a set of facts: they print no JSON. */
const PLAIN = ["batches", "cluster", "completions", "init"];

describe("help", () => {
  it.each([...COMMANDS, ...PLAIN])("%s --help shows options and examples on stdout and exits 0", async (command) => {
    const { code, stdout, stderr } = await meds(command, "--help");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`Usage: meds-reader ${command}`);
    expect(stdout).toContain("Examples:");
    expect(stdout.includes("--json")).toBe(COMMANDS.includes(command));
  });

  it("lists all commands and the exit codes", async () => {
    const { code, stdout } = await start(["--help"]).done;
    expect(code).toBe(0);
    for (const command of [...COMMANDS, ...PLAIN, "Exit codes"]) expect(stdout).toContain(command);
    expect((await meds("--version")).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

/** The commands that `meds-reader` has, each from its own file. */
async function commands(): Promise<Command[]> {
  const files = readdirSync(place).filter((name) => name.endsWith(".js") && name !== "main.js");
  const modules = await Promise.all(files.map((name) => import(join(place, name)) as Promise<Record<string, unknown>>));
  return modules.flatMap((module) =>
    Object.entries(module)
      .filter(([name]) => name.endsWith("Command"))
      .map(([, make]) => (make as () => Command)()),
  );
}

/** The words of a command line, as a shell sees them. */
const words = (line: string) =>
  [...line.replace(/ > .*/, "").matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) => single ?? double ?? bare ?? "");

/** The examples of a help text, without what is said about them after three spaces. */
const examples = (help: string) =>
  [...help.matchAll(/^ {2}(?:[A-Z_]+=\S+ )?meds-reader (.*)$/gm)].map(([, line]) => words(line!.replace(/ {3,}\S.*/, "")));

describe("the examples of the help", () => {
  it("are right, and show every option of every command", async () => {
    const all = await commands();
    expect(all.map((command) => command.name())).toEqual(expect.arrayContaining([...COMMANDS, ...PLAIN]));
    for (const command of all.flatMap((command) => (command.commands.length > 0 ? command.commands : [command]))) {
      const name = command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`;
      let help = "";
      command.exitOverride().configureOutput({ writeOut: (text) => (help += text), writeErr: () => {} });
      command.outputHelp();
      const lines = examples(help);
      expect(lines.length, name).toBeGreaterThan(0);
      let ran = 0;
      command.action(() => {
        ran += 1;
      });
      for (const line of lines) {
        const [path, args] = command.parent === null ? [line.slice(0, 1), line.slice(1)] : [line.slice(0, 2), line.slice(2)];
        expect(path.join(" ")).toBe(name);
        await command
          .parseAsync(args, { from: "user" })
          .catch((error: Error) => expect.fail(`meds-reader ${name} ${args.join(" ")}: ${error.message}`));
      }
      expect(ran, name).toBe(lines.length);
      const used = new Set(lines.flat());
      for (const { long } of command.options) expect(used, `an example of ${name} ${long}`).toContain(long);
    }
  });

  it("of meds-reader itself name its commands", async () => {
    const lines = examples((await meds("--help")).stdout);
    expect(lines.length).toBeGreaterThan(3);
    for (const [name] of lines) expect([...COMMANDS, ...PLAIN]).toContain(name);
  });
});

describe("wrong usage is one line on stderr, nothing on stdout, exit code 2", () => {
  const cases: [string, string[]][] = [
    ["an unknown command", ["transmogrify"]],
    ["an unknown option", ["info", "x.medsdb", "--colour"]],
    ["a missing argument", ["convert", "source-only"]],
    ["an argument too many", ["info", "a", "b"]],
    ["a size that is none", ["convert", "a", "b", "--memory", "lots"]],
    ["a size of nothing", ["convert", "a", "b", "--shard-bytes", "0"]],
    ["memory that is too little", ["convert", "a", "b", "--memory", "1MiB"]],
    ["a shard that is too large", ["convert", "a", "b", "--shard-bytes", "3GiB"]],
    ["threads that are too many", ["verify", "a", "--threads", "5000000"]],
    ["patients that are none", ["generate", "a", "--patients", "0"]],
    ["codes that are too few", ["generate", "a", "--codes", "7"]],
    ["a number that is neither year nor microseconds", ["show", "a", "1", "--until", "20120517"]],
    ["a negative count", ["show", "a", "1", "--last", "-1"]],
    ["a time that is none", ["show", "a", "1", "--until", "yesterday"]],
    ["a day that is none", ["show", "a", "1", "--until", "2023-02-29"]],
    ["an hour that is none", ["show", "a", "1", "--until", "2023-02-28T24:00"]],
    ["an id that is none", ["show", "a", "patient-7"]],
    ["an id beyond 64 bits", ["show", "a", "9223372036854775808"]],
    ["an empty name", ["convert", "a", "b", "--columns", "unit,,text_value"]],
    ["a preset that is none", ["generate", "a", "--preset", "huge"]],
    ["a cut-off without labels", ["batches", "a", "--split", "train", "--exclusive"]],
    ["shots that are none", ["benchmark", "a", "--labels", "b", "--out", "c", "--shots", "1,many"]],
    ["a benchmark without a place for its results", ["benchmark", "a", "--labels", "b"]],
    ["a finding without labels", ["score", "a.parquet", "--sub-task", "Edema"]],
    ["shards that are none", ["aggregate", "a", "--shards", "3-1"]],
    ["parts that are merged and chosen again", ["aggregate", "a", "--split", "train", "--merge", "b.json"]],
    ["a rank beyond the number of processes", ["batches", "a", "--split", "train", "--rank", "2", "--world-size", "2"]],
    ["the batches of several processes", ["batches", "a", "--split", "train", "--rank", "0,1", "--world-size", "2"]],
    ["a plan of all shards", ["batches", "a", "--split", "train", "--plan"]],
    ["steps that are none", ["batches", "a", "--split", "train", "--resume", "4x"]],
    ["batches of nobody", ["batches", "a"]],
    ["a way of progress that is none", ["convert", "a", "b", "--progress", "loud"]],
  ];
  it.each(cases)("%s", async (_, args) => {
    const { code, stdout, stderr } = await meds(...args);
    expect(stderr).toMatch(/^MEDS_USAGE: [^\n]+ --help\n$/);
    expect([code, stdout]).toEqual([2, ""]);
  });

  it("no command at all shows the help", async () => {
    const { code, stdout, stderr } = await start([]).done;
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: meds-reader");
  });
});

describe("errors are one line CODE: sentence on stderr, nothing on stdout, exit code 1", () => {
  const work = folder();
  writeFileSync(join(work, "file"), "");
  const cases: [string, string[], string][] = [
    ["a store that is not there", ["info", join(work, "absent")], "MEDS_NOT_FOUND"],
    ["a folder that is no store", ["show", work, "1"], "MEDS_NOT_A_STORE"],
    ["a source that is not there", ["convert", join(work, "absent"), join(work, "out")], "MEDS_NOT_FOUND"],
    ["a source without data", ["convert", work, join(work, "out")], "MEDS_NO_DATA"],
    ["an output folder that holds something", ["generate", work], "MEDS_INVALID_ARGUMENT"],
    ["sizes that do not fit", ["generate", join(work, "out"), "--patients", "10", "--events", "5"], "MEDS_INVALID_ARGUMENT"],
    ["a store to verify that is not there", ["verify", join(work, "absent")], "MEDS_NOT_FOUND"],
  ];
  it.each(cases)("%s", async (_, args, expected) => {
    const { code, stdout, stderr } = await meds(...args);
    expect(stderr).toMatch(new RegExp(`^${expected}: [^\\n]+\\.\\n$`));
    expect([code, stdout]).toEqual([1, ""]);
  });
});
