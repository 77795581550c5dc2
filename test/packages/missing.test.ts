// A native part that is missing, or that the system or the runtime does not load: the error says which, and
// what to do. The package is installed in a folder of its own.
import { spawnSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert, generate } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { folder } from "../support/folder.js";
import { installed, nativeFile, platform, run, withNative } from "../support/package.js";
import { full } from "../support/property.js";

const root = folder("packages");
const store = join(root, "s.medsdb");
let count = 0;

beforeAll(async () => {
  await generate(join(root, "source"), { patients: 7, events: 200, seed: 6 });
  await convert(join(root, "source"), store);
});

/** An empty project with the package, without a native part. */
function project(): string {
  count += 1;
  const made = join(root, `project-${count}`);
  installed(made);
  return made;
}

const OPEN = `try {
  const { PatientDatabase } = await import("meds-reader");
  const db = PatientDatabase.open(${JSON.stringify(store)});
  console.log("size", db.size);
  db.close();
} catch (error) {
  console.log(error.code + ": " + error.message);
  if (error.cause !== undefined) console.log("cause", error.cause.code ?? error.cause.message);
}`;

/** What the program prints. `before` runs before the library is imported, and pretends another system. */
const printed = (place: string, { before = "", flags = [] as string[] } = {}) => run(place, `${before}\n${OPEN}`, flags).stdout;
const pretend = (name: string, value: string) => `Object.defineProperty(process, ${JSON.stringify(name)}, { value: ${value} });`;
const linked = (file: string) => symlinkSync(nativeFile, file);

describe("a package of the platform", () => {
  it("is used", () => {
    const place = project();
    withNative(place, platform, linked);
    expect(printed(place)).toBe("size 7\n");
  });

  it("is used where it is in a folder above", () => {
    const place = project();
    installed(join(place, "inner"));
    withNative(place, platform, linked);
    expect(printed(join(place, "inner"))).toBe("size 7\n");
  });

  it("must have the version of the package", () => {
    const place = project();
    withNative(place, platform, linked, "0.0.9");
    expect(printed(place)).toMatch(
      new RegExp(
        `^MEDS_UNSUPPORTED_RUNTIME: .* The package meds-reader-${platform} has version 0\\.0\\.9, but meds-reader has version \\d.*\\. Run on this machine: npm install`,
      ),
    );
  });

  it("is missing: the error names the machine, what was looked for, and what to do", () => {
    const text = printed(project());
    expect(text).toContain(
      `MEDS_UNSUPPORTED_RUNTIME: The native part of meds-reader cannot be loaded (${process.platform}-${process.arch}`,
    );
    expect(text).toContain(
      `Node.js ${process.versions.node}). Neither the package meds-reader-${platform} nor the file native/binding.${platform}.node was found.`,
    );
    expect(text).toMatch(/--omit=optional.* Run on this machine: npm install --include=optional meds-reader@\d+\.\d+\.\d+\.$/m);
    if (process.platform === "linux" && platform.endsWith("gnu")) expect(text).toMatch(/, glibc 2\.\d+, Node/);
  });

  it("is missing, but that of another platform is there", () => {
    const place = project();
    const other = platform === "darwin-arm64" ? "linux-x64-gnu" : "darwin-arm64";
    withNative(place, other, linked);
    expect(printed(place)).toContain(`Only meds-reader-${other} is installed, which is for another platform.`);
  });

  it("does not exist for this platform: the error lists those that have one", () => {
    const text = printed(project(), { before: pretend("platform", '"freebsd"') });
    expect(text).toMatch(
      /There is no package for freebsd-\w+, but for linux-x64-gnu \(glibc 2\.17 or newer\), .*darwin-arm64, win32-x64-msvc\./,
    );
  });

  it.each([
    ["darwin", "arm64", "darwin-arm64"],
    ["win32", "x64", "win32-x64-msvc"],
    ["linux", "arm64", "linux-arm64-gnu"],
  ])("is looked for by its name on %s %s", (os, arch, name) => {
    const text = printed(project(), { before: pretend("platform", `"${os}"`) + pretend("arch", `"${arch}"`) });
    expect(text).toContain(`Neither the package meds-reader-${name} nor`);
  });

  it.each([
    ["musl's loader and no glibc in the process", true, undefined, "linux-x64-musl"],
    ["musl's loader beside glibc (a package of Debian)", true, "2.36", "linux-x64-gnu"],
    ["no loader of musl", false, "2.36", "linux-x64-gnu"],
  ])("is chosen for the C library: %s", (_, loader, glibc, name) => {
    const before = `${pretend("platform", '"linux"')}${pretend("arch", '"x64"')}
const fs = process.getBuiltinModule("node:fs");
const { existsSync } = fs;
fs.existsSync = (path) => (path === "/lib/ld-musl-x86_64.so.1" ? ${loader} : existsSync(path));
process.report.getReport = () => ({ header: { glibcVersionRuntime: ${JSON.stringify(glibc)} } });`;
    expect(printed(project(), { before })).toContain(`Neither the package meds-reader-${name} nor`);
  });
});

