// The documents: their size and their links. test/packages/installed.test.ts follows those of the package.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...["docs", "examples", "benches", "findings"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: folder === "docs", encoding: "utf8" })
      .filter((name) => name.endsWith(".md"))
      .map((name) => join(folder, name)),
  ),
];

/** The anchors of a page, as GitHub makes them of its headings. */
const anchors = (text: string) =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .trim()
      .replaceAll(" ", "-"),
  );

/** Where a page's relative links lead, from the root; with the anchor, if there is one. */
function links(page: string): [target: string, anchor: string][] {
  const text = readFileSync(join(root, page), "utf8").replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => link!)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [path = "", anchor = ""] = link.split("#");
      return [path === "" ? page : relative(root, join(root, dirname(page), path)), anchor];
    });
}

describe("the documents", () => {
  it("have the sizes that a reader has time for", () => {
    const kilobytes = (page: string) => statSync(join(root, page)).size / 1000;
    expect(kilobytes("README.md")).toBeLessThan(7);
    expect(kilobytes("README.md")).toBeGreaterThan(6);
    expect(kilobytes("ARCHITECTURE.md")).toBeLessThan(8.2);
  });

  it.each(pages)("%s: every link leads somewhere", (page) => {
    const broken = links(page).filter(([target, anchor]) => {
      if (!existsSync(join(root, target))) return true;
      return anchor !== "" && !anchors(readFileSync(join(root, target), "utf8")).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});
