// `node scripts/nightly.mjs [--only TEXT] [--profile release]`: builds the packages of every Linux platform as
// they are published, and tries each on the oldest systems that it is for: Debian 11, musl, and arm64 (glibc and
// musl) under qemu. There, a program must give the answers that it gives here, its store must have the same
// bytes, and the tests of the reader must pass. Hours from nothing, and gigabytes below .cache/nightly; not a
// part of CI. --only runs the steps whose names contain the text. --profile release compiles faster.
//
// A step whose tools are absent is skipped, with the reason. The last line: N passed, N failed, N skipped.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { platforms, rustSources } from "./lib/native.mjs";
import { fail, root } from "./lib/run.mjs";
import { copyProject, hashOf } from "./nightly/project.mjs";
import { makeRoot, nodeOf, place, ROOTS, run, Skipped } from "./nightly/root.mjs";
import { readNeeds, wrongNeeds } from "./nightly/symbols.mjs";

const { values } = parseArgs({ options: { only: { type: "string", default: "" }, profile: { type: "string", default: "dist" } } });
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const packages = join(place, `packages-${values.profile}`);
/** The tests that run everywhere: what is read, by every way to read it. */
const TESTS = [
  "test/reader",
  "test/edges",
  "test/window-rows.test.ts",
  "test/property.test.ts",
  "test/arrow.test.ts",
  "test/query.test.ts",
];
/** qemu does not pass on which pages are in memory, nor advice about them. */
const NOT_UNDER_QEMU = ["test/reader/cold.test.ts", "test/reader/prefetch.test.ts"];

const linux = Object.keys(platforms).filter((name) => platforms[name].os === "linux");

/** Calls a function once for each argument, and repeats its result or its error. */
function once(make) {
  const known = new Map();
  return (name) => {
    if (!known.has(name)) {
      try {
        known.set(name, { result: make(name) });
      } catch (error) {
        known.set(name, { error });
      }
    }
    const { result, error } = known.get(name);
    if (error !== undefined) throw error;
    return result;
  };
}

/** zig and cargo-zigbuild: those on PATH, otherwise of PyPI. */
const zig = once(() => {
  const bin = join(place, "zig", "bin");
  process.env.PATH = `${bin}:${process.env.PATH}`;
  try {
    run("cargo-zigbuild", ["--version"]);
  } catch {
    run("python3", ["-m", "venv", join(place, "zig")]);
    run(join(bin, "pip"), ["install", "--quiet", "cargo-zigbuild==0.24.1", "ziglang==0.17.1"]);
  }
});