describe("a native part that is not loaded", () => {
  it("is not a library", () => {
    const place = project();
    withNative(place, platform, (file) => writeFileSync(file, "text"));
    const text = printed(place);
    expect(text).toMatch(
      new RegExp(
        `The file meds-reader-${platform}/binding\\.${platform}\\.node cannot be loaded: .*\\. The file is damaged, or is for another platform\\. Remove node_modules, and run npm install on this machine\\.`,
      ),
    );
    expect(text).toContain("cause ERR_DLOPEN_FAILED");
  });

  it("is refused by Node.js with --permission or --no-addons", () => {
    const place = project();
    withNative(place, platform, linked);
    const permission = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
    for (const flags of [["--no-addons"], [permission, "--allow-fs-read=*"]])
      expect(printed(place, { flags })).toMatch(
        /Start Node\.js with --allow-addons where it has --permission, and without --no-addons\.\ncause ERR_DLOPEN_DISABLED/,
      );
  });

  it.each([
    [
      "a newer glibc",
      "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.38' not found (required by binding.node)",
      "",
      /GLIBC_2\.38' not found.* Use a system with a newer glibc, or build the native part on this one: in a clone, npm run setup\./,
    ],
    [
      "permission of Deno",
      'Requires ffi access to "binding.node", run again with the --allow-ffi flag',
      pretend("versions", '{ ...process.versions, deno: "2.9.6" }'),
      /, Deno 2\.9\.6\)\. .*Start Deno with --allow-ffi\./,
    ],
    [
      "permission of Node.js to read",
      "Access to this API has been restricted",
      'const code = "ERR_ACCESS_DENIED";',
      /Start Node\.js with --allow-fs-read for the whole folder of the package, and for node_modules\./,
    ],
  ])("requires %s", (_, message, before, wanted) => {
    const place = project();
    withNative(place, platform, (file) => writeFileSync(file, ""));
    const refuse = `process.getBuiltinModule("node:module")._extensions[".node"] = () => { throw Object.assign(new Error(${JSON.stringify(message)}), typeof code === "string" ? { code } : {}); };`;
    expect(printed(place, { before: `${before}\n${refuse}` })).toMatch(wanted);
  });

  it("is missing in a clone", () => {
    const place = project();
    writeFileSync(join(place, "node_modules", "meds-reader", "Cargo.toml"), "");
    expect(printed(place)).toContain(`The file native/binding.${platform}.node does not exist. Run: npm run setup.`);
  });
});

describe("without a native part", () => {
  it("--version and all help work, and a command ends with one line", () => {
    const place = project();
    const meds = (...args: string[]) => {
      const main = join(place, "node_modules", "meds-reader", "dist", "cli", "main.js");
      const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { encoding: "utf8" });
      return { status, stdout, stderr };
    };
    expect(meds("--version")).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: "" });
    const help = meds("--help");
    expect(help).toMatchObject({ status: 0, stderr: "" });
    const commands = [...help.stdout.split("Commands:")[1]!.matchAll(/^ {2}([a-z]+) /gm)].map((match) => match[1]!);
    expect(commands).toContain("convert");
    // Those of one file each are loaded with the first.
    for (const command of full ? commands.filter((name) => name !== "help" && name !== "meds") : ["convert", "bench"])
      expect(meds(command, "--help"), command).toMatchObject({
        status: 0,
        stderr: "",
        stdout: expect.stringContaining(`meds-reader ${command}`),
      });
    expect(meds("info", store)).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(/^MEDS_UNSUPPORTED_RUNTIME: [^\n]*\n$/),
    });
  });

  it("the library can be imported, and its errors can be caught by class", () => {
    const text = run(
      project(),
      'import { MedsError, PatientDatabase } from "meds-reader";\ntry { PatientDatabase.open("x"); } catch (error) { console.log(error instanceof MedsError, error.code); }',
    ).stdout;
    expect(text).toBe("true MEDS_UNSUPPORTED_RUNTIME\n");
  });
});
