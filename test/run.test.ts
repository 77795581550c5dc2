// `npm test` itself: what it leaves out, and its last line.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const { environmentOf, TEST_REQUIREMENTS } = await import(join(root, "benches", "lib", "peer.mjs"));
const names: string[] = TEST_REQUIREMENTS.map(environmentOf);

/** The lines that scripts/test.mjs prints after vitest's. A Python environment that is named is not installed. */
function lastLines(args: readonly string[], more: NodeJS.ProcessEnv): string[] {
  const outer = Object.entries(process.env).filter(([name]) => !/^(VITEST|MEDS_)/.test(name));
  const done = spawnSync(process.execPath, ["scripts/test.mjs", "--no-rust", ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...Object.fromEntries(outer), MEDS_REAL_DATA: join(root, "absent"), ...more },
  });
  expect(done.status, done.stdout + done.stderr).toBe(0);
  const lines = done.stdout.trimEnd().split("\n");
  return lines.slice(Math.max(lines.indexOf("Left out:"), lines.length - 7));
}

it("npm test says what it left out and how to run it, then counts, and installs nothing", () => {
  const before = names.map((name) => existsSync(join(root, ".cache", name)));
  const lines = lastLines(["test/mirror.test.ts", "test/bench.test.ts", "-t", "phases|refuses"], {});
  expect(lines[0]).toBe("Left out:");
  expect(lines.join("\n")).toMatch(
    /npm run test:all runs all of them[\s\S]*MEDS_REAL_DATA=FOLDER[\s\S]*skipped: .*test\/bench\.test\.ts \(\d+\)/,
  );
  expect(lines.at(-1)).toMatch(/^1 passed, 0 failed, \d+ skipped$/);
  expect(names.map((name) => existsSync(join(root, ".cache", name)))).toEqual(before);
});

it("npm run test:all tries all cases", () => {
  const named = Object.fromEntries(names.map((name) => [`MEDS_${name.toUpperCase()}_PYTHON`, process.execPath]));
  const lines = lastLines(["--all", "test/mirror.test.ts"], named);
  expect(lines.at(-1)).toBe("2 passed, 0 failed, 0 skipped");
  expect(lines.join("\n")).not.toMatch(/random cases|Python|skipped:/);
});
