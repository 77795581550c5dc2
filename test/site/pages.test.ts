// The documentation site without its generator: which pages it has, where their links lead, and that the checks
// of a built site find what they look for. `npm run docs` builds the site and runs these checks on it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { files, folder, place } from "../support/folder.js";
import { root } from "../support/pages.js";

const lib = (name: string) => import(pathToFileURL(join(root, "site", "lib", name)).href);
const { dead, foreign } = await lib("check.mjs");
const { menu, pages } = await lib("pages.mjs");
const { stage, titleIn } = await lib("stage.mjs");

interface Group {
  readonly text: string;
  readonly items: readonly { readonly text: string; readonly link: string }[];
}

/** A repository with these files, and an empty folder for its pages. */
function repository(texts: Record<string, string>): [root: string, out: string] {
  const made = folder("site");
  for (const [name, text] of Object.entries({ "docs/glossary.md": "# Glossary\n", ...texts }))
    writeFileSync(place(made, "repo", name), text);
  mkdirSync(join(made, "out"));
  return [join(made, "repo"), join(made, "out")];
}

describe("the site's pages", () => {
  it("are all documents of the repository, each once in the menu", () => {
    const out = folder("stage");
    const addresses: Map<string, string> = stage(root, out);
    expect([...addresses.keys()]).toEqual(
      expect.arrayContaining(["README.md", "CHANGELOG.md", "docs/errors.md", "docs/tutorials/questions.md"]),
    );
    const groups: Group[] = menu([...addresses.values()], titleIn(out));
    const links = groups.flatMap(({ items }) => items.map(({ link }) => link));
    expect([...links].sort()).toEqual([...addresses.values(), "api/"].map((address) => `/${address === "index" ? "" : address}`).sort());
    const { items } = groups.find(({ text }) => text === "Coming from")!;
    expect(items.map(({ text }) => text)).toEqual(["meds_reader", "polars", "MEDS-Transforms", "meds-torch-data"]);
    for (const address of addresses.values()) expect(existsSync(join(out, `${address}.md`)), address).toBe(true);
  });

  it("that the menu does not name are in a group of their own", () => {
    const [repo, out] = repository({ "docs/odd/new-page.md": "# A new page\n" });
    stage(repo, out);
    expect(menu([...pages(repo).values()], titleIn(out)).at(-1)).toEqual({
      text: "More",
      items: [{ text: "A new page", link: "/odd/new-page" }],
    });
  });

  it("link to pages, to the API, and to copies of other files", () => {
    const text = "[a](../glossary.md#word) [b](../../index.d.ts) [c](../../LICENSE) [d](https://example.org) `[e](no.md)` [f](#here)\n";
    const [repo, out] = repository({ "docs/how-to/x.md": text, "index.d.ts": "", LICENSE: "free" });
    stage(repo, out);
    const page = readFileSync(join(out, "how-to/x.md"), "utf8");
    expect(page).toBe("[a](/glossary#word) [b](/api/) [c](/files/LICENSE.txt) [d](https://example.org) `[e](no.md)` [f](#here)\n");
    expect(readFileSync(join(out, "public/files/LICENSE.txt"), "utf8")).toBe("free");
  });

  it("with a link that leads nowhere are an error that names both", () => {
    const [repo, out] = repository({ "docs/x.md": "[a](gone.md)\n" });
    expect(() => stage(repo, out)).toThrow("docs/x.md: the link gone.md leads to no page and no file.");
  });

  it("show a program in Python beside the one in JavaScript that follows it", () => {
    const [repo, out] = repository({ "docs/x.md": "```python\na\n```\n\n```js\nb\n```\n\n```js\nc\n```\n" });
    stage(repo, out);
    expect(readFileSync(join(out, "x.md"), "utf8")).toMatch(
      /pageClass: wide[\s\S]*<div class="side-by-side">\n\n```python\na\n```\n\n```js\nb\n```\n\n<\/div>\n\n```js\nc/,
    );
  });
});

/** A built site of these files. */
function built(texts: Record<string, string>): string {
  const site = folder("built");
  for (const [name, text] of Object.entries(texts)) writeFileSync(place(site, name), text);
  expect(files(site).length).toBe(Object.keys(texts).length);
  return site;
}

describe("the checks of a built site", () => {
  it("find what a page or a style sheet loads from another host, and no links for readers", () => {
    const site = built({
      "index.html": '<script src="/app.js"></script><a href="https://example.org">x</a><img alt="" src="data:,">',
      "a/b.html": '<script type="module" src="https://cdn.example/x.js"></script><link rel="stylesheet" href="//fonts.example/f.css">',
      "style.css": "@import 'https://example.org/a.css'; a { background: url(http://example.org/b.png) } b { background: url(/c.png) }",
    });
    expect(foreign(site)).toEqual([
      "a/b.html: https://cdn.example/x.js",
      "a/b.html: //fonts.example/f.css",
      "style.css: http://example.org/b.png",
      "style.css: https://example.org/a.css",
    ]);
  });

  it.each(["/", "/meds-reader/"])("find links to pages and headings that do not exist, below %s", (base) => {
    const site = built({
      "index.html": `<h1 id="a&amp;b">x</h1><a href="${base}api/">y</a><a href="#a&amp;b">y</a><a href="${base}api/index.html#gone">y</a>`,
      "api/index.html": `<a class="x" href="${base}">y</a><a href="../gone.html">y</a><a href="${base}none/">y</a><a href="mailto:x@example.org">z</a>`,
    });
    expect(dead(site, base)).toEqual([
      "api/index.html: ../gone.html",
      `api/index.html: ${base}none/`,
      `index.html: ${base}api/index.html#gone`,
    ]);
  });
});
