// Which files of the repository are pages of the site, where they are in it, and their menu.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Pages outside of docs/: their file, and their address without a suffix. */
const OTHERS = {
  "README.md": "index",
  "CHANGELOG.md": "changelog",
  "ARCHITECTURE.md": "architecture",
  "CONTRIBUTING.md": "contributing",
  "examples/README.md": "examples",
  "integrations/ray/README.md": "ray",
  "benches/README.md": "benchmarks",
  "benches/results/2-cores.md": "benchmark-results",
};

/** The menu. A page of docs/ that is not named here comes last, in a group of its own. */
const MENU = {
  Start: ["index", "getting-started"],
  Tutorials: [
    "tutorials/first-patient",
    "tutorials/training-batches",
    "tutorials/questions",
    "tutorials/score-a-model",
    "tutorials/prompts",
    "tutorials/instructions",
  ],
  "How to": ["how-to/convert", "how-to/read", "how-to/labels-and-batches", "how-to/texts", "how-to/share"],
  "Coming from": ["from-meds-reader", "from-polars", "from-meds-transforms", "from-meds-torch-data"],
  Reference: [
    "api/",
    "errors",
    "glossary",
    "compatibility",
    "runtimes",
    "format",
    "conversion",
    "scale",
    "ray",
    "reading",
    "omop",
    "medalign-inspect",
    "examples",
  ],
  Speed: ["advice", "performance", "benchmarks", "benchmark-results"],
  Project: ["changelog", "decisions", "architecture", "contributing"],
};
/** A heading without what its group in the menu already says. */
const inMenu = (title) => {
  const short = title.replace(/^(?:Tutorial: |How to )/, "").replace(/^From (.+) to meds-reader$/, "$1");
  return title.startsWith("From ") ? short : short[0].toUpperCase() + short.slice(1);
};
const TITLES = { index: "meds-reader", "api/": "API", "benchmark-results": "Results on 2 cores" };

/** The address of every page by its file, both relative: `docs/how-to/read.md` is `how-to/read`. */
export function pages(root) {
  const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".md"))
    .sort()
    .map((name) => [`docs/${name}`, name.slice(0, -3)]);
  return new Map([...docs, ...Object.entries(OTHERS).filter(([file]) => existsSync(join(root, file)))]);
}

/** VitePress's sidebar; `titleOf` returns the heading of a page's address. */
export function menu(addresses, titleOf) {
  const known = new Set([...addresses, "api/"]);
  const named = new Set(Object.values(MENU).flat());
  const rest = [...known].filter((address) => !named.has(address));
  const item = (address) => ({ text: TITLES[address] ?? inMenu(titleOf(address)), link: `/${address === "index" ? "" : address}` });
  return Object.entries({ ...MENU, ...(rest.length > 0 && { More: rest }) }).map(([text, listed]) => ({
    text,
    items: listed.filter((address) => known.has(address)).map(item),
  }));
}

/** The anchor of a heading, as GitHub makes it: a link works in both places. */
export const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
