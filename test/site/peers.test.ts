// The pages "From … to meds-reader": the programs of the other package print what ours beside them print. A page
// is skipped where its package is not installed: MEDS_PEER_PYTHON, MEDS_TRANSFORMS_PYTHON and MEDS_TORCH_PYTHON
// name Pythons that have them, else those of .cache/peer, .cache/transforms and .cache/torch are used.
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generate } from "meds-reader";
import { describe, expect, it } from "vitest";
import { type Block, blocks, output, project, run } from "../support/pages.js";
import { pythonWith } from "../support/python.js";

/** The page, the environment, and the module that its programs import. */
const PAGES: readonly [page: string, environment: string, module: string][] = [
  ["docs/from-meds-reader.md", "peer", "meds_reader"],
  ["docs/from-polars.md", "peer", "polars"],
  ["docs/from-meds-transforms.md", "transforms", "MEDS_transforms"],
  ["docs/from-meds-torch-data.md", "torch", "meds_torchdata"],
];

const lines = (text: string) => text.trimEnd().split("\n").sort();

describe("the programs of other packages, beside ours", () => {
  for (const [page, environment, module] of PAGES) {
    const python = pythonWith(environment, module);
    it.skipIf(python === null)(`${page}: equal lines (Python with ${module})`, { timeout: 300_000 }, async () => {
      const place = project();
      await generate(join(place, "demo"));
      const own = (block: Block) => {
        if (block.language === "bash") return void output(place, "sh", ["-ec", block.text], [dirname(python!)]);
        if (block.language !== "python") return run(place, block);
        writeFileSync(join(place, "program.py"), block.text);
        return output(place, python!, ["program.py"]);
      };
      let compared = 0;
      let theirs: string | undefined;
      for (const block of blocks(page)) {
        const printed = own(block);
        if (theirs !== undefined && block.language === "js" && block.file === undefined) {
          expect(lines(theirs).length).toBeGreaterThan(4);
          expect(lines(printed!)).toEqual(lines(theirs));
          compared += 1;
        }
        theirs = block.language === "python" ? printed : undefined;
      }
      expect(compared).toBeGreaterThan(0);
    });
  }
});
