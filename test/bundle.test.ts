// Programs that a bundler has put into one file. Where the package is inside, it cannot find its native part and the programs of its threads: it says so.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { convert, generate } from "meds-reader";
import { rolldown } from "rolldown";
import { beforeAll, describe, expect, it } from "vitest";
import { folder } from "./support/folder.js";
import { nativeFile } from "./support/package.js";

const root = folder("bundle");
const store = join(root, "s.medsdb");
const project = fileURLToPath(new URL("..", import.meta.url));
const PROGRAM = `import { PatientDatabase } from "meds-reader";
const db = PatientDatabase.open(process.argv[2]);
console.log("size", db.size);
db.close();
`;

beforeAll(async () => {
  await generate(join(root, "source"), { patients: 7, events: 200, seed: 6 });
  await convert(join(root, "source"), store);
  mkdirSync(join(root, "node_modules"));
  symlinkSync(project, join(root, "node_modules", "meds-reader"));
  writeFileSync(join(root, "program.mjs"), PROGRAM);
});

async function bundle(file: string, format: "esm" | "cjs", external: readonly string[], program = "program.mjs"): Promise<void> {
  const made = await rolldown({
    input: join(root, program),
    platform: "node",
    logLevel: "silent",
    external: ["@duckdb/node-api", "apache-arrow", ...external],
  });
  await made.write({ file, format, codeSplitting: false } as Parameters<typeof made.write>[0]);
  await made.close();
}

function run(file: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, store], { encoding: "utf8" });
  return { status, stdout, stderr };
}

describe("bundles", () => {
  it.each(["esm", "cjs"] as const)("a bundle that contains the package says to leave it external (%s)", async (format) => {
    const file = join(root, format === "esm" ? "inside.mjs" : "inside.cjs");
    await bundle(file, format, []);
    const ran = run(file);
    expect(ran.status).toBe(1);
    expect(ran.stderr).toMatch(/MedsError: A bundler has copied meds-reader into another file/);
    expect(ran.stderr).toMatch(/native\/ is missing/);
    expect(ran.stderr).toMatch(/external: \["meds-reader"\]/);
    expect(ran.stderr).toMatch(/code: 'MEDS_BUNDLED'/);
  });

  it("a bundle that leaves the package external works", async () => {
    const file = join(root, "outside.mjs");
    await bundle(file, "esm", ["meds-reader"]);
    expect(run(file)).toMatchObject({ status: 0, stdout: "size 7\n" });
  });

  it("a bundle that uses no function that loads a file later is one file", async () => {
    writeFileSync(join(root, "little.mjs"), 'import { MedsError } from "meds-reader";\nconsole.log("size", MedsError.name);\n');
    const file = join(root, "little-inside.mjs");
    await bundle(file, "esm", [], "little.mjs");
    expect(run(file)).toMatchObject({ status: 0, stdout: "size MedsError\n" });
  });

  it("a bundle whose native part was copied along contains the files that load later", async () => {
    const place = join(root, "later");
    mkdirSync(join(place, "dist"), { recursive: true });
    mkdirSync(join(place, "native"));
    copyFileSync(nativeFile, join(place, "native", basename(nativeFile)));
    writeFileSync(
      join(root, "later-program.mjs"),
      `import { convert, Labels, PatientDatabase } from "meds-reader";
import { mkdtempSync } from "node:fs";
const folder = mkdtempSync(process.argv[2].replace(/[^/\\\\]*$/, "later-"));
await convert(process.argv[2].replace("s.medsdb", "source"), folder + "/t.medsdb");
const db = PatientDatabase.open(folder + "/t.medsdb");
const labels = Labels.from([{ subjectId: db.subjectIds[0], predictionTime: new Date(0), booleanValue: true }]);
await labels.write(folder + "/task");
console.log("size", db.size, (await Labels.open(folder + "/task")).size);
db.close();
`,
    );
    await bundle(join(place, "dist", "program.mjs"), "esm", [], "later-program.mjs");
    expect(run(join(place, "dist", "program.mjs"))).toMatchObject({ status: 0, stdout: "size 7 1\n", stderr: "" });
  });

  it("a bundle whose native part was copied along works, until it needs a worker's file that was not", async () => {
    const place = join(root, "copied");
    mkdirSync(join(place, "dist"), { recursive: true });
    mkdirSync(join(place, "native"));
    copyFileSync(nativeFile, join(place, "native", basename(nativeFile)));
    writeFileSync(
      join(root, "threads.mjs"),
      `${PROGRAM.replace("db.close();", "")}
const failed = (error) => console.log(error.code, /worker\\.js is missing/.test(error.message));
await db.reduce(process.argv[1], { initial: 0, merge: (a, b) => a + b }).catch(failed);
const { samples, loader } = await import("meds-reader");
try { for await (const _ of loader(samples(db, { split: "train" }, { maxLength: 4, strategy: "to_end" }), { batchSize: 2, workers: 1 })); } catch (error) { failed(error); }
db.close();`,
    );
    await bundle(join(place, "dist", "program.mjs"), "esm", [], "threads.mjs");
    expect(run(join(place, "dist", "program.mjs"))).toMatchObject({ status: 0, stdout: "size 7\nMEDS_BUNDLED true\nMEDS_BUNDLED true\n" });
  });
});
