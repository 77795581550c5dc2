// Programs that node gets as text, or with flags of its own: worker threads start there as they do in a program in a file.
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { convert, generate } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { folder } from "../support/folder.js";

const root = folder("flags");
const store = join(root, "s.medsdb");
const library = new URL("../../dist/index.js", import.meta.url).href;
const [before, module] = [join(root, "before.mjs"), join(root, "module.mjs")];

beforeAll(async () => {
  await generate(join(root, "source"), { patients: 12, events: 600, seed: 4 });
  await convert(join(root, "source"), store);
  writeFileSync(before, "globalThis.before = true;");
  writeFileSync(
    module,
    "export default (patients) => { let rows = 0; for (const p of patients) rows += p.length; return { rows, before: globalThis.before, gc: typeof gc }; }",
  );
});

/** Rows by a pass and by a loader's worker, and what of node's flags reached the pass's thread. */
const program = () => `(async () => {
  const meds = await import(${JSON.stringify(library)});
  const db = meds.PatientDatabase.open(${JSON.stringify(store)});
  const pass = await db.reduce(${JSON.stringify(pathToFileURL(module).href)}, { initial: { rows: 0 }, threads: 1, merge: (total, part) => ({ ...part, rows: total.rows + part.rows }) });
  let batches = 0;
  const list = meds.samples(db, { split: "train" }, { maxLength: 8, strategy: "to_end" });
  for await (const batch of meds.loader(list, { batchSize: 4, workers: 1 })) batches += batch.shape[0];
  console.log(JSON.stringify({ ...pass, right: pass.rows === db.eventCount && batches === list.size }));
  db.close();
})();`;

function node(flags: readonly string[], stdin?: string, env: Record<string, string> = {}): unknown {
  const ran = spawnSync(process.execPath, flags, { encoding: "utf8", input: stdin ?? "", env: { ...process.env, ...env } });
  const line = ran.stdout.split("\n").find((text) => text.startsWith("{"));
  return line === undefined ? `exit status ${ran.status}: ${ran.stdout}${ran.stderr}` : JSON.parse(line);
}

describe("worker threads under node's flags", () => {
  it.each([
    ["-e, CommonJS", () => node(["-e", program()])],
    ["--eval and --input-type=module", () => node(["--input-type=module", "--eval", program()])],
    ["--input-type module, in two words", () => node(["--input-type", "module", "-e", program()])],
    ["--input-type=commonjs", () => node(["--input-type=commonjs", "-e", program()])],
    ["-p", () => node(["-p", program()])],
    ["--input-type=module and -p's text", () => node(["--input-type=commonjs", "-p", program()])],
    ["stdin", () => node([], program())],
    ["- for stdin", () => node(["-"], program())],
    ["--input-type=module on stdin", () => node(["--input-type=module"], program())],
    ["--input-type=commonjs on stdin", () => node(["--input-type=commonjs"], program())],
    ["--input-type in NODE_OPTIONS", () => node(["-e", program()], undefined, { NODE_OPTIONS: "--no-warnings --input-type=module" })],
    ["--unhandled-rejections=none", () => node(["--unhandled-rejections=none", "--input-type=module", "-e", program()])],
  ])("%s", (_, run) => {
    expect(run()).toMatchObject({ right: true });
  });

  it.each([["--input-type=module"], ["--no-warnings"]])("flags that may reach a thread do, beside %s", (flag) => {
    const flags = [
      "--expose-gc",
      "--max-old-space-size=300",
      "--enable-source-maps",
      "--conditions=development",
      `--import=${pathToFileURL(before)}`,
    ];
    expect(node([...flags, flag, "-e", program()])).toEqual({ rows: expect.any(Number), before: true, gc: "function", right: true });
  });

  it.each([["--test"], ["--watch"]])("a program in a file under %s", async (flag) => {
    const file = join(root, "program.test.cjs");
    writeFileSync(file, program());
    const child = spawn(process.execPath, [flag, file], { env: { ...process.env, NODE_TEST_CONTEXT: undefined } });
    let said = "";
    // Under --watch it waits for a change of the file.
    for await (const text of child.stdout) {
      said += text;
      if (said.includes("right")) child.kill();
    }
    expect(said).toMatch(/"right":true/);
  });
});

describe("modules in TypeScript", () => {
  const typed = join(root, "pass.ts");
  // Removes the types as a loader such as tsx does.
  const hooks = `import { readFile } from "node:fs/promises";
    export async function load(url, context, next) {
      if (!url.endsWith(".ts")) return next(url, context);
      const text = await readFile(new URL(url), "utf8");
      return { format: "module", shortCircuit: true, source: text.replaceAll(": Iterable<unknown>", "") };
    }`;
  const loader = join(root, "loader.mjs");
  const program = (url: string) => `
    const { PatientDatabase } = await import(${JSON.stringify(library)});
    const db = PatientDatabase.open(${JSON.stringify(store)});
    try {
      console.log(JSON.stringify(await db.map(${JSON.stringify(url)}, { threads: 1 }).toArray()));
    } catch (error) { console.log(JSON.stringify(error.message)); }
    db.close();`;

  beforeAll(() => {
    writeFileSync(typed, "export default (patients: Iterable<unknown>) => ({ rows: [...patients].length });");
    const register = `import { register } from "node:module"; register("data:text/javascript,${encodeURIComponent(hooks)}");`;
    writeFileSync(loader, register);
  });

  function said(flags: readonly string[]): string {
    const ran = spawnSync(process.execPath, [...flags, "--input-type=module", "-e", program(pathToFileURL(typed).href)], {
      encoding: "utf8",
    });
    return ran.stdout + ran.stderr;
  }

  it("are loaded where a flag of node brings a loader", () => {
    expect(said([`--import=${pathToFileURL(loader)}`])).toContain('[{"rows":12}]');
  });

  it("say what to do where nothing loads them", () => {
    if ("typescript" in process.features && process.features.typescript) return expect(said([])).toContain('[{"rows":12}]');
    expect(said([])).toMatch(/pass\.ts.*does not load TypeScript\. Node\.js 22\.18, 23\.6 and newer load it\..*compile the module/);
    expect(said([`--import=${pathToFileURL(before)}`])).toMatch(/could not be loaded: .*because this thread does not load TypeScript/);
  });
});
