// `meds-reader init`: the project compiles, runs, and its loss falls. The checkout takes the place of the packages in the registry.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { files } from "../support/folder.js";
import { real } from "../support/real.js";
import { folder, meds } from "./run.js";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const root = folder();
const project = join(root, "My Project");
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const mimic = real("mimic-iv-demo-meds-0.0.1");

/** Links what `npm install` would install, so that no test needs a registry. */
function install(): void {
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, ".bin"), { recursive: true });
  symlinkSync(checkout, join(modules, "meds-reader"));
  for (const name of ["typescript", "@types"]) symlinkSync(join(checkout, "node_modules", name), join(modules, name));
  symlinkSync("../typescript/bin/tsc", join(modules, ".bin", "tsc"));
}

function npm(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", ...args], { cwd: project, encoding: "utf8" });
  expect([status, stderr], stdout).toEqual([0, ""]);
  return stdout;
}

/** The losses that training printed, an epoch each. */
const losses = (text: string) => [...text.matchAll(/^epoch \d+: loss ([\d.]+) on train/gm)].map(([, loss]) => Number(loss));

describe("init", () => {
  let said: string;
  beforeAll(async () => {
    const { code, stdout, stderr } = await meds("init", project);
    expect([code, stderr]).toEqual([0, ""]);
    said = stdout;
    install();
  });

  it("names the project after its folder and pins every package", () => {
    const { name, dependencies, devDependencies } = json(join(project, "package.json"));
    expect([name, dependencies]).toEqual(["my-project", { "meds-reader": `file:${checkout.replace(/\/$/, "")}` }]);
    const { version, devDependencies: own } = json(join(checkout, "package.json"));
    for (const [each, pinned] of Object.entries(devDependencies)) expect(pinned, each).toBe(own[each]);
    expect(json(join(checkout, "templates/init/package.json")).dependencies).toEqual({ "meds-reader": version });
    expect(existsSync(join(project, ".gitignore"))).toBe(true);
  });

  it("of an installed package requires its version", () => {
    const installed = join(root, "installed");
    for (const name of ["dist", "templates", "package.json"]) cpSync(join(checkout, name), join(installed, name), { recursive: true });
    for (const name of ["native", "node_modules"]) symlinkSync(join(checkout, name), join(installed, name));
    const { status, stderr } = spawnSync(process.execPath, [join(installed, "dist/cli/main.js"), "init"], { cwd: root, encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    const { name, dependencies } = json(join(root, "meds-project", "package.json"));
    expect([name, dependencies]).toEqual(["meds-project", { "meds-reader": json(join(checkout, "package.json")).version }]);
  });

  it("says what to do next, and that works: the loss falls on generated data", { timeout: 180_000 }, () => {
    expect(said).toContain(`  cd '${project}'\n  npm install\n  npm run convert\n  npm run train\n`);
    expect(npm("convert")).toContain("data/store.medsdb: 500 patients, 100000 events");
    const found = losses(npm("train"));
    expect(found.length).toBe(10);
    expect(found).toEqual([...found].sort((a, b) => b - a));
    expect(found.at(-1)).toBeLessThan(0.8 * found[0]!);
    expect(files(join(project, "model"))).toEqual(["vocabulary.json", "vocabulary.provenance.json", "weights.json"]);
  });

  it.skipIf(mimic === null)("the loss falls on the MIMIC-IV demo", { timeout: 180_000 }, () => {
    // What npm compiled before.
    const compiled = (name: string, ...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [join("dist", name), ...args], { cwd: project, encoding: "utf8" });
      expect([status, stderr], stdout).toEqual([0, ""]);
      return stdout;
    };
    expect(compiled("convert.js", mimic!)).toContain("916166 events");
    const found = losses(compiled("train.js"));
    expect(found.at(-1)).toBeLessThan(0.9 * found[0]!);
  });

  it("replaces nothing", async () => {
    const before = files(join(project, "src")).map((name) => readFileSync(join(project, "src", name), "utf8"));
    const { code, stdout, stderr } = await meds("init", project);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^MEDS_INVALID_ARGUMENT: .*My Project: this folder is not empty, .*\. Choose another folder\.\n$/);
    expect(files(join(project, "src")).map((name) => readFileSync(join(project, "src", name), "utf8"))).toEqual(before);
  });

  it("takes an empty folder, and reports a path that is none", async () => {
    mkdirSync(join(root, "empty"));
    expect((await meds("init", join(root, "empty"))).code).toBe(0);
    writeFileSync(join(root, "file"), "");
    const refused = async (...path: string[]) => (await meds("init", join(root, ...path))).stderr;
    const advice = String.raw`a file, and a project is written into a folder\. Choose another folder\.\n$`;
    expect(await refused("file")).toMatch(new RegExp(`^MEDS_INVALID_ARGUMENT: .*file: this is ${advice}`));
    expect(await refused("file", "below")).toMatch(new RegExp(`^MEDS_INVALID_ARGUMENT: .*below: a part of this path is ${advice}`));
  });

  it.skipIf(process.getuid?.() === 0)("reports a folder that may not be written", async () => {
    mkdirSync(join(root, "locked"));
    chmodSync(join(root, "locked"), 0o500);
    expect((await meds("init", join(root, "locked"))).stderr).toMatch(/^MEDS_PERMISSION: /);
  });
});
