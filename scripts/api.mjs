// Collects the public types of src/ in index.d.ts. The file is committed, so that a diff of it shows every
// API change. With `--check` nothing is written, and a stale file is a failure.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { generateDtsBundle } from "dts-bundle-generator";
import { fail, root } from "./lib/run.mjs";

const file = join(root, "index.d.ts");
const BANNER = `// The public API of meds-reader. Made by \`npm run api\` from src/: change it there.

declare global {
  interface SymbolConstructor {
    /** Node.js has it since version 20. The ES2022 types of TypeScript do not declare it. */
    readonly dispose: unique symbol;
  }
}
`;

/** Removes private members and their comments: they are not part of the API. */
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

/** The generator renames our Event because of the global one. In a module it can keep its name. */
function named(text) {
  return text
    .replace(/^declare class Event\$1/m, "export declare class Event")
    .replace(/^export \{\n\s*Event\$1 as Event,\n\};\n/m, "")
    .replaceAll("Event$1", "Event");
}

/**
 * Adds a protected constructor to classes that users cannot construct: the real one is internal, so it is
 * missing here.
 */
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

// The generator prints what it does. Only its errors matter.
const log = console.log;
console.log = () => {};
const text = rolledUp();
console.log = log;

if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (readFileSync(file, "utf8") !== text) fail("index.d.ts does not match the exports of src/. Run `npm run api` and commit the file.");
