// `npm run pack:local -- DIR [--build | --targets linux-x64-gnu,…]`: the tarballs that are published. The main
// package has JavaScript only; each platform has a package with its native part, which is an optional
// dependency of the main one. The dependencies are written here, not in package.json: in a clone, npm ci must
// work before the packages are published. The same sources give the same bytes.
//
// By default the native part is that of `npm run setup`. With --build it is compiled as it is published (the
// profile `dist`, or another with --profile); with --targets, those of other platforms. On Linux this needs cargo-zigbuild and zig, which
// link with an old glibc.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compile, hasZig, wantsZig } from "./lib/compile.mjs";
import { platforms, rustSources, thisPlatform } from "./lib/native.mjs";
import { fail, must, npmCommand, root } from "./lib/run.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: { build: { type: "boolean", default: false }, targets: { type: "string" }, profile: { type: "string", default: "dist" } },
});
if (
  positionals.length !== 1 ||
  Object.keys(values).some((name) => !["build", "targets", "profile"].includes(name)) ||
  values.targets === true
)
  fail(`usage: npm run pack:local -- DIR [--build | --targets NAME,…]\nPlatforms: ${Object.keys(platforms).join(", ")}`, 2);
const out = resolve(process.env.INIT_CWD ?? process.cwd(), positionals[0]);
const names = values.targets?.split(",") ?? [thisPlatform()];
const isBuilt = values.build || values.targets !== undefined;
for (const name of names)
  if (platforms[name] === undefined) fail(`${name} has no package. Platforms: ${Object.keys(platforms).join(", ")}`, 2);

must([process.execPath, join(root, "scripts", "setup.mjs"), ...(isBuilt ? ["--no-native"] : [])], "npm run setup");

const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const stage = mkdtempSync(join(tmpdir(), "meds-reader-pack-"));
process.on("exit", () => rmSync(stage, { recursive: true, force: true }));

/** Compiles the native part of a platform as it is published, and returns its file. */
function compiled(name) {
  const zig = wantsZig(name);
  if (zig && !hasZig()) fail("cargo-zigbuild was not found. Install it and zig: pip install cargo-zigbuild ziglang");
  return compile(name, { zig, profile: values.profile });
}

/** The names of the files of the main package. */
function mainFiles() {
  const listed = npm(["pack", "--dry-run", "--json", "--ignore-scripts"], root);
  return JSON.parse(listed)[0].files.map(({ path }) => path);
}

function npm(args, cwd) {
  const [command, ...rest] = npmCommand(...args);
  const done = spawnSync(command, rest, {
    cwd,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    shell: command === "npm" && process.platform === "win32", // there npm is a batch file
  });
  if (done.status !== 0) fail(`npm ${args[0]} failed with exit code ${done.status}. Its own message is above.`);
  return done.stdout;
}

function write(folder, manifest) {
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  const [{ filename, size, unpackedSize }] = JSON.parse(npm(["pack", "--json", "--ignore-scripts", "--pack-destination", out], folder));
  const mega = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
  console.log(`${join(out, filename)}: ${mega(size)}, ${mega(unpackedSize)} unpacked`);
}

/** A page whose links to files that are not packed lead to the repository instead. */
function withAddresses(page, packed) {
  const repository = own.repository.url.replace(/^git\+|\.git$/g, "");
  const addressOf = (link, isPicture) => {
    const [path, anchor = ""] = link.split(/(?=#)/);
    const file = posix.join(posix.dirname(page), path).replace(/\/$/, "");
    const isThere = path.startsWith("#") || /^[a-z]+:/.test(link) || packed.some((name) => name === file || name.startsWith(`${file}/`));
    return isThere ? link : `${repository}/${isPicture ? "raw" : "blob"}/v${own.version}/${file}${anchor}`;
  };
  return readFileSync(join(root, page), "utf8").replaceAll(
    /(!?)(\[[^\]\n]*\])\(([^)\s]+)\)/g,
    (_, sign, text, link) => `${sign}${text}(${addressOf(link, sign === "!")})`,
  );
}

function packMain() {
  const folder = join(stage, "main");
  const packed = mainFiles();
  for (const name of packed) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    copyFileSync(join(root, name), join(folder, name));
    if (name.endsWith(".md")) writeFileSync(join(folder, name), withAddresses(name, packed));
  }
  const { scripts, devDependencies, napi, ...manifest } = own;
  const optionalDependencies = Object.fromEntries(Object.keys(platforms).map((name) => [`${own.name}-${name}`, own.version]));
  write(folder, { ...manifest, optionalDependencies });
}

function packPlatform(name) {
  const { os, cpu, libc, needs } = platforms[name];
  const file = `binding.${name}.node`;
  const folder = join(stage, name);
  mkdirSync(folder);
  const binding = isBuilt ? compiled(name) : join(root, "native", file);
  if (!existsSync(binding)) fail(`${binding} does not exist.`);
  copyFileSync(binding, join(folder, file));
  for (const text of ["LICENSE", "THIRD-PARTY-LICENSES.md"]) copyFileSync(join(root, text), join(folder, text));
  writeFileSync(
    join(folder, "README.md"),
    `# ${own.name}-${name}\n\nThe native part of [${own.name}](${own.homepage}) for ${name}${needs === "" ? "" : ` (${needs})`}. Install ${own.name}, not this package.\n`,
  );
  const { version, homepage, bugs, repository, license, engines } = own;
  write(folder, {
    name: `${own.name}-${name}`,
    version,
    description: `The native part of ${own.name} for ${name}`,
    homepage,
    bugs,
    repository,
    license,
    main: file,
    files: [file, "THIRD-PARTY-LICENSES.md"],
    engines,
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    // The Rust sources that it was made from: a clone with the same ones need not compile.
    sources: rustSources(),
    preferUnplugged: true, // Yarn keeps other packages in archives, where nothing can be mapped
  });
}

mkdirSync(out, { recursive: true });
packMain();
for (const name of names) packPlatform(name);
