// The published types: they compile with the ES2022 library alone, say what is wrong, and every example of the documents type-checks and runs.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { convert, generate } from "meds-reader";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { folder } from "../support/folder.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

// Inside the project, where Node and TypeScript find "meds-reader" as its users do: through the package's own exports.
mkdirSync(join(root, ".cache"), { recursive: true });
const scratch = mkdtempSync(join(root, ".cache", "types-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Compiles texts as modules that import the package; returns `FILE(LINE): message` of each error. */
function errors(texts: Record<string, string>, types: string[] = []): string[] {
  const files = Object.entries(texts).map(([name, text]) => {
    const file = join(scratch, name);
    writeFileSync(file, text);
    return file;
  });
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2022.d.ts"],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types,
    typeRoots: [join(root, "node_modules", "@types")],
    strict: true,
    noEmit: true,
    exactOptionalPropertyTypes: true,
  });
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
    return `${file?.fileName.slice(scratch.length + 1)}(${line}): ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
  });
}

describe("index.d.ts", () => {
  it("compiles with lib ES2022 and without Node's types", () => {
    const text = `import { PatientDatabase } from "meds-reader";
      export function use(path: string): number | null {
        const db = PatientDatabase.open(path);
        db[Symbol.dispose]();
        return db.at(0)?.at(0)?.time ?? null;
      }`;
    expect(errors({ "plain.mts": text })).toEqual([]);
  });

  it("has the columns of a schema, and null", () => {
    const text = `import { PatientDatabase } from "meds-reader";
      interface Mimic { unit: string; hadm_id: bigint; constructor: boolean }
      export function use(path: string) {
        const event = PatientDatabase.open<Mimic>(path).at(0)!.at(0)!;
        const unit: string | null = event.get("unit");
        const hadm: bigint | null = event.get("hadm_id");
        const odd: boolean | null = event.get("constructor");
        const code: string = event.get("code");
        const time: number | null = event.get("time");
        const at: string | null = PatientDatabase.open<Mimic>(path).at(0)!.column("unit").at(0);
        // @ts-expect-error no such column
        event.get("units");
        // @ts-expect-error null is in the type
        const bad: string = event.get("unit");
        // @ts-expect-error another type
        const worse: number | null = event.get("hadm_id");
        // @ts-expect-error a time may be null
        const never: number = event.time;
        // @ts-expect-error columns of the schema are not properties
        event.hadm_id;
        const whole: { unit: string | null; code: string } = event.toObject();
        const present: string | undefined = event.toObject({ nulls: false }).unit;
        // @ts-expect-error a column without a value is left out
        const there: string = event.toObject({ nulls: false }).unit;
        for (const [name, value] of event.entries()) if (name === "hadm_id") BigInt.asIntN(64, value);
        const visit: number | null = PatientDatabase.open<{ hadm_id: number }>(path, { int64: "number" }).at(0)!.column("hadm_id").at(0);
        // @ts-expect-error made by the package only
        new (event.constructor as typeof import("meds-reader").Event)();
        const any = PatientDatabase.open(path).at(0)!.at(0)!.get("whatever");
        return [unit, hadm, odd, code, time, at, bad, worse, never, any, whole, present, there, visit];
      }`;
    expect(errors({ "schema.mts": text })).toEqual([]);
  });
});

/** The blocks of TypeScript in a document or in doc comments, by place. */
function examples(file: string): [place: string, text: string][] {
  const text = readFileSync(join(root, file), "utf8");
  return [...text.matchAll(/^([ \t]*(?:\* )?)```(?:ts|js)\n([\s\S]*?)^[ \t]*(?:\* ?)?```/gm)].map(({ 1: indent, 2: body, index }) => [
    `${file}:${text.slice(0, index).split("\n").length}`,
    body!.replaceAll(indent!, "").replace(/^[ \t]*\* ?/gm, ""),
  ]);
}

describe("examples", () => {
  const all = ["index.d.ts", "README.md", "docs/advice.md", "docs/from-meds-reader.md"]
    .filter((file) => ts.sys.fileExists(join(root, file)))
    .flatMap(examples);
  let place: string;
  beforeAll(async () => {
    place = folder("examples");
    await generate(join(place, "demo"), { patients: 30, events: 5_000, seed: 1 });
    await convert(join(place, "demo"), join(place, "demo.medsdb"));
  });

  it("are in the comments of public classes and functions", () => expect(all.length).toBeGreaterThan(12));

  it("type-check", () => {
    const texts = Object.fromEntries(all.map(([, text], i) => [`example-${i}.mts`, `${text}\nexport {};\n`]));
    const places = errors(texts, ["node"]).map((error) => error.replace(/^example-(\d+)\.mts/, (_, i) => all[Number(i)]![0]));
    expect(places).toEqual([]);
  });

  it("run, one after the other", { timeout: 120_000 }, () => {
    const files = all.map(([at, text]) => {
      const file = join(scratch, `${at.replaceAll(/\W/g, "-")}.mjs`);
      // The documents are JavaScript as they are.
      const isTypeScript = at.startsWith("index.d.ts");
      writeFileSync(file, isTypeScript ? ts.transpile(text, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }) : text);
      return file;
    });
    // In one process. An example that fails is named, and the next one runs.
    const runner = join(scratch, "runner.mjs");
    writeFileSync(
      runner,
      `for (const file of ${JSON.stringify(files)})
         await import(file).catch((error) => console.error(file, error));
       console.log("\\nall ran");`,
    );
    const { status, stdout, stderr } = spawnSync(process.execPath, [runner], { cwd: place, encoding: "utf8", maxBuffer: 1 << 28 });
    expect(stderr).toBe("");
    expect([status, stdout.split("\n").at(-2)]).toEqual([0, "all ran"]);
  });
});
