// `npm run docs [-- --serve] [-- --base /PATH/]`: builds the documentation site in .cache/site/dist, from the
// repository's Markdown and index.d.ts. It installs the site's own tools on demand. A link that leads nowhere
// fails the build, and so does anything that a page would load from another host.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installPackages } from "../benches/lib/npm.mjs";
import { dead, foreign } from "../site/lib/check.mjs";
import { stage } from "../site/lib/stage.mjs";
import { fail, must, root, status } from "./lib/run.mjs";

const made = join(root, ".cache", "site");
const built = join(made, "dist");
const bin = (path, ...args) => [process.execPath, join(root, "site", "node_modules", path), ...args];

/** The API's pages by TypeDoc, made again if the declarations changed. */
function api() {
  const folder = join(made, "api");
  const stamp = join(made, "api.sources");
  const inputs = ["index.d.ts", "site/package-lock.json", "site/typedoc.json"].map((file) => readFileSync(join(root, file)));
  const sources = createHash("sha256").update(Buffer.concat(inputs)).digest("hex");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== sources) {
    rmSync(folder, { recursive: true, force: true });
    must(bin("typedoc/bin/typedoc", "--options", "site/typedoc.json", "--out", folder), "making the API's pages");
    writeFileSync(stamp, sources);
  }
  cpSync(folder, join(made, "pages", "api"), { recursive: true });
}

function build(base) {
  rmSync(join(made, "pages"), { recursive: true, force: true });
  mkdirSync(join(made, "pages"), { recursive: true });
  stage(root, join(made, "pages"));
  api();
  process.env.MEDS_SITE_BASE = base;
  must(bin("vitepress/bin/vitepress.js", "build", "site"), "building the site");
  const wrong = [
    ...dead(built, base).map((link) => `dead link in ${link}`),
    ...foreign(built).map((link) => `loaded from outside: ${link}`),
  ];
  for (const line of wrong) console.error(line);
  if (wrong.length > 0) fail(`the site has ${wrong.length} such places.`);
  console.log(`The site is in ${built}. See it with: npm run docs -- --serve`);
}

const args = process.argv.slice(2);
const base = args.includes("--base") ? args[args.indexOf("--base") + 1] : "/";
if (base === undefined || !/^\/(?:.+\/)?$/.test(base)) fail("--base needs a path that begins and ends with /, such as /meds-reader/.", 2);
const failed = installPackages(root, "site");
if (failed !== null) fail(failed);
build(base);
if (args.includes("--serve")) process.exit(status(bin("vitepress/bin/vitepress.js", "preview", "site")));
