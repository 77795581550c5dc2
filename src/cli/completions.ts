// Scripts that complete the command line in bash, zsh and fish. They are made from the commands' own descriptions
// and contain all words, so that the shell starts no process when Tab is pressed.
import { Argument, Command, type Option } from "commander";
import { print } from "./format.js";

/** What may be typed at a place: one of some words, a path, or something that no shell can know. */
type Kind = "path" | "unknown" | readonly string[];

interface OptionWords {
  readonly names: readonly string[];
  readonly description: string;
  /** The value that must follow; undefined for options without one. */
  readonly value: Kind | undefined;
}

interface CommandWords {
  readonly name: string;
  readonly description: string;
  readonly options: readonly OptionWords[];
  readonly values: readonly Kind[];
}

/** How the commands name arguments and values that are paths. */
const PATHS = ["dir", "file", "folder", "out", "path", "paths", "source", "store"];
const kindOf = (name: string, choices: readonly string[] | undefined): Kind => choices ?? (PATHS.includes(name) ? "path" : "unknown");

function optionWords(option: Option): OptionWords {
  const value = /<(\w+)/.exec(option.flags)?.[1];
  return {
    names: [option.short, option.long].filter((name) => name != null),
    description: summary(option.description),
    value: value === undefined ? undefined : kindOf(value, option.argChoices),
  };
}

/** The words of the program, and of each command. */
function wordsOf(program: Command): { own: readonly OptionWords[]; commands: readonly CommandWords[] } {
  const help = program.createHelp();
  const options = (command: Command) => help.visibleOptions(command).map(optionWords);
  const visible = help.visibleCommands(program);
  const names = visible.map((command) => command.name());
  const commands = visible.map((command) => ({
    name: command.name(),
    description: summary(command.summary() || command.description()),
    options: options(command),
    // The argument of `help` is the name of a command.
    values: command.registeredArguments.map((argument) =>
      argument.name() === "command" ? names : kindOf(argument.name(), argument.argChoices),
    ),
  }));
  return { own: options(program), commands };
}

