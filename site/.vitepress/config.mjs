// VitePress's settings. scripts/docs.mjs writes the pages, and passes where they are.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { anchorOf, menu, pages } from "../lib/pages.mjs";
import { titleIn } from "../lib/stage.mjs";

const root = join(import.meta.dirname, "..", "..");
const made = join(root, ".cache", "site");
const { version, description } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const sidebar = menu([...pages(root).values()], titleIn(join(made, "pages")));
const first = (group) => sidebar.find(({ text }) => text === group).items[0].link;

export default {
  title: "meds-reader",
  titleTemplate: ":title | meds-reader",
  description,
  lang: "en",
  base: process.env.MEDS_SITE_BASE ?? "/",
  srcDir: join(made, "pages"),
  outDir: join(made, "dist"),
  cacheDir: join(made, "vite"),
  head: [["link", { rel: "icon", href: "data:," }]], // no request for an icon that is not there
  markdown: {
    anchor: { slugify: anchorOf },
    theme: { light: "github-light-high-contrast", dark: "github-dark" },
    image: { lazyLoading: true },
  },
  vite: { build: { chunkSizeWarningLimit: 4_000 } }, // the index of the search is one file
  themeConfig: {
    // Words are in the API's pages many times: those that explain them come first.
    search: {
      provider: "local",
      options: { miniSearch: { searchOptions: { boostDocument: (id) => (id.includes("/api/") ? 0.3 : 1) } } },
    },
    nav: [
      { text: "Start", link: first("Start") === "/" ? "/getting-started" : first("Start") },
      { text: "Tutorials", link: first("Tutorials") },
      { text: "How to", link: first("How to") },
      { text: "API", link: "/api/" },
      { text: version, link: "/changelog" },
    ],
    sidebar,
    outline: [2, 3],
    docFooter: { prev: "Before", next: "Next" },
  },
};
