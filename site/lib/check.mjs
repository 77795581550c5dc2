// What a built site must not have: links that lead nowhere, and anything that is loaded from another host.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

const ANCHORS = /\sid="([^"]+)"/g;
const LINKS = /<a\s[^>]*?href="([^"]+)"/g;
/** What a browser loads by itself: everything but links that a reader follows. */
const LOADED = [
  /<(?:script|img|iframe|source|video|audio|embed|object)\s[^>]*?(?:src|srcset|data)="([^"]+)"/g,
  /<link\s[^>]*?href="([^"]+)"/g,
  /url\(\s*["']?([^"')]+)/g,
  /@import\s+["']([^"']+)/g,
];
const plain = (text) => text.replaceAll("&amp;", "&");

/** The built files below a folder, with `/` between folders. */
const below = (site, suffix) =>
  readdirSync(site, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(suffix))
    .sort();

/** `PAGE: what` for each address of another host from which a page or a style sheet loads something. */
export function foreign(site) {
  return [...below(site, ".html"), ...below(site, ".css")].flatMap((name) => {
    const text = readFileSync(join(site, name), "utf8");
    return LOADED.flatMap((pattern) => [...text.matchAll(pattern)].map(([, address]) => address))
      .filter((address) => /^(?:[a-z]+:)?\/\//i.test(address))
      .map((address) => `${name}: ${address}`);
  });
}

/** `PAGE: link` for each link within the site that leads to no file, or to a heading that the page does not have. */
export function dead(site, base = "/") {
  const anchors = new Map();
  const anchorsOf = (name) => {
    if (!anchors.has(name))
      anchors.set(name, new Set([...readFileSync(join(site, name), "utf8").matchAll(ANCHORS)].map(([, id]) => plain(id))));
    return anchors.get(name);
  };
  return below(site, ".html").flatMap((name) =>
    [...readFileSync(join(site, name), "utf8").matchAll(LINKS)]
      .map(([, link]) => plain(link))
      .filter((link) => !/^[a-z]+:/i.test(link))
      .filter((link) => {
        const [path, anchor] = link.split("#");
        const whole = path.startsWith(base) ? path.slice(base.length) : posix.join(posix.dirname(name), path);
        const target = path === "" ? name : whole === "" || whole.endsWith("/") ? `${whole}index.html` : whole;
        if (!existsSync(join(site, target))) return true;
        return anchor !== undefined && anchor !== "" && !anchorsOf(target).has(decodeURIComponent(anchor));
      })
      .map((link) => `${name}: ${link}`),
  );
}
