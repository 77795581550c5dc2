// Bundles what tsc has written to dist/: with a few files instead of two hundred, a cold process starts sooner.
// index.js and core.js contain what import "meds-reader" needs at once; other files load when a function asks
// for them by import(). The files of the command line import the bundle and are not bundled.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { root } from "./lib/run.mjs";

const dist = join(root, "dist");
const made = join(dist, "bundled");
/** Packages that dist/ loads at run time. Some are optional. */
const external = ["@duckdb/node-api", "apache-arrow", "csv-parse/sync", "sax"];
/** The order of evaluation is that of the source, and code is kept: `NaN` for `Number.NaN` alone made `Timeline.forEach` a third slower. */
const options = { platform: "node", logLevel: "silent", external, treeshake: false };

/** Modules that the entry imports, directly or through others, without import(). */
const needed = new Set();
const closure = {
  name: "closure",
  buildEnd() {
    const visit = (id) => {
      const module = needed.has(id) ? null : this.getModuleInfo(id);
      if (module === null) return;
      needed.add(id);
      for (const imported of module.importedIds) visit(imported);
    };
    visit(join(dist, "index.js"));
  },
};

async function bundle(input, output, plugins = []) {
  const bundled = await rolldown({ ...options, plugins, input: join(dist, input) });
  await bundled.write({ format: "esm", minify: false, minifyInternalExports: false, ...output });
  await bundled.close();
}

const core = { name: "core", test: (id) => needed.has(id) && id !== join(dist, "index.js") };
await bundle("index.js", { dir: made, entryFileNames: "index.js", chunkFileNames: "[name].js", codeSplitting: { groups: [core] } }, [
  closure,
]);
// The worker that makes batches is one file, so that it starts sooner. worker.js imports the library.
await bundle("batch-worker.js", { file: join(made, "batch-worker.js"), codeSplitting: false });

/**
 * The same program that loads sooner. Modules of Node are looked up: an import makes all their exports first,
 * and those of fs load all streams. In a file of ASCII characters only, a character is one byte in memory.
 */
function sooner(text) {
  const looked = text.replace(/^import (\{[^}]*\}) from "(node:[^"]+)";$/gm, (_, names, module) => {
    return `const ${names.replaceAll(" as ", ": ")} = process.getBuiltinModule("${module}");`;
  });
  // Files without a binding of the helpers of the bundler import their file all the same.
  return looked
    .replace(/^import "\.\/rolldown-runtime\.js";\n/gm, "")
    .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

for (const name of readdirSync(dist)) if (!["cli", "worker.js", "bundled"].includes(name)) rmSync(join(dist, name), { recursive: true });
const files = new Map(readdirSync(made).map((name) => [name, sooner(readFileSync(join(made, name), "utf8"))]));
const isImported = (name) => [...files.values()].some((text) => text.includes(`"./${name}"`));
for (const [name, text] of files) if (name !== "rolldown-runtime.js" || isImported(name)) writeFileSync(join(dist, name), text);
rmSync(made, { recursive: true });
