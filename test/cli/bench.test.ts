// `meds-reader bench` without what it needs: the benchmarks of the repository, and the package tinybench.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { folder } from "./run.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

it("bench says what is missing", () => {
  const place = folder();
  for (const name of ["dist", "native", "package.json"]) cpSync(join(root, name), join(place, name), { recursive: true });
  const { dependencies, files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect([Object.keys(dependencies).includes("tinybench"), files.includes("benches")]).toEqual([false, false]);
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(place, "node_modules", name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(place, "node_modules", name), "junction");
  }
  const bench = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(place, "dist/cli/main.js"), "bench", ...args], {
      encoding: "utf8",
    });
    return [status, stdout, stderr];
  };
  expect(bench("source")).toEqual([1, "", expect.stringMatching(/^MEDS_MISSING_PACKAGE: The benchmarks are not part of [^\n]*\n$/)]);
  mkdirSync(join(place, "benches"));
  writeFileSync(join(place, "benches/bench.mjs"), "console.log(process.argv[2]);");
  expect(bench("source")).toEqual([1, "", expect.stringMatching(/^MEDS_MISSING_PACKAGE: [^\n]*: npm install tinybench\.\n$/)]);
  expect(bench("--list")).toEqual([0, "--rounds\n", ""]);
});