/** The package of a platform, compiled from the sources as they are. Returns its tarball. */
const packageOf = once((name) => {
  const tarball = join(packages, `meds-reader-${name}-${version}.tgz`);
  const isCurrent = () => existsSync(tarball) && JSON.parse(run("tar", ["xOf", tarball, "package/package.json"])).sources === rustSources();
  if (isCurrent()) return tarball;
  const { target } = platforms[name];
  if (!run("rustup", ["target", "list", "--installed"]).split("\n").includes(target))
    throw new Skipped(`it needs: rustup target add ${target}`);
  zig();
  const env = { ...process.env, CARGO_TARGET_DIR: process.env.CARGO_TARGET_DIR ?? join(place, "target") };
  const script = join(root, "scripts", "pack.mjs");
  run(process.execPath, [script, packages, "--targets", name, "--profile", values.profile], {
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (!isCurrent()) throw new Error(`${tarball} was not made from these sources`);
  return tarball;
});

function symbols(name) {
  const folder = join(packages, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  run("tar", ["xf", packageOf(name), "-C", folder, "--strip-components=1"]);
  const needs = readNeeds(join(folder, `binding.${name}.node`));
  if (needs === undefined) throw new Skipped("it needs readelf (binutils)");
  const wrong = wrongNeeds(needs, platforms[name]);
  if (wrong !== undefined) throw new Error(`${name} ${wrong}`);
  return `needs ${needs.libraries.join(", ")}${needs.versions.length === 0 ? "" : `; glibc ${needs.versions.at(-1)}`}`;
}

/** Runs the program of docs/runtimes.md. Returns its answers, and the hash of its store. */
function answersOf(run, path, program, folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { steps } = JSON.parse(
    run([path(program), path(folder)])
      .trim()
      .split("\n")
      .at(-1),
  );
  return [...steps, { name: "the bytes of the store", answer: hashOf(join(folder, "s.medsdb")) }];
}

/** The answers of this machine, with the native part of `npm run setup`. */
const here = once(() => {
  const program = join(root, "scripts", "runtimes", "program.mjs");
  return answersOf(
    (args) => run(process.execPath, args),
    (name) => name,
    program,
    join(place, "answers"),
  );
});

/** A root with a copy of the project in it. */
const prepared = once((name) => {
  const folder = makeRoot(name, ROOTS[name]);
  copyProject(ROOTS[name].platform, packageOf(ROOTS[name].platform), join(folder, "project"));
  return folder;
});

function program(name, node) {
  const folder = prepared(name);
  const { run: runNode, path } = nodeOf(folder, ROOTS[name], node, "project");
  const file = join(folder, "project", "scripts", "runtimes", "program.mjs");
  const found = answersOf(runNode, path, file, join(folder, "project", "answers"));
  const expected = here();
  const wrong = expected.filter((step, i) => step.error !== undefined || step.name !== found[i]?.name || step.answer !== found[i].answer);
  if (wrong.length > 0 || found.length !== expected.length || found.length < 40)
    throw new Error(
      `other answers than here:\n${wrong.map((step) => JSON.stringify([step, found.find((other) => other.name === step.name)]).slice(0, 1000)).join("\n")}`,
    );
  return `${found.length} answers, equal to those here`;
}

function tests(name, node) {
  const { run: runNode } = nodeOf(prepared(name), ROOTS[name], node, "project");
  const isSlow = ROOTS[name].platform.includes("arm64");
  const left = isSlow ? NOT_UNDER_QEMU.flatMap((file) => ["--exclude", file]) : [];
  const limit = isSlow ? 1_800_000 : 120_000;
  const limits = [`--testTimeout=${limit}`, `--hookTimeout=${limit}`];
  const text = runNode(["node_modules/vitest/vitest.mjs", "run", "--reporter=dot", ...limits, ...left, ...TESTS], {
    timeout: 8 * 1_800_000,
  });
  const counted = /^\s*Tests\s.*?(\d+) passed.*$/m.exec(text);
  if (counted === null) throw new Error(`no test ran:\n${text.slice(-2000)}`);
  return counted[0].trim().replaceAll(/\s+/g, " ");
}

const steps = [
  ...linux.map((name) => [`build ${name}`, () => packageOf(name)]),
  ...linux.map((name) => [`symbols ${name}`, () => symbols(name)]),
  ...Object.entries(ROOTS).flatMap(([name, { nodes }]) => [
    ...nodes.map((node) => [`program ${name} node-${node}`, () => program(name, node)]),
    [`tests ${name} node-${nodes.at(-1)}`, () => tests(name, nodes.at(-1))],
  ]),
  [
    "runtimes",
    () =>
      run(process.execPath, [join(root, "scripts", "runtimes.mjs")], { stdio: ["ignore", "inherit", "inherit"] }) ??
      "docs/runtimes.md was written",
  ],
];

const chosen = steps.filter(([name]) => name.includes(values.only));
if (chosen.length === 0) fail(`No step has ${values.only} in its name. Steps: ${steps.map(([name]) => name).join(", ")}`, 2);
const total = { passed: 0, failed: 0, skipped: 0 };
for (const [name, step] of chosen) {
  const start = Date.now();
  const end = (what, said) => {
    total[what]++;
    console.log(`${name}: ${what} in ${Math.round((Date.now() - start) / 1000)} s: ${said}`);
  };
  try {
    end("passed", step());
  } catch (error) {
    if (error instanceof Skipped) end("skipped", error.message);
    else end("failed", error.message);
  }
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
