// docs/runtimes.md: its tables contain the versions of scripts/runtimes/list.mjs and no failure. The script that
// writes them downloads the runtimes, and is not run here. The program that it runs is.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { BUN, BUNDLERS, DENO, DENO_FLAGS, NODE, PERMISSION_FLAGS, RESOLUTIONS, RUNNERS, TYPESCRIPT } from "../scripts/runtimes/list.mjs";
import { folder } from "./support/folder.js";

const project = fileURLToPath(new URL("..", import.meta.url));
const page = readFileSync(join(project, "docs", "runtimes.md"), "utf8");

/** The cells of a table of the page. */
function rows(name: string): string[][] {
  const table = page.split(`<!-- ${name} -->\n`)[1]!.split("<!-- end -->")[0]!.trim();
  return table.split("\n").map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
const firsts = (name: string) =>
  rows(name)
    .slice(2)
    .map(([cell]) => cell);

describe("docs/runtimes.md", () => {
  it("has the runtimes of the list", () => {
    const last = `Node.js ${NODE.at(-1)}, \`${PERMISSION_FLAGS.join(" ")}\``;
    expect(firsts("runtimes")).toEqual([
      ...NODE.map((version) => `Node.js ${version}`),
      last,
      `Bun ${BUN}`,
      `Deno ${DENO}, \`${DENO_FLAGS.join(" ")}\``,
    ]);
  });

  it("has the compilers of the list, and the one of this project", () => {
    expect(rows("typescript")[0]).toEqual(["TypeScript", ...Object.keys(RESOLUTIONS).map((name) => `\`${name}\``)]);
    expect(firsts("typescript")).toEqual(TYPESCRIPT);
    const { devDependencies, engines } = JSON.parse(readFileSync(join(project, "package.json"), "utf8"));
    expect(TYPESCRIPT).toContain(devDependencies.typescript);
    expect(engines.node).toBe(`>=${NODE[0]!.replace(/\.\d+$/, "")}`);
  });

  it("has the test runners and the bundlers of the list, with a recipe for each bundler", () => {
    const versioned = (found: Readonly<Record<string, { readonly packages: object }>>) =>
      Object.entries(found).map(([name, { packages }]) => name.replace(/^\w+/, `$& ${Object.values(packages)[0]}`));
    expect(firsts("runners")).toEqual(versioned(RUNNERS));
    expect(firsts("bundlers")).toEqual(versioned(BUNDLERS));
    for (const name of Object.keys(BUNDLERS)) expect(page).toMatch(new RegExp(`### ${name}\\n[^#]*\`\`\`sh\\nnpx `));
  });

  it("has no failure", () => {
    expect(page).not.toMatch(/FAILS/);
    expect(
      rows("runtimes")
        .slice(2)
        .every(([, steps]) => /^(\d+) of \1 steps/.test(steps!)),
    ).toBe(true);
  });
});

it("the program of docs/runtimes.md has as many steps as the page says, and all of them work", () => {
  const place = folder("runtimes");
  mkdirSync(join(place, "node_modules"));
  symlinkSync(project, join(place, "node_modules", "meds-reader"));
  copyFileSync(join(project, "scripts", "runtimes", "program.mjs"), join(place, "program.mjs"));
  mkdirSync(join(place, "made"));
  const { stdout, stderr } = spawnSync(process.execPath, [join(place, "program.mjs"), join(place, "made")], { encoding: "utf8" });
  expect(stderr).toBe("");
  const { steps } = JSON.parse(stdout) as { steps: readonly { name: string; error?: string }[] };
  expect(steps.filter(({ error }) => error !== undefined)).toEqual([]);
  expect(rows("runtimes")[2]![1]).toContain(`${steps.length} of ${steps.length} steps`);
  expect(steps.length).toBeGreaterThanOrEqual(40);
});
