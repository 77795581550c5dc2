// The packed package as its users have it: installed by npm, in an empty project, on a machine that has Node, npm and a
// shell, and no compiler. Everything runs in child processes of this project.
import { execFile, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RESOLUTIONS } from "../../scripts/runtimes/list.mjs";
import { files, folder } from "../support/folder.js";
import { platform } from "../support/package.js";
import { full } from "../support/property.js";
import { startRegistry } from "../support/registry.js";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const root = folder("installed");
const at = (...parts: string[]) => join(root, ...parts);
const project = at("project");
const own = join(project, "node_modules", "meds-reader");
let registry: { readonly url: string; readonly server: Server };

/** The folder of all programs that are found: npm and npx are those of this machine. */
function programs(): string {
  mkdirSync(at("bin"));
  const npm = process.env
    .PATH!.split(delimiter)
    .map((place) => join(place, "npm"))
    .find(existsSync)!;
  symlinkSync(process.execPath, at("bin", "node"));
  for (const name of ["npm", "npx"]) symlinkSync(join(dirname(realpathSync(npm)), `${name}-cli.js`), at("bin", name));
  symlinkSync("/bin/sh", at("bin", "sh"));
  return at("bin");
}

/** Runs a program. The registry is in this process, so it must not wait. */
function run(command: string, args: readonly string[], cwd = project): Promise<{ code: number; stdout: string; stderr: string }> {
  const npm = { npm_config_registry: registry.url, npm_config_cache: at("cache"), npm_config_update_notifier: "false" };
  const env = { PATH: at("bin"), HOME: root, ...npm, npm_config_audit: "false", npm_config_fund: "false" };
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env, encoding: "utf8", maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

/** What a program prints that succeeds and reports nothing on stderr. */
async function printed(command: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command, args);
  expect([code, stderr], `${command} ${args.join(" ")}`).toEqual([0, ""]);
  return stdout;
}

const npx = (...args: string[]) => printed("npx", "meds-reader", ...args);
/** As npx, without the half second that npm takes to start. */
const meds = (...args: string[]) => printed(join("node_modules", ".bin", "meds-reader"), ...args);

/** Runs a program of the project. */
function program(name: string, text: string, ...flags: string[]): Promise<string> {
  writeFileSync(join(project, name), text);
  return printed("node", ...flags, name);
}

async function install(place: string, ...names: string[]): Promise<string[]> {
  mkdirSync(place);
  writeFileSync(join(place, "package.json"), '{ "private": true, "type": "module" }\n');
  const { code, stderr } = await run("npm", ["install", "--loglevel=error", ...names], place);
  expect([code, stderr]).toEqual([0, ""]);
  return readdirSync(join(place, "node_modules")).filter((name) => name.startsWith("meds-reader"));
}

beforeAll(async () => {
  const packed = spawnSync(process.execPath, [join(checkout, "scripts", "pack.mjs"), at("tarballs")], { encoding: "utf8" });
  expect([packed.status, packed.stderr]).toEqual([0, ""]);
  registry = await startRegistry(checkout, ["hyparquet-writer"], at("tarballs"), at("registry"));
  programs();
  await install(project, ...readdirSync(at("tarballs")).map((name) => at("tarballs", name)));
  await npx("generate", "demo", "--patients", "60", "--events", "12000", "--codes", "300", "--seed", "3", "--files", "3");
  await npx("convert", "demo", "demo.medsdb");
});
afterAll(() => registry?.server.close());

