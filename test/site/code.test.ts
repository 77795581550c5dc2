// The code of the documentation's pages: it runs, and prints what the page shows. `vitest run test/site/code
// --update` writes what it prints into the pages.
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { convert, generate } from "meds-reader";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";
import { folder } from "../support/folder.js";
import { blocks, project, rerun, root } from "../support/pages.js";

// docs/format.md reads the files of a store with other packages: test/recipes.test.ts. The recipes of docs/runtimes.md
// need bundlers and other runtimes: scripts/runtimes.mjs runs them.
const ELSEWHERE = ["format.md", "runtimes.md"];
const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md") && !ELSEWHERE.includes(name))
  .map((name) => join("docs", name))
  .filter((name) => /^```js/m.test(readFileSync(join(root, name), "utf8")))
  .sort();

const START = join("docs", "getting-started.md");

describe("the code of the pages", () => {
  const made = folder("pages");
  beforeAll(async () => {
    await generate(join(made, "demo"));
    await convert(join(made, "demo"), join(made, "demo.medsdb"));
  });

  it("is there", () => expect(pages).toContain(START));

  it.each(pages)("%s: runs, and prints what the page shows", async (page) => {
    const place = project();
    // The page that makes the data begins with nothing; the others with what it made.
    if (page !== START) cpSync(made, place, { recursive: true });
    await expect(rerun(page, place)).toMatchFileSnapshot(join(root, page));
  });

  it("uses names that the package has", () => {
    const place = project();
    const files = new Map<string, string>();
    for (const page of pages)
      for (const [i, { language, text }] of blocks(page).entries())
        if (language === "js") files.set(join(place, `${page.replaceAll(/\W/g, "-")}-${i}.mjs`), text);
    const host = ts.createCompilerHost({});
    const { fileExists, readFile, getSourceFile } = host;
    host.fileExists = (name) => files.has(name) || fileExists(name);
    host.readFile = (name) => files.get(name) ?? readFile(name);
    host.getSourceFile = (name, options, ...rest) =>
      files.has(name) ? ts.createSourceFile(name, files.get(name)!, options) : getSourceFile(name, options, ...rest);
    // Not strict: the pages do not repeat for every patient that it may be missing.
    const options = {
      allowJs: true,
      checkJs: true,
      noEmit: true,
      skipLibCheck: true,
      strict: false,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
    };
    const types = { types: ["node"], typeRoots: [join(root, "node_modules", "@types")] };
    const found = ts.getPreEmitDiagnostics(ts.createProgram([...files.keys()], { ...options, ...types }, host));
    expect(found.map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`)).toEqual([]);
  });
});
