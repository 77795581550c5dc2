// Runs the code of a page as a reader does: block after block, in one folder. The output that a page shows must
// be what its code prints.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";

export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A block of code: its language, the file that it is (`js [name.mjs]`), and its text. */
export interface Block {
  readonly language: string;
  readonly file: string | undefined;
  readonly text: string;
}

const BLOCK = /^```([a-z]+)(?: \[(.+)\])?\n([\s\S]*?)^```$/gm;

export const blocks = (page: string): Block[] =>
  [...readFileSync(join(root, page), "utf8").matchAll(BLOCK)].map(([, language, file, text]) => ({
    language: language!,
    file,
    text: text!,
  }));

const made: string[] = [];
afterAll(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** A folder inside of the project, which is removed after the test file, where Node finds "meds-reader" as in a project that installed it. */
export function project(): string {
  mkdirSync(join(root, ".cache"), { recursive: true });
  const folder = mkdtempSync(join(root, ".cache", "page-"));
  made.push(folder);
  mkdirSync(join(folder, "bin"));
  shim(folder, "meds-reader", `exec "${process.execPath}" "${join(root, "dist/cli/main.js")}" "$@"`);
  shim(folder, "npx", 'exec "$@"');
  return folder;
}

function shim(folder: string, name: string, text: string): void {
  writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, "bin", name), 0o755);
}

/** Runs a program in the folder of a page, and returns what it prints. It must succeed. */
export function output(folder: string, command: string, args: readonly string[], paths: readonly string[] = []): string {
  const PATH = [join(folder, "bin"), ...paths, process.env.PATH].join(delimiter);
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: "utf8", env: { ...process.env, PATH } });
  expect(error ?? (status === 0 ? undefined : stderr)).toBeUndefined();
  if (command === process.execPath) expect(stderr).toBe("");
  return stdout;
}

/** Runs a block, and returns what it prints; undefined for a language that is not run here. */
export function run(folder: string, { language, file, text }: Block): string | undefined {
  if (file !== undefined) writeFileSync(join(folder, file), text);
  else if (language === "js") {
    writeFileSync(join(folder, "program.mjs"), text);
    return output(folder, process.execPath, ["program.mjs"]);
  } else if (language === "sh") return output(folder, "sh", ["-ec", text]);
  return undefined;
}

/** Whether an output is what a page shows: `…` means any text in a line, and a line of it any lines. */
function shows(shown: string, printed: string): boolean {
  const escaped = shown.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll(/^…\n/gm, "(?:.*\\n)*").replaceAll("…", ".*")}$`).test(printed);
}

/** The page as it must be: with what its code prints now, where it shows something else. */
export function rerun(page: string, folder: string): string {
  let printed: string | undefined;
  return readFileSync(join(root, page), "utf8").replaceAll(BLOCK, (whole, language: string, file: string | undefined, text: string) => {
    if (language !== "text") {
      printed = run(folder, { language, file, text });
      return whole;
    }
    if (printed === undefined || shows(text, printed)) return whole;
    return `\`\`\`text\n${printed.replaceAll(/ +$/gm, "")}\`\`\``;
  });
}
