// npm run bench:report [-- FILE.json …]: Markdown and charts of results files, beside them; of one that is committed, the section of docs/performance.md too.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chart } from "./lib/charts.mjs";
import { installPackages } from "./lib/npm.mjs";
import { markdown, summary } from "./lib/tables.mjs";
import { WORKLOADS } from "./workloads.mjs";

const CHARTS = ["timeline", "window256", "counts", "los"]; // workloads that are drawn
const BEGIN = "<!-- bench:begin -->";
const END = "<!-- bench:end -->";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { page: { type: "string" }, "no-install": { type: "boolean", default: false } },
});
const committed = join(root, "benches", "results");

/** The files that were named, or the ones that are committed, or else the last run. */
function files() {
  if (positionals.length > 0) return positionals.map((file) => resolve(file));
  const found = existsSync(committed) ? readdirSync(committed).filter((name) => name.endsWith(".json")) : [];
  return found.length > 0 ? found.map((name) => join(committed, name)) : [join(committed, "local", "latest.json")];
}

for (const file of files()) {
  if (!existsSync(file)) {
    console.error(`bench: ${file} is not there: npm run bench makes one.`);
    process.exitCode = 1;
    continue;
  }
  if (existsSync(join(root, "src")) && !values["no-install"]) installPackages(root);
  const result = JSON.parse(readFileSync(file, "utf8"));
  const stem = file.replace(/\.json$/, "");
  const charts = new Map();
  for (const data of result.data) {
    for (const key of CHARTS) {
      const svg = await chart(
        result,
        data,
        WORKLOADS.find((workload) => workload.key === key),
      );
      if (svg === null) continue;
      const path = `${stem}-${data.key}-${key}.svg`;
      writeFileSync(path, svg);
      charts.set(data, [...(charts.get(data) ?? []), [key, path]]);
    }
  }
  const pictures = (data, from, keys = CHARTS) =>
    (charts.get(data) ?? [])
      .filter(([key]) => keys.includes(key))
      .map(([key, path]) => `![${WORKLOADS.find((workload) => workload.key === key).title}, ${data.name}](${relative(from, path)})`)
      .join("\n\n");
  const whole = result.data.reduce(
    (text, data) => text.replace(`## ${data.name}\n\n`, `## ${data.name}\n\n${pictures(data, dirname(file))}\n\n`),
    markdown(result),
  );
  writeFileSync(`${stem}.md`, whole);
  console.error(`bench: ${relative(process.cwd(), stem)}.md and ${[...charts.values()].flat().length} charts`);

  // Only runs that are committed go into the document.
  const page = values.page ? resolve(values.page) : dirname(file) === committed ? join(root, "docs", "performance.md") : null;
  if (page === null) continue;
  const text = readFileSync(page, "utf8");
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) {
    console.error(`bench: ${basename(page)} has no ${BEGIN} … ${END} to put the tables between.`);
    process.exitCode = 1;
    continue;
  }
  const link = relative(dirname(page), `${stem}.md`);
  const guide = relative(dirname(page), join(root, "benches", "README.md"));
  const section = summary(result, { link, guide, chart: (data) => pictures(data, dirname(page), ["timeline", "los"]) });
  writeFileSync(page, `${text.slice(0, begin)}${BEGIN}\n\n${section}\n\n${text.slice(end)}`);
  console.error(`bench: ${relative(process.cwd(), page)}`);
}
