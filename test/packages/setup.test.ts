// `npm run setup` in a clone where the package of the platform is installed: no compiler is needed. The clone
// is a copy without Git, and no program but Node is found in it.
import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { folder } from "../support/folder.js";
import { platform } from "../support/package.js";

const project = fileURLToPath(new URL("../..", import.meta.url));
const root = folder("setup");
let count = 0;

const { rustSources } = (await import(pathToFileURL(join(project, "scripts", "lib", "native.mjs")).href)) as { rustSources(): string };
const { version } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as { version: string };

/** A clone whose packages are installed, and the package of the platform too. */
function clone({ of = version, sources = rustSources() } = {}): string {
  count += 1;
  const made = join(root, `clone-${count}`);
  for (const name of ["scripts", "crates", "src", "dist", "package.json", "package-lock.json", "platforms.json"])
    cpSync(join(project, name), join(made, name), { recursive: true });
  for (const name of ["Cargo.toml", "Cargo.lock", "tsconfig.json", "tsconfig.build.json", "native/binding.d.ts", "node_modules/.sources"])
    cpSync(join(project, name), join(made, name));
  for (const name of readdirSync(join(project, "node_modules")))
    if (name !== ".sources") symlinkSync(join(project, "node_modules", name), join(made, "node_modules", name));
  const prebuilt = join(made, "node_modules", `meds-reader-${platform}`);
  rmSync(prebuilt, { recursive: true, force: true });
  mkdirSync(prebuilt);
  writeFileSync(join(prebuilt, "package.json"), JSON.stringify({ version: of, sources }));
  writeFileSync(join(prebuilt, `binding.${platform}.node`), "prebuilt");
  return made;
}

function setup(made: string, args: readonly string[] = [], npm = "") {
  const { status, stderr } = spawnSync(process.execPath, [join(made, "scripts", "setup.mjs"), ...args], {
    encoding: "utf8",
    env: { PATH: "", npm_execpath: npm },
  });
  const file = join(made, "native", `binding.${platform}.node`);
  return { status, stderr, native: existsSync(file) ? readFileSync(file, "utf8") : undefined };
}

describe("npm run setup", () => {
  it("uses a prebuilt native part of the same sources, once", () => {
    const made = clone();
    expect(setup(made)).toEqual({
      status: 0,
      stderr: `meds-reader: using the native part of meds-reader-${platform}. To compile it: npm run setup -- --build\n`,
      native: "prebuilt",
    });
    expect(setup(made)).toEqual({ status: 0, stderr: "", native: "prebuilt" });
  });

  it("compiles with --build", () => {
    const made = clone();
    setup(made);
    expect(setup(made, ["--build"])).toMatchObject({ status: 1, stderr: expect.stringContaining("cargo was not found") });
  });

  it("compiles where the prebuilt one has another version or other sources", () => {
    for (const made of [clone({ of: "0.0.9" }), clone({ sources: "other" })])
      expect(setup(made)).toMatchObject({ status: 1, stderr: expect.stringContaining("cargo was not found"), native: undefined });
  });

  it("compiles where a source was changed since", () => {
    const made = clone();
    setup(made);
    appendFileSync(join(made, "crates", "store", "src", "lib.rs"), "// changed\n");
    expect(setup(made)).toMatchObject({ status: 1, stderr: expect.stringContaining("cargo was not found") });
  });

  it("keeps the prebuilt one when npm ci empties node_modules", () => {
    const made = clone();
    rmSync(join(made, "node_modules", ".sources"));
    const npm = join(made, "npm.mjs");
    writeFileSync(
      npm,
      'import { mkdirSync, rmSync } from "node:fs";\nrmSync("node_modules", { recursive: true });\nmkdirSync("node_modules");\n',
    );
    expect(setup(made, [], npm)).toMatchObject({ status: 0, native: "prebuilt" });
    expect(readdirSync(join(made, "node_modules")).sort()).toEqual([".sources", `meds-reader-${platform}`]);
  });
});
