// README.md as a new user follows it: every block is run as printed, in order, in the folder that README names.
// The demo, which README begins with, ends with commands: they run as printed too.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { folder } from "./support/folder.js";
import { real } from "./support/real.js";

const checkout = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(join(checkout, "README.md"), "utf8");
const mimic = real("mimic-iv-demo-meds-0.0.1");

interface Block {
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

const blocks: readonly Block[] = [...readme.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(({ 1: language, 2: text, index }) => ({
  line: readme.slice(0, index).split("\n").length,
  language: language!,
  text: text!,
}));
/** The demo is for the clone: a test below runs it. */
const inProject = blocks.filter(({ text }) => text !== "npm run demo\n");

/** Runs a command, which must succeed, print something, and report nothing on stderr. */
function printed(cwd: string, command: string, ...args: string[]): string {
  // What npm sets for the tests themselves must not reach the user's npm.
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$)/.test(name)));
  const env = { ...own, npm_config_offline: "true", npm_config_update_notifier: "false" };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: "utf8", maxBuffer: 1 << 28 });
  expect([status, stderr], [command, ...args].join(" ")).toEqual([0, ""]);
  expect(stdout.trim(), [command, ...args].join(" ")).not.toBe("");
  return stdout;
}

describe("README.md", () => {
  it("has blocks that can be copied: zsh takes a comment for words", () => {
    expect(new Set(blocks.map(({ language }) => language))).toEqual(new Set(["sh", "js"]));
    expect(blocks.length - inProject.length).toBe(1);
    for (const { language, text } of blocks) if (language === "sh") expect(text).not.toMatch(/#|…|\bPATH\b/);
  });

  describe.each([
    ["generated data", null],
    ["the MIMIC-IV demo", mimic],
  ])("with %s", (name, dataset) => {
    const isHere = name === "generated data" || dataset !== null;
    const root = folder("readme");
    const project = join(root, "project");
    mkdirSync(project);
    symlinkSync(checkout, join(root, "meds-reader"));

    it.skipIf(!isHere).each(inProject)("line $line runs and prints", { timeout: 180_000 }, ({ language, text }) => {
      if (language === "js") {
        writeFileSync(join(project, "first.mjs"), text);
        printed(project, process.execPath, "first.mjs");
        return;
      }
      for (const line of text.trimEnd().split("\n")) {
        if (dataset !== null && line.includes(" generate demo ")) symlinkSync(dataset, join(project, "demo"));
        // npx takes half a second to start: with the first dataset, every command runs as printed.
        else printed(project, "bash", "-c", dataset === null ? line : line.replace(/^npx /, "node_modules/.bin/"));
      }
    });
  });
});

describe("npm run demo", () => {
  /** Runs the demo, then the three commands that it ends with. */
  function tried(user: string, ...args: string[]): void {
    const text = printed(user, "npm", "run", "--silent", "demo", ...args);
    const [, store, list] = /^The store is (\S+)\. Try:\n((?: {2}.+\n)+)/m.exec(text) ?? [];
    const commands = list!.trimEnd().split("\n");
    expect(commands.length).toBe(3);
    for (const command of commands) {
      expect(command).toContain(` ${store} `);
      expect(printed(user, "bash", "-c", command).split("\n").length).toBeGreaterThan(3);
    }
  }

  it("names its store and three commands, which run as printed in the clone", { timeout: 300_000 }, () => tried(checkout));

  it.skipIf(mimic === null)("the same for your data, from another folder", { timeout: 300_000 }, () => {
    const user = folder("demo user");
    symlinkSync(mimic!, join(user, "readme-test-meds"));
    tried(user, "--prefix", checkout, "--", "readme-test-meds");
    rmSync(join(checkout, ".cache", "readme-test.medsdb"), { recursive: true });
  });
});
