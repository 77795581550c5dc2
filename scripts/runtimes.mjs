// Writes the tables of docs/runtimes.md: installs the runtimes, compilers, test runners and bundlers of
// scripts/runtimes/list.mjs from the npm registry, and runs one program in each. Not a part of CI, because of
// the downloads. `node scripts/runtimes.mjs [runtimes|typescript|runners|bundlers …]` writes some of the
// tables.
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { must, root } from "./lib/run.mjs";
import * as list from "./runtimes/list.mjs";

const PAGE = join(root, "docs", "runtimes.md");
const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const place = mkdtempSync(join(tmpdir(), "meds-reader-runtimes-"));
process.on("exit", () => rmSync(place, { recursive: true, force: true }));
const failures = [];

/** Runs a program. Its output and status; a program that hangs fails. */
function run(command, args, { cwd = place, env = {} } = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "", NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1", ...env },
    maxBuffer: 2 ** 28,
    timeout: 600_000,
  });
  return { ok: status === 0, stdout, said: `${stdout}\n${stderr}${error ?? ""}`.trim() };
}

/** A result for the table. A failure is shown in full on stderr, and makes the status of the script 1. */
function result(what, ok, good, said = "") {
  if (ok) return good;
  failures.push(what);
  console.error(`${what} failed:\n${said.slice(-4000)}\n`);
  return "FAILS";
}

