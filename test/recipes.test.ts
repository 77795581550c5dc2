// docs/format.md shows how other programs read a store: every recipe is run.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { convert, generate } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { folder } from "./support/folder.js";
import { python } from "./support/python.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = readFileSync(join(root, "docs/format.md"), "utf8");

/** The recipe in a language that imports a module (and is about something). */
function recipe(language: string, module: string, about = ""): string {
  const blocks = [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, "gm"))].map((match) => match[1]!);
  const found = blocks.find((block) => new RegExp(`^import.*\\b${module}\\b`, "m").test(block) && block.includes(about));
  if (found === undefined) throw new Error(`docs/format.md has no recipe for ${module}`);
  return found;
}

const checks = {
  pyarrow: "assert timeline.num_rows == len(one['events'][0]) > 0 and timeline.column_names[:2] == ['time', 'code']",
  polars: "assert events.height == 5000 and events.select(name).drop_nulls().height == values.height > 0",
  duckdb: "assert len(births) == 30 and {row[2] for row in births} == {'MEDS_BIRTH'}",
};
const has = (module: string) => python !== null && spawnSync(python, ["-c", `import ${module}`]).status === 0;

let place: string;
let shard: string;
beforeAll(async () => {
  place = folder("recipes");
  shard = join(place, "demo.medsdb", "shards", "00000.arrow");
  await generate(join(place, "demo"), { patients: 30, events: 5_000, seed: 1 });
  await convert(join(place, "demo"), join(place, "demo.medsdb"), { index: true });
});

function runs(command: string, args: string[]) {
  const { status, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
}

describe("recipes of docs/format.md", () => {
  for (const [module, check] of Object.entries(checks))
    it.skipIf(!has(module))(`${module} (Python with it)`, () =>
      runs(python!, ["-c", `shard = ${JSON.stringify(shard)}\n${recipe("python", module)}\n${check}\n`]),
    );

  it.skipIf(!has("pyarrow"))("pyarrow, for the index (Python with it)", () => {
    const check = "assert len(holders) > 0 and all(holder['rows'] == sorted(holder['rows']) for holder in holders)";
    runs(python!, ["-c", `shard = ${JSON.stringify(shard)}\n${recipe("python", "pyarrow", "index")}\n${check}\n`]);
  });

  it("apache-arrow", () => {
    const check = 'if (table.numRows !== 30 || events.get(0).code.length === 0) throw new Error("not what the store holds");';
    runs(process.execPath, [
      "--input-type=module",
      "-e",
      `const shard = ${JSON.stringify(shard)};\n${recipe("js", "apache-arrow")}\n${check}`,
    ]);
  });
});
