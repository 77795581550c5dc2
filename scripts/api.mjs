// Rolls the public types of src/ up into index.d.ts, which is committed: a change of the API shows as a change of that one file.
// `--check` writes nothing and fails where the file is stale.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateDtsBundle } from "dts-bundle-generator";
import { fail, root } from "./run.mjs";

const file = join(root, "index.d.ts");
const BANNER = `// The public API of meds-reader. Made by \`npm run api\` from src/: change it there.

declare global {
  interface SymbolConstructor {
    /** Node has it since 20; the ES2022 library does not know it yet. */
    readonly dispose: unique symbol;
  }
}
`;

/** Leaves out private members and their comments: they are nobody's business, and a change in them is none of the API's. */
function withoutPrivates(text) {
  const kept = [];
  let comment = [];
  for (const line of text.split("\n")) {
    if (comment.length > 0 || /^\s*\/\*\*/.test(line)) {
      comment.push(line);
      if (!line.includes("*/")) continue;
      kept.push(comment);
      comment = [];
    } else if (/^\s+private (static )?(readonly )?\w+(\?)?(: .*)?;$/.test(line)) {
      if (Array.isArray(kept.at(-1))) kept.pop();
    } else kept.push(line);
  }
  return kept.flat().join("\n");
}

/** The generator dodges the global Event by name; in a module ours may be called what it is. */
function named(text) {
  return text
    .replace(/^declare class Event\$1/m, "export declare class Event")
    .replace(/^export \{\n\s*Event\$1 as Event,\n\};\n/m, "")
    .replaceAll("Event$1", "Event");
}

/** Says that a class is not to be made by `new`: the constructor that says so is internal, and internal things are left out. */
function withoutConstructors(text) {
  return text.replace(/^(?:export )?declare class (\w+)[^\n]*\{\n([\s\S]*?)^\}/gm, (whole, name, body) => {
    if (/^\s+constructor\(/m.test(body) || name.endsWith("Error")) return whole;
    const header = whole.slice(0, whole.indexOf("\n") + 1);
    return `${header}  /** Made by this package only. */\n  protected constructor();\n${body}}`;
  });
}

function rolledUp() {
  const entry = { filePath: join(root, "src/index.ts"), output: { noBanner: true, exportReferencedTypes: false, sortNodes: false } };
  const [text] = generateDtsBundle([entry], { preferredConfigPath: join(root, "tsconfig.build.json") });
  const plain = text.replace(/^\/\/\/ <reference.*\n/gm, "").replace(/^\t+/gm, (tabs) => "  ".repeat(tabs.length));
  return `${BANNER}\n${withoutConstructors(withoutPrivates(named(plain))).trim()}\n`;
}

// The generator reports on the console what it does; only its errors matter.
const log = console.log;
console.log = () => {};
const text = rolledUp();
console.log = log;

if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (readFileSync(file, "utf8") !== text) fail("index.d.ts is not what src/ exports now. Run `npm run api` and commit the file.");
