// Arrows between rooms: prints every import circle between folders of src/ (types included) and between modules of a crate, and fails on one.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { root } from "./lib/run.mjs";

const filesBelow = (folder, end) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(end))
    .map((name) => name.split(sep).join("/"));

/** Groups of nodes that reach each other, by Tarjan's algorithm. `arrows` maps a node to the nodes that it imports. */
function circles(arrows) {
  const [order, low, stack, found] = [new Map(), new Map(), [], []];
  function visit(node) {
    order.set(node, order.size);
    low.set(node, order.get(node));
    stack.push(node);
    for (const next of arrows.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      if (stack.includes(next)) low.set(node, Math.min(low.get(node), low.get(next)));
    }
    if (low.get(node) !== order.get(node)) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1) found.push(group.sort());
  }
  for (const node of arrows.keys()) if (!order.has(node)) visit(node);
  return found;
}

/** Imports between rooms of src/: a room is a folder directly below it; files at its root are rooms of their own. */
function typescript() {
  const src = join(root, "src");
  const roomOf = (file) => file.split("/")[0];
  const arrows = new Map();
  for (const file of filesBelow(src, ".ts")) {
    const room = roomOf(file);
    if (!arrows.has(room)) arrows.set(room, new Set());
    const text = readFileSync(join(src, file), "utf8");
    for (const [, path] of text.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*)"(\.[^"]+)"/g)) {
      const to = roomOf(
        normalize(join(dirname(file), path))
          .split(sep)
          .join("/"),
      );
      if (to !== room && to !== "..") arrows.get(room).add(to.replace(/\.js$/, ".ts"));
    }
  }
  return arrows;
}

/** Uses between modules of a crate. A module and the modules below it may use each other. Tests at the end of a file do not count. */
function rust(crate) {
  const src = join(root, "crates", crate, "src");
  const modules = new Map(
    filesBelow(src, ".rs").map((file) => [
      file
        .replace(/\.rs$/, "")
        .replace(/(^|\/)(mod|lib)$/, "")
        .replaceAll("/", "::"),
      join(src, file),
    ]),
  );
  const moduleOf = (path) => {
    for (let parts = path; parts.length > 0; parts = parts.slice(0, -1)) if (modules.has(parts.join("::"))) return parts.join("::");
    return "";
  };
  const arrows = new Map();
  for (const [module, file] of modules) {
    const own = module === "" ? [] : module.split("::");
    const code = readFileSync(file, "utf8")
      .split(/^#\[cfg\(test\)\]\nmod /m)[0]
      .replaceAll(/\/\/.*/g, "");
    const uses = new Set();
    for (const [, base, path, braces] of code.matchAll(/\b(crate|self|super)((?:::\w+)+)(?:::\{([^;]*?)\})?/g)) {
      const from = { crate: [], self: own, super: own.slice(0, -1) }[base];
      const parts = [...from, ...path.split("::").filter(Boolean)];
      const names = braces === undefined ? [[]] : braces.replaceAll(/\{[^}]*\}/g, "").split(",").map((name) => [name.trim().split(/\W/)[0]]); // biome-ignore format: one table
      for (const name of names) uses.add(moduleOf([...parts, ...name]));
    }
    const kin = (other) => other === module || other === "" || other.startsWith(`${module}::`) || module.startsWith(`${other}::`);
    arrows.set(module, new Set([...uses].filter((other) => !kin(other))));
  }
  return arrows;
}

let count = 0;
function report(where, arrows) {
  for (const circle of circles(arrows)) {
    count += 1;
    console.error(`import circle in ${where}: ${circle.join(", ")}`);
    for (const node of circle)
      console.error(`  ${node} uses ${[...arrows.get(node)].filter((other) => circle.includes(other)).join(", ")}`);
  }
}
report("src/", typescript());
for (const crate of readdirSync(join(root, "crates")))
  if (existsSync(join(root, "crates", crate, "src"))) report(`crates/${crate}`, rust(crate));
console.log(`${count} import circles`);
process.exit(count > 0 ? 1 : 0);