/** The first sentence, without the default. */
const summary = (description: string): string => description.split(/[.;] | \(default/)[0] ?? "";
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
const namesOf = (options: readonly OptionWords[]): string[] => options.flatMap(({ names }) => names);

function bash(program: Command): string {
  const { own, commands } = wordsOf(program);
  const listed = (kind: Kind) => (kind === "path" ? "path" : kind === "unknown" ? "none" : quoted(kind.join(" ")));
  const before = new Map<string, string[]>();
  for (const { name, options } of commands)
    for (const { names, value } of options)
      if (value !== undefined)
        before.set(listed(value), [...(before.get(listed(value)) ?? []), ...names.map((option) => quoted(`${name} ${option}`))]);
  const values = [...before].map(([words, patterns]) => `    ${patterns.join(" | ")}) words=${words} ;;`);
  const places = commands.map(({ name, options, values }) => {
    const choices = values.flatMap((kind) => (typeof kind === "string" ? [] : kind));
    const otherwise = listed(values.includes("path") ? "path" : choices.length > 0 ? choices : "unknown");
    return `    ${quoted(name)}) [[ $word == -* ]] && words=${quoted(namesOf(options).join(" "))} || words=${otherwise} ;;`;
  });
  return `_meds_reader() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words=
  # bash makes three words of --option=value.
  if [[ $word == = ]]; then word=
  elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  if [[ $COMP_CWORD == 1 ]]; then words=${quoted([...commands.map(({ name }) => name), ...namesOf(own)].join(" "))}
  else case "\${COMP_WORDS[1]} $before" in
${values.join("\n")}
    *) case "\${COMP_WORDS[1]}" in
${places.map((line) => `  ${line}`).join("\n")}
    esac ;;
  esac fi
  COMPREPLY=()
  case $words in
    path) ;; # The shell completes paths itself where there is no reply.
    none) compopt +o default 2>/dev/null ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$word")) ;;
  esac
  return 0
}
complete -o default -F _meds_reader meds-reader`;
}

function zsh(program: Command): string {
  const { own, commands } = wordsOf(program);
  const escaped = (text: string) => text.replaceAll(/[\\:[\]]/g, String.raw`\$&`);
  const action = (kind: Kind) => (kind === "path" ? "_files" : kind === "unknown" ? " " : `(${kind.join(" ")})`);
  const specs = (options: readonly OptionWords[]) =>
    options.flatMap(({ names, description, value }) =>
      names.map((name) => {
        // Only long names take a value after "=".
        const sign = value !== undefined && name.startsWith("--") ? "=" : "";
        return quoted(`*${name}${sign}[${escaped(description)}]${value === undefined ? "" : `:value:${action(value)}`}`);
      }),
    );
  const branches = commands.map(({ name, options, values }) => {
    const places = values.map((kind, i) => quoted(`${i + 1}:value:${action(kind)}`));
    return `    ${name}) _arguments ${[...specs(options), ...places].join(" \\\n      ")} ;;`;
  });
  return `_meds_reader() {
  local -a commands=(
${commands.map(({ name, description }) => `    ${quoted(`${name}:${escaped(description)}`)}`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    if [[ $PREFIX == -* ]]; then _arguments ${specs(own).join(" ")}
    else _describe command commands
    fi
    return
  fi
  shift words
  (( CURRENT -= 1 ))
  case $words[1] in
${branches.join("\n")}
  esac
}
compdef _meds_reader meds-reader`;
}

function fish(program: Command): string {
  const { own, commands } = wordsOf(program);
  const value = (kind: Kind | undefined) =>
    kind === undefined ? "" : kind === "path" ? " -r -F" : kind === "unknown" ? " -x" : ` -x -a ${quoted(kind.join(" "))}`;
  const line = (condition: string, rest: string) => `complete -c meds-reader -n ${quoted(condition)}${rest}`;
  const specs = (condition: string, options: readonly OptionWords[]) =>
    options.map((option) => {
      const names = option.names.map((name) => (name.startsWith("--") ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`)).join("");
      return line(condition, `${names}${value(option.value)} -d ${quoted(option.description)}`);
    });
  const first = "test (count (commandline -opc)) -eq 1";
  return [
    "complete -c meds-reader -f",
    ...commands.map(({ name, description }) => line(first, ` -a ${name} -d ${quoted(description)}`)),
    ...specs(first, own),
    ...commands.flatMap(({ name, options, values }) => {
      const within = `string match -q -- ${name} (commandline -opc)[2]`;
      const words = values.flatMap((kind) => (typeof kind === "string" ? [] : kind));
      return [
        ...specs(within, options),
        ...(values.includes("path") ? [line(within, " -F")] : []),
        ...(words.length > 0 ? [line(within, ` -a ${quoted(words.join(" "))}`)] : []),
      ];
    }),
  ].join("\n");
}

const SHELLS = { bash, zsh, fish };

/** `meds-reader completions SHELL`. */
export function completionsCommand(): Command {
  return new Command("completions")
    .summary("print a script that completes commands in a shell")
    .description(
      "Prints a script for bash, zsh or fish. With it, Tab completes the commands, options, choices and paths of an installed meds-reader.",
    )
    .addArgument(new Argument("<shell>", "the shell that runs the script").choices(Object.keys(SHELLS)))
    .addHelpText(
      "after",
      `
Examples:
  meds-reader completions bash > ~/.local/share/bash-completion/completions/meds-reader
  meds-reader completions zsh > ~/.meds-reader.zsh    then, in ~/.zshrc after compinit: source ~/.meds-reader.zsh
  meds-reader completions fish > ~/.config/fish/completions/meds-reader.fish`,
    )
    .action((shell: keyof typeof SHELLS, _: unknown, command: Command) => print(SHELLS[shell](command.parent ?? command)));
}
