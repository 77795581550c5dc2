// Turns the repository's Markdown into the site's: addresses in place of files, and equal programs side by side.
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { pages } from "./pages.mjs";

const CODE = /^```[\s\S]*?^```$|`[^`\n]*`/gm;

/** Changes a text outside of its code. */
function outsideCode(text, change) {
  let at = 0;
  let out = "";
  for (const { 0: code, index } of text.matchAll(CODE)) {
    out += change(text.slice(at, index)) + code;
    at = index + code.length;
  }
  return out + change(text.slice(at));
}

/** A program in Python, or a pipeline, directly before one in JavaScript: the same in two languages. */
const sideBySide = (text) =>
  text.replaceAll(
    /^```(?:python|yaml)\n[\s\S]*?^```\n\n```js\n[\s\S]*?^```$/gm,
    (pair) => `<div class="side-by-side">\n\n${pair}\n\n</div>`,
  );

/** Where the links of a page lead in the site. `files` collects what is no page and must be copied. */
export function withAddresses(root, page, text, addresses, files) {
  const addressOf = (target) => {
    const [path, anchor] = target.split("#");
    const end = anchor === undefined ? "" : `#${anchor}`;
    if (path === "") return end;
    const file = posix.normalize(posix.join(posix.dirname(page), path)).replace(/\/$/, "");
    const found = addresses.get(file) ?? addresses.get(`${file}/README.md`);
    if (found !== undefined) return `/${found === "index" ? "" : found}${end}`;
    if (file === "index.d.ts") return "/api/";
    const whole = join(root, file);
    if (!existsSync(whole) || statSync(whole).isDirectory()) throw new Error(`${page}: the link ${target} leads to no page and no file.`);
    // A file without a suffix would be taken for a page.
    const copy = /\.[a-z]+$/.test(file) ? file : `${file}.txt`;
    files.set(file, copy);
    return `/files/${copy}`;
  };
  return outsideCode(text, (part) =>
    part.replaceAll(/\]\(([^)\s]+)\)/g, (link, target) => (/^[a-z]+:/.test(target) ? link : `](${addressOf(target)})`)),
  );
}

/** Whether a page has programs side by side: it then needs the width of its table of contents. */
const isWide = (text) => text.includes('<div class="side-by-side">');

/** Writes the pages and the files that they show into an empty folder. */
export function stage(root, folder) {
  const addresses = pages(root);
  const files = new Map();
  for (const [file, address] of addresses) {
    const text = sideBySide(withAddresses(root, file, readFileSync(join(root, file), "utf8"), addresses, files));
    const out = join(folder, `${address}.md`);
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, isWide(text) ? `---\naside: false\npageClass: wide\n---\n\n${text}` : text);
  }
  for (const [file, copy] of files) cpSync(join(root, file), join(folder, "public", "files", copy), { recursive: true });
  return addresses;
}

/** The first heading of a staged page. */
export const titleIn = (folder) => (address) => /^# (.+)$/m.exec(readFileSync(join(folder, `${address}.md`), "utf8"))?.[1] ?? address;