/** Makes a project with some packages of npm and meds-reader, as it is here. Names may be aliases: `npm:NAME@VERSION`. */
function project(name, packages) {
  const at = join(place, name);
  mkdirSync(at);
  const dependencies = { ...own.dependencies, "apache-arrow": own.devDependencies["apache-arrow"], ...packages };
  writeFileSync(join(at, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
  const npm = run("npm", ["install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"], { cwd: at });
  if (!npm.ok) throw new Error(`npm install of ${Object.keys(packages)}: ${npm.said}`);
  const copy = join(at, "node_modules", "meds-reader");
  mkdirSync(copy);
  for (const part of ["dist", "native", "index.d.ts", "package.json"]) cpSync(join(root, part), join(copy, part), { recursive: true });
  // Some runtimes read package.json to find packages.
  writeFileSync(
    join(at, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies: { ...dependencies, "meds-reader": own.version } }),
  );
  return at;
}

const alias = (program, version) => `${program}-${version}`;
const program = (at, kind, version) => join(at, "node_modules", alias(kind, version), list.PROGRAMS[kind].file);
const wanted = (kind, version) => [alias(kind, version), `npm:${list.PROGRAMS[kind].name}@${version}`];

/** What became of a pass module in TypeScript: it runs, or the error is one of this package. */
const typed = (found) =>
  found === "MEDS_INVALID_ARGUMENT" ? `\`${found}\`` : result("A module in TypeScript", found === "runs", "run", found);

function runtimes() {
  const versions = [...list.NODE.map((version) => ["node", version]), ["bun", list.BUN], ["deno", list.DENO]];
  const at = project("runtimes", Object.fromEntries(versions.map(([kind, version]) => wanted(kind, version))));
  copyFileSync(join(root, "scripts", "runtimes", "program.mjs"), join(at, "program.mjs"));
  const last = list.NODE.at(-1);
  const rows = [
    ...list.NODE.map((version) => [`Node.js ${version}`, "node", version, []]),
    [`Node.js ${last}, \`${list.PERMISSION_FLAGS.join(" ")}\``, "node", last, list.PERMISSION_FLAGS],
    [`Bun ${list.BUN}`, "bun", list.BUN, ["run"]],
    [`Deno ${list.DENO}, \`${list.DENO_FLAGS.join(" ")}\``, "deno", list.DENO, ["run", ...list.DENO_FLAGS]],
  ];
  let reference;
  return table(
    ["runtime", "the program", "pass modules in TypeScript"],
    rows.map(([name, kind, version, flags], i) => {
      const folder = join(place, `answers-${i}`);
      mkdirSync(folder);
      const ran = run(program(at, kind, version), [...flags, join(at, "program.mjs"), folder], { cwd: at });
      const answers = ran.ok ? JSON.parse(ran.stdout.trim().split("\n").at(-1)) : { steps: [] };
      reference ??= answers.steps;
      const wrong = answers.steps.filter(({ answer, error }, step) => error !== undefined || answer !== reference[step].answer);
      const ok = ran.ok && wrong.length === 0 && answers.steps.length === reference.length && reference.length >= 40;
      const good = `${answers.steps.length} of ${reference.length} steps, ${i === 0 ? "the answers that the others must have" : "equal answers"}`;
      return [name, result(name, ok, good, ran.ok ? JSON.stringify(wrong, null, 1) : ran.said), typed(answers.typescript)];
    }),
  );
}

function typescript() {
  const packages = Object.fromEntries(list.TYPESCRIPT.map((version) => [alias("typescript", version), `npm:typescript@${version}`]));
  const at = project("typescript", { ...packages, "@types/node": own.devDependencies["@types/node"] });
  copyFileSync(join(root, "scripts", "runtimes", "types.ts"), join(at, "types.ts"));
  const flags = ["--noEmit", "--strict", "--skipLibCheck", "false", "--target", "es2022", "--types", "node"];
  return table(
    ["TypeScript", ...Object.keys(list.RESOLUTIONS).map((name) => `\`${name}\``)],
    list.TYPESCRIPT.map((version) => [
      version,
      ...Object.entries(list.RESOLUTIONS).map(([name, [module, resolution]]) => {
        const tsc = join(at, "node_modules", alias("typescript", version), "bin", "tsc");
        const ran = run(process.execPath, [tsc, ...flags, "--module", module, "--moduleResolution", resolution, "types.ts"], { cwd: at });
        return result(`TypeScript ${version} ${name}`, ran.ok, "compiles", ran.said);
      }),
    ]),
  );
}

/** A store, and the source of which it was made, for tests and bundles. */
function makeStore() {
  const source = join(place, "source");
  const cli = join(root, "dist", "cli", "main.js");
  must([process.execPath, cli, "generate", source, "--patients", "7", "--events", "200", "--progress", "none"], "making a dataset");
  must([process.execPath, cli, "convert", source, `${source}.medsdb`, "--progress", "none"], "converting it");
  return `${source}.medsdb`;
}

function runners(store) {
  const spec = readFileSync(join(root, "test", "support", "realms", "pool.spec.mjs"), "utf8");
  const packages = Object.assign({}, ...Object.values(list.RUNNERS).map(({ packages: some }) => some));
  const at = project("runners", packages);
  // Both have `expect` and `it` as globals.
  writeFileSync(join(at, "pool.spec.mjs"), spec.replace(/^import .* from "vitest";\n/m, ""));
  writeFileSync(join(at, "jest.config.mjs"), 'export default { testMatch: ["**/*.spec.mjs"], testTimeout: 60000 };\n');
  return table(
    ["test runner", "the tests"],
    Object.entries(list.RUNNERS).map(
      (
        [
          name,
          {
            packages: some,
            bin: [bin, ...args],
            flags,
          },
        ],
        i,
      ) => {
        const folder = join(place, `runner-${i}`);
        mkdirSync(folder);
        const env = { MEDS_POOL_STORE: store, MEDS_POOL_FOLDER: folder };
        const ran = run(process.execPath, [...flags, join(at, "node_modules", bin), ...args], { cwd: at, env });
        const count = /Tests:? +(?:.*, )?(\d+) passed/.exec(ran.said)?.[1];
        const [version] = Object.values(some);
        return [name.replace(/^\w+/, `$& ${version}`), result(name, ran.ok && count !== undefined, `${count} pass`, ran.said)];
      },
    ),
  );
}

/** The program that is bundled: it opens a store and makes batches in a worker thread. */
const BUNDLED = `import { Labels, loader, PatientDatabase, samples } from "meds-reader";
export async function size(path) {
  const db = PatientDatabase.open(path);
  const labels = Labels.from(Array.from(db.subjectIds, (subjectId) => ({ subjectId, predictionTime: "2300", booleanValue: true })));
  let count = 0;
  for await (const { sample } of loader(samples(db, labels, { maxLength: 4 }), { batchSize: 2, workers: 1 })) count += sample.length;
  const { size } = db;
  db.close();
  return \`size \${size}, \${count} samples\`;
}
`;
const MAIN = `import { size } from "./size.mjs";
size(process.argv[2]).then(console.log, (error) => { console.error(error.code, error.message); process.exitCode = 1; });
`;
const SAID = "size 7, 7 samples";

/** The files and the command of a recipe in docs/runtimes.md. */
function recipe(name) {
  const [, section] = readFileSync(PAGE, "utf8").split(`\n### ${name}\n`);
  const blocks = [
    ...section
      .split("\n## ")[0]
      .split("\n### ")[0]
      .matchAll(/```(\w+)\n([\s\S]*?)```/g),
  ];
  const files = blocks.filter(([, kind]) => kind === "js").map(([, , text]) => [/^\/\/ (\S+)\n/.exec(text)[1], text]);
  return {
    files,
    command: blocks
      .find(([, kind]) => kind === "sh")[2]
      .trim()
      .replace(/^npx /, ""),
  };
}

/** A recipe without what makes the package external. Packages that are not installed remain external. */
const inside = (text) =>
  text
    .replace(" --external:meds-reader", " --external:@duckdb/node-api")
    .replace('"meds-reader", /', '"@duckdb/node-api", /')
    .replace('ssr: { external: ["meds-reader"] }', 'ssr: { noExternal: true, external: ["@duckdb/node-api"] }')
    .replace('external: ["meds-reader"]', 'external: ["@duckdb/node-api"]')
    .replace('"meds-reader": "module meds-reader"', '"@duckdb/node-api": "module @duckdb/node-api"')
    .replace('file: "out.mjs", format: "es"', 'file: "out.mjs", format: "es", codeSplitting: false');

function bundlers(store) {
  return table(
    ["bundler", "with the package external", "with the package inside, run elsewhere"],
    Object.entries(list.BUNDLERS).map(([name, { packages, makes }]) => {
      const at = project(name, packages);
      const { files, command } = recipe(name);
      const title = `${name} ${Object.values(packages)[0]}`;
      writeFileSync(join(at, "size.mjs"), BUNDLED);
      writeFileSync(join(at, "program.mjs"), MAIN);
      if (makes === null) return [title, next(at, files, command, store), "not tried"];
      const outcome = (change, isMoved = false) => {
        for (const [file, text] of files) writeFileSync(join(at, file), change(text));
        rmSync(join(at, makes), { force: true });
        const [bin, ...args] = change(command).split(" ");
        const made = run(join(at, "node_modules", ".bin", bin), args, { cwd: at });
        // As on the machine where the bundle runs: some bundlers keep the path that the package had.
        const installed = join(at, "node_modules", "meds-reader");
        if (isMoved) renameSync(installed, `${installed}-away`);
        return made.ok ? run(process.execPath, [makes, store], { cwd: at }) : made;
      };
      const outside = outcome((text) => text);
      const within = outcome((text) => inside(text), true);
      return [
        title,
        result(`${title}, external`, outside.ok && outside.stdout.trim() === SAID, "works, with workers of a loader", outside.said),
        // Without a plugin, Rollup leaves every package external.
        /Cannot find package 'meds-reader'/.test(within.said)
          ? "it is never inside"
          : result(`${title}, inside`, /MEDS_BUNDLED/.test(within.said), "`MEDS_BUNDLED`", within.said),
      ];
    }),
  );
}

/** A server of Next. */
function next(at, files, command, store) {
  const route = join(at, "app", "size", "route.js");
  mkdirSync(dirname(route), { recursive: true });
  writeFileSync(join(at, "app", "layout.js"), "export default function Layout({ children }) { return children; }\n");
  writeFileSync(
    route,
    `import { size } from "../../size.mjs";\nexport const dynamic = "force-dynamic";\nexport const GET = async () => new Response(await size(${JSON.stringify(store)}));\n`,
  );
  for (const [file, text] of files) writeFileSync(join(at, file), text);
  const bin = join(at, "node_modules", ".bin", "next");
  const made = run(bin, command.split(" ").slice(1), { cwd: at });
  if (!made.ok) return result("Next", false, "", made.said);
  // The server ends with the shell that asked it.
  const ask = `"${bin}" start -p 38917 > server.log 2>&1 & server=$!
for i in $(seq 60); do answer=$(curl -s --noproxy '*' http://127.0.0.1:38917/size) && break; sleep 1; done
kill $server; cat server.log >&2; echo "$answer"`;
  const ran = run("sh", ["-c", ask], { cwd: at });
  return result("Next", ran.stdout.trim() === SAID, "works, with workers of a loader", ran.said);
}

const table = (head, rows) => [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const TABLES = { runtimes, typescript, runners, bundlers };
const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(TABLES);
if (!existsSync(join(root, "dist", "index.js"))) throw new Error("dist/ is missing. Run npm run setup.");
const store = makeStore();
for (const name of names) {
  const began = performance.now();
  const made = TABLES[name](store);
  const page = readFileSync(PAGE, "utf8");
  writeFileSync(
    PAGE,
    page.replace(new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- end -->)`), (_, before, after) => `${before}${made}\n${after}`),
  );
  console.log(`${name} (${Math.round((performance.now() - began) / 1000)} s)\n${made}\n`);
}
console.log(failures.length === 0 ? "all work" : `${failures.length} failed: ${failures.join("; ")}`);
process.exitCode = failures.length === 0 ? 0 : 1;