describe("the installed package", () => {
  it("is installed where there is no compiler", async () => {
    for (const name of ["cargo", "rustc", "cc", "gcc", "clang", "make", "python3", "tar"])
      expect((await run("sh", ["-c", `command -v ${name}`])).code, name).not.toBe(0);
    expect(files(own).filter((name) => /^(native|crates|src|test|scripts|benches|site|findings)\b|\.node$/.test(name))).toEqual([]);
  });

  it("contains its documents: every link and picture leads to one of its files, or into the repository", () => {
    const { repository, version } = JSON.parse(readFileSync(join(own, "package.json"), "utf8"));
    const packed = files(own);
    expect(packed).toEqual(expect.arrayContaining(files(join(checkout, "templates")).map((name) => join("templates", name))));
    const outside: string[] = [];
    const broken: string[] = [];
    for (const page of packed.filter((name) => name.endsWith(".md"))) {
      const text = readFileSync(join(own, page), "utf8").replaceAll(/^```[\s\S]*?^```$|`[^`\n]*`/gm, "");
      for (const [, link] of text.matchAll(/(?:\]\(|src=")([^)"\s]+)/g)) {
        const path = link!.split("#")[0]!;
        if (/^https:\/\/github\.com\/meds-reader\//.test(link!)) outside.push(link!);
        else if (path !== "" && !/^[a-z]+:/.test(link!) && !existsSync(join(own, dirname(page), path))) broken.push(`${page}: ${link}`);
      }
    }
    expect(broken).toEqual([]);
    const base = repository.url.replace(/^git\+|\.git$/g, "");
    expect(outside.length).toBeGreaterThan(0);
    for (const link of outside) {
      const [, tag, path] = new RegExp(`^${base}/(?:blob|raw)/v([^/]+)/([^#]+)`).exec(link)!;
      expect([tag, existsSync(join(checkout, path!))], link).toEqual([version, true]);
    }
  });

  it("is found by its name alone once it is published, with the native part of this platform only", async () => {
    const names = await install(at("published"), "meds-reader");
    expect(names.sort()).toEqual(["meds-reader", `meds-reader-${platform}`]);
    const { code, stderr } = await run("npx", ["meds-reader", "info", join(project, "demo.medsdb")], at("published"));
    expect([code, stderr]).toEqual([0, ""]);
  });

  it("is imported by import, require and import()", async () => {
    const text = `import { createRequire } from "node:module";
import { PatientDatabase } from "meds-reader";
const required = createRequire(import.meta.url)("meds-reader");
const db = PatientDatabase.open("demo.medsdb");
console.log(db.size, required.PatientDatabase === PatientDatabase, (await import("meds-reader")).PatientDatabase === PatientDatabase);
db.close();`;
    expect(await program("imports.mjs", text)).toBe("60 true true\n");
    const common = `const { PatientDatabase } = require("meds-reader"); const db = PatientDatabase.open("demo.medsdb"); console.log(db.size); db.close();`;
    expect(await program("required.cjs", common)).toBe("60\n");
  });

  // Both take the types from the same entry of the package.
  it.each(full ? (["node16", "bundler"] as const) : (["node16"] as const))(
    "has types, with module resolution %s and all libraries checked",
    async (name) => {
      copyFileSync(join(checkout, "scripts", "runtimes", "types.ts"), join(project, "types.ts"));
      writeFileSync(join(project, "wrong.ts"), `import { PatientDatabase } from "meds-reader";\nPatientDatabase.open(5);\n`);
      const [module, resolution] = RESOLUTIONS[name]!;
      const flags = [
        "--noEmit",
        "--strict",
        "--skipLibCheck",
        "false",
        "--target",
        "es2022",
        "--module",
        module!,
        "--moduleResolution",
        resolution,
      ];
      const { stdout } = await run("node", [join(checkout, "node_modules", "typescript", "bin", "tsc"), ...flags, "types.ts", "wrong.ts"]);
      expect(stdout).toMatch(/^wrong\.ts\(2,22\): error TS2345: [^\n]*\n$/);
    },
  );

  it("has a command that inspects, queries, verifies and exports", async () => {
    expect(await meds("--version")).toBe(`${JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")).version}\n`);
    expect(await npx("inspect", "demo")).toMatch(/\b12,000\b/);
    expect(await npx("codes", "demo.medsdb", "LAB")).toMatch(/LAB\/\//);
    await meds("rows", "demo.medsdb", "--code", "LAB//*", "--out", "labs.csv");
    const rows = readFileSync(join(project, "labs.csv"), "utf8").trimEnd().split("\n").slice(1);
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.every((row) => row.includes("LAB//"))).toBe(true);
    expect(await meds("verify", "demo.medsdb", "demo")).toBe("demo.medsdb: ok, all values equal those of the source\n");
    expect((await run("npx", ["meds-reader", "info", "absent"])).stderr).toMatch(/^MEDS_NOT_FOUND: /);
  });

  it("runs a pass of a module in two threads, and a loader with two workers", async () => {
    writeFileSync(
      join(project, "lengths.mjs"),
      `import { threadId } from "node:worker_threads";
export default function* (patients) { for (const patient of patients) yield [patient.length, threadId]; }`,
    );
    const text = `import { loader, PatientDatabase, samples } from "meds-reader";
const db = PatientDatabase.open("demo.medsdb");
const found = await db.map(new URL("./lengths.mjs", import.meta.url), { threads: 2 }).toArray();
const list = samples(db, { split: "train" }, { maxLength: 16 });
let rows = 0;
for await (const { sample } of loader(list, { batchSize: 4, workers: 2 })) rows += sample.length;
console.log(found.reduce((sum, [length]) => sum + length, 0) === db.eventCount, found.every(([, id]) => id > 0), rows === list.size);
db.close();`;
    expect(await program("threads.mjs", text)).toBe("true true true\n");
  });

  it("contains examples that run", async () => {
    const example = (name: string, ...args: string[]) =>
      printed("node", join("node_modules", "meds-reader", "examples", name), "demo.medsdb", ...args);
    const code = `import { PatientDatabase } from "meds-reader";
const db = PatientDatabase.open("demo.medsdb");
const { subjectId } = db.at(0);
console.log(subjectId + " " + db.at(0).withCode("LAB//*").at(0).code);`;
    const [id, lab] = (await program("pick.mjs", code)).trim().split(" ");
    expect(await example("first.mjs", lab!, id!)).toMatch(/^\d{4}-\d\d-\d\dT.*\n(.*\n)*known a day before the end: /);
    const [, command] = /`(npm install --no-save hyparquet-writer@[\d.]+)`/.exec(
      readFileSync(join(checkout, "examples", "README.md"), "utf8"),
    )!;
    await printed("sh", "-c", `${command} --loglevel=error`);
    expect(await example("leaderboard.mjs", join("demo", "labels"))).toMatch(/labels, \d+ codes, penalty [\d.]+: AUROC/);
  });
});
