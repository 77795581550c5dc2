// Keeps package-lock.json complete for every platform. npm omits packages of other platforms that its
// registry does not have (a mirror may have those of one platform only), and then `npm ci` refuses the lock
// everywhere. The packages that depend on them pin their versions, and their names contain the platform. With
// --check nothing is written.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./lib/run.mjs";

const CPUS = { arm64: "arm64", x64: "x64", arm: "arm", ppc64: "ppc64", riscv64: "riscv64", s390x: "s390x", ia32: "ia32", wasm32: "wasm32" };
const SYSTEMS = ["android", "darwin", "freebsd", "linux", "win32", "openharmony"];

/** The entry of a platform package that the registry does not have. */
function entry(name, version, owner) {
  const words = name.split("-");
  const cpu = words.map((word) => CPUS[word]).find((word) => word !== undefined);
  const os = words.find((word) => SYSTEMS.includes(word));
  if (cpu === undefined)
    throw new Error(`package-lock.json lacks ${name}, and this name contains no platform. Run npm install with a complete registry.`);
  const libc = words.includes("musl") ? "musl" : os === "linux" && words.some((word) => word.startsWith("gnu")) ? "glibc" : undefined;
  return { version, cpu: [cpu], ...(owner.dev && { dev: true }), ...(libc && { libc: [libc] }), optional: true, ...(os && { os: [os] }) };
}

/** Completes one lock file, named by its path in the project. */
function keep(name) {
  const file = join(root, name);
  const text = readFileSync(file, "utf8");
  const lock = JSON.parse(text);
  const missing = {};
  for (const [path, owner] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
      const held = lock.packages[`${path}/node_modules/${name}`] ?? lock.packages[`node_modules/${name}`];
      if (held === undefined) missing[`node_modules/${name}`] = entry(name, version, owner);
    }
  }
  const { "": own, ...packages } = { ...lock.packages, ...missing };
  const sorted = Object.keys(packages)
    .sort((a, b) => a.localeCompare(b, "en"))
    .map((path) => {
      const { resolved, ...rest } = packages[path];
      return [path, rest];
    });
  const whole = `${JSON.stringify({ ...lock, packages: { "": own, ...Object.fromEntries(sorted) } }, null, 2)}\n`;
  const registries = text.match(/"resolved"/g)?.length ?? 0;

  if (process.argv.includes("--check")) {
    if (registries > 0) console.error(`${name} names a registry ${registries} times. Run npm run lock.`);
    if (Object.keys(missing).length > 0)
      console.error(`${name} lacks ${Object.keys(missing).length} packages of other platforms. Run npm run lock.`);
    if (registries > 0 || Object.keys(missing).length > 0) process.exitCode = 1;
  } else if (whole !== text) {
    writeFileSync(file, whole);
    console.log(`${name}: ${Object.keys(missing).length} packages of other platforms added, ${registries} registry addresses removed`);
  }
}

for (const name of ["package-lock.json", "benches/package-lock.json", "site/package-lock.json"]) keep(name);
