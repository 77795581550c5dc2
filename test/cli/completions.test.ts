// Tab on the command line: the scripts run in the shells themselves, and complete what the help lists.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { beforeAll, describe, expect, it } from "vitest";
import { folder, meds, TERMINAL } from "./run.js";

const cli = fileURLToPath(new URL("../../dist/cli/", import.meta.url));
const root = folder();
const has = (shell: string) => spawnSync(shell, ["--version"]).status === 0;
const script = (shell: string) => join(root, `meds-reader.${shell}`);
const COMMANDS = ["convert", "info", "show", "rows", "codes", "verify", "filter", "transform", "inspect", "export", "generate", "batches"];

beforeAll(async () => {
  for (const shell of ["bash", "zsh", "fish"]) writeFileSync(script(shell), (await meds("completions", shell)).stdout);
  mkdirSync(join(root, "work", "mimic.medsdb"), { recursive: true });
});

/** What a shell prints; its stderr must be empty. */
function shell(command: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: "utf8", cwd: join(root, "work") });
  expect(stderr).toBe("");
  return stdout;
}

/** What each shell offers for a line that ends where Tab is pressed. */
const OFFERS: Readonly<Record<string, (line: string) => string[]>> = {
  bash: (line) => {
    // bash itself splits words at "=".
    const words = line.split(/ |(?==)|(?<==)/);
    const program = `source '${script("bash")}'; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _meds_reader; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return shell("bash", "--norc", "-c", program, "bash", ...words)
      .split("\n")
      .filter((word) => word !== "");
  },
  fish: (line) =>
    shell("fish", "--no-config", "-c", `source '${script("fish")}'; complete -C '${line}'`)
      .split("\n")
      .map((offer) => offer.split("\t")[0]!)
      .filter((word) => word !== "")
      // fish repeats the option in front of its value.
      .map((word) => word.replace(/^--[\w-]+=/, "")),
  zsh: (line) => {
    // zsh completes only on a terminal, which zpty makes. The function that adds words records them instead.
    const program = `
zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1= PROMPT_EOL_MARK= ; autoload -Uz compinit && compinit -u -D && source '${script("zsh")}'"
zpty -w z "zstyle ':completion:*' list-grouped no; LISTMAX=10000; bindkey '^I' list-choices; print ready"
zpty -w z 'compadd() { local -a found; builtin compadd -O found "$@"; print -rl -- "\${found[@]}" >> ${join(root, "offers")}; builtin compadd "$@" }'
zpty -w z 'print -l done > ${join(root, "started")}'
repeat 400; do [[ -e ${join(root, "started")} ]] && break; sleep 0.05; done
zpty -n -w z $1$'\\t'
repeat 200; do [[ -s ${join(root, "offers")} ]] && break; sleep 0.05; done
sleep 0.3
zpty -d z
cat ${join(root, "offers")} 2>/dev/null || true
rm -f ${join(root, "offers")} ${join(root, "started")}`;
    return [...new Set(shell("zsh", "-f", "-c", program, "zsh", line).split("\n"))].filter((word) => word !== "");
  },
};

const cases: [line: string, offered: readonly string[], not: readonly string[]][] = [
  ["meds-reader ", COMMANDS, ["--preset"]],
  ["meds-reader tr", ["transform"], ["convert", "verify"]],
  ["meds-reader generate --pre", ["--preset"], ["--patients", "--columns"]],
  ["meds-reader generate out --", ["--preset", "--patients", "--seed", "--json"], ["--columns"]],
  ["meds-reader generate --preset ", ["demo", "medium", "ehrshot"], ["--preset", "mimic.medsdb/"]],
  ["meds-reader generate --preset=m", ["medium"], ["demo", "ehrshot"]],
  ["meds-reader completions ", ["bash", "zsh", "fish"], ["--help"]],
  ["meds-reader help ve", ["verify"], ["convert"]],
  ["meds-reader show mimic.medsdb 1 --no", ["--no-pager"], ["--json"]],
];

describe.each(Object.keys(OFFERS))("completions in %s", (name) => {
  const isHere = has(name) && (name !== "zsh" || TERMINAL);
  it.skipIf(!isHere).each(cases)("%s", (line, offered, not) => {
    const words = OFFERS[name]!(line);
    expect(words).toEqual(expect.arrayContaining([...offered]));
    for (const word of not) expect(words).not.toContain(word);
  });
});

describe("completions", () => {
  it.skipIf(!has("bash"))("offer every option of every command, and each of its choices", async () => {
    const names: string[] = [];
    for (const file of readdirSync(cli).filter((name) => name.endsWith(".js") && name !== "main.js")) {
      const module = (await import(join(cli, file))) as Record<string, () => Command>;
      for (const [name, make] of Object.entries(module)) {
        if (!name.endsWith("Command")) continue;
        const command = make();
        const line = `meds-reader ${command.name()}`;
        names.push(command.name());
        expect(OFFERS.bash!(`${line} --`)).toEqual([...command.options.map(({ long }) => long), "--help"]);
        for (const { long, argChoices } of command.options)
          if (argChoices !== undefined) expect(OFFERS.bash!(`${line} ${long} `)).toEqual(argChoices);
      }
    }
    expect(
      OFFERS.bash!("meds-reader ")
        .filter((word) => !word.startsWith("-"))
        .sort(),
    ).toEqual([...names, "help"].sort());
  });

  it.skipIf(!has("bash"))("bash completes paths itself, but no number", () => {
    expect(shell("bash", "--norc", "-c", `source '${script("bash")}'; complete -p meds-reader`)).toContain("-o default");
    expect([OFFERS.bash!("meds-reader info mi"), OFFERS.bash!("meds-reader generate --seed ")]).toEqual([[], []]);
  });

  it.skipIf(!has("fish"))("fish completes paths, but no number", () => {
    expect(OFFERS.fish!("meds-reader info mi")).toEqual(["mimic.medsdb/"]);
    expect(OFFERS.fish!("meds-reader generate --seed ")).toEqual([]);
  });

  it("docs/command-line.md: its blocks install the scripts where the shells look for them", async () => {
    const home = join(root, "home");
    mkdirSync(join(home, "bin"), { recursive: true });
    const program = `#!/bin/sh\nexec "${process.execPath}" "${join(cli, "main.js")}" "$@"\n`;
    writeFileSync(join(home, "bin", "meds-reader"), program, { mode: 0o755 });
    const text = readFileSync(new URL("../../docs/command-line.md", import.meta.url), "utf8");
    const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);
    const env = { ...process.env, HOME: home, PATH: `${join(home, "bin")}:${process.env.PATH}` };
    for (const block of blocks) {
      const { status, stderr } = spawnSync("bash", ["-ec", block], { encoding: "utf8", env });
      expect([status, stderr]).toEqual([0, ""]);
    }
    const installed = {
      bash: ".local/share/bash-completion/completions/meds-reader",
      zsh: ".meds-reader.zsh",
      fish: ".config/fish/completions/meds-reader.fish",
    };
    for (const [name, path] of Object.entries(installed)) expect(readFileSync(join(home, path))).toEqual(readFileSync(script(name)));
  });

  it("are for three shells", async () => {
    const { code, stdout, stderr } = await meds("completions", "tcsh");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^MEDS_USAGE: .*bash, zsh, fish.*\n$/);
  });
});
