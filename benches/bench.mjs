// npm run bench [-- --data KEY|PATH,… --only WORKLOAD,… --peers LOADER,… --rounds N --quick --name NAME --list]. benches/README.md says more.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import { Child } from "./lib/child.mjs";
import { datasets } from "./lib/datasets.mjs";
import { measureFloor } from "./lib/floor.mjs";
import { machine } from "./lib/machine.mjs";
import { installPackages, needsPackages } from "./lib/npm.mjs";
import { peersPython, REQUIREMENTS, requirementsOf } from "./lib/peer.mjs";
import { SEED } from "./lib/plan.mjs";
import { Disagreement, measureSet, REFERENCE } from "./lib/run.mjs";
import { markdown } from "./lib/tables.mjs";
import { WORKLOADS } from "./workloads.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const checkout = existsSync(join(root, "src")); // else an installed package: nothing is installed or written into it

class Usage extends Error {}

const OPTIONS = {
  data: { type: "string" }, // keys of lib/datasets.mjs or paths of MEDS folders, separated by commas; default: mimic, medium
  only: { type: "string" }, // keys of workloads, "convert" and "floor"
  peers: { type: "string" }, // keys of loaders; all (default), none, node, python
  rounds: { type: "string", default: "7" },
  quick: { type: "boolean", default: false }, // few items, short samples, 2 rounds: whether it runs, not how fast
  name: { type: "string" }, // writes benches/results/NAME.json, for docs/performance.md; default: local/latest
  out: { type: "string" }, // writes this file instead
  cache: { type: "string" }, // where the loaders' forms of the data are kept
  loaders: { type: "string" }, // one more folder of loaders
  "no-install": { type: "boolean", default: false }, // what is not installed is absent
  list: { type: "boolean", default: false }, // prints workloads and loaders, and installs nothing
  json: { type: "boolean", default: false }, // the results on stdout as JSON instead of Markdown
};

function settings() {
  let values;
  try {
    ({ values } = parseArgs({ options: OPTIONS }));
  } catch (error) {
    throw new Usage(error.message);
  }
  const rounds = values.quick ? Math.min(2, Number(values.rounds)) : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Usage("--rounds takes a whole number, 1 or more.");
  const only = values.only?.split(",");
  const unknown = only?.filter((key) => key !== "convert" && key !== "floor" && !WORKLOADS.some((workload) => workload.key === key)) ?? [];
  if (unknown.length > 0) throw new Usage(`There is no workload ${unknown.join(", ")}: see --list.`);
  return { ...values, rounds, only };
}

/** Files of loaders: ours first, the reference before all. */
function loaderFiles({ loaders }) {
  const folders = [join(root, "benches", "loaders"), ...(loaders ? [resolve(loaders)] : [])];
  const files = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => /\.(mjs|py)$/.test(name))
      .sort()
      .map((name) => join(folder, name)),
  );
  const rank = (file) => (basename(file).startsWith(REFERENCE) ? 0 : basename(file).startsWith("ours") ? 1 : file.endsWith(".mjs") ? 2 : 3);
  return files.sort((a, b) => rank(a) - rank(b));
}

const keyOf = (file) => basename(file).replace(/\.mjs$/, "");

function chosen(file, peers = "all") {
  const wanted = peers.split(",");
  const key = keyOf(file);
  if (key === REFERENCE || wanted.includes("all") || wanted.includes(key)) return true;
  if (key.startsWith("ours")) return wanted.includes("ours") || !wanted.some((one) => one.startsWith("ours"));
  return wanted.includes(key.endsWith(".py") ? "python" : "node");
}

/** The last line of a message, without the paths of this machine: it is kept with the results. */
const reasonOf = ({ message }) =>
  message
    .split("\n")
    .filter(Boolean)
    .at(-1)
    .replace(/ imported from .*/, "");

/** By the name of the requirements that loaders in Python need: a Python for them, or why there is none. */
function pythonsOf(files, { peers = "" }, install) {
  const groups = new Map();
  for (const file of files.filter((file) => file.endsWith(".py"))) {
    const requirements = requirementsOf(file);
    groups.set(requirements, [...(groups.get(requirements) ?? []), keyOf(file)]);
  }
  const named = peers.split(",");
  const found = ([requirements, keys]) => peersPython(root, { install, requirements, named: keys.some((key) => named.includes(key)) });
  return new Map([...groups].map((group) => [group[0], found(group)]));
}

/** Asks every loader who it is; one that cannot be loaded is absent, with the reason. */
async function greet(files, pythons) {
  return Promise.all(
    files.map(async (file) => {
      const key = keyOf(file);
      const language = file.endsWith(".py") ? "Python" : "Node.js";
      const { python, reason } = file.endsWith(".py") ? pythons.get(requirementsOf(file)) : {};
      if (reason) return { key, file, language, title: key, absent: reason };
      const child = new Child(file, { python });
      try {
        return { key, file, python, language, ...(await child.ask("hello")) };
      } catch (error) {
        return { key, file, language, title: key, absent: reasonOf(error) };
      } finally {
        await child.close();
      }
    }),
  );
}

/** Keys are sets of the project; anything else is a MEDS folder. */
async function sources({ data, quick }) {
  const given = data === undefined ? undefined : existsSync(data) ? [data] : data.split(",");
  const known = checkout ? datasets(root, true).sets.filter(({ convertOnly }) => !convertOnly) : [];
  if (given === undefined && !checkout) throw new Usage("Name a MEDS folder: --data PATH.");
  const keys = given ?? known.filter(({ key }) => key === "mimic" || (key === "medium" && !quick)).map(({ key }) => key);
  const sets = [];
  for (const key of keys) {
    const set = known.find((candidate) => candidate.key === key);
    if (set)
      sets.push({
        key,
        name: set.name,
        source: await set.source(),
        answers: key === "mimic" ? join(root, "..", "shared", "data", "answers") : null,
      });
    else if (existsSync(key)) {
      const path = realpathSync(key);
      const hash = createHash("sha256").update(path).digest("hex").slice(0, 8);
      sets.push({ key: `${basename(path)}-${hash}`, name: basename(path), source: path, answers: null });
    } else
      throw new Usage(
        `--data ${key}: there is no such folder, and no set of that name (${known.map((set) => set.key).join(", ") || "none here"}).`,
      );
  }
  for (const set of sets) if (process.env.MEDS_REAL_DATA && set.answers) set.answers = join(process.env.MEDS_REAL_DATA, "answers");
  return sets;
}

/** A bar on a terminal; elsewhere a line now and then. */
function progressBar() {
  if (!process.stderr.isTTY) {
    let reported = Date.now();
    const show = (text) => {
      if (Date.now() - reported < 10_000) return;
      reported = Date.now();
      console.error(`bench: ${text} …`);
    };
    return { show, stop() {} };
  }
  const bar = new SingleBar({ format: "{bar} {value}/{total} {text}", stream: process.stderr, clearOnComplete: true, hideCursor: true });
  let running = false;
  return {
    show(text, done, total) {
      if (!running) bar.start(total, done, { text });
      running = true;
      bar.setTotal(total);
      bar.update(done, { text });
    },
    stop: () => running && bar.stop(),
  };
}

async function main() {
  const options = settings();
  const files = loaderFiles(options).filter((file) => chosen(file, options.peers));
  const install = checkout && !options["no-install"] && !options.list;
  if (install && files.some((file) => needsPackages(root, file))) {
    const failed = installPackages(root);
    if (failed) console.error(`bench: ${failed}`);
  }
  const pythons = pythonsOf(files, options, install);
  const loaders = await greet(files, pythons);
  const shown = loaders.map(({ file: _, python: __, ...loader }) => loader); // no paths of this machine
  if (options.list && options.json) {
    const workloads = WORKLOADS.map(({ key, title }) => ({ key, title }));
    console.log(JSON.stringify({ workloads, loaders: shown }));
    return;
  }
  if (options.list) {
    console.log(
      `Workloads:\n${WORKLOADS.map(({ key, title }) => `  ${key.padEnd(12)} ${title}`).join("\n")}\n  convert      each loader's own form of the data\n  floor        the same in Rust and C++, and the machine's memory`,
    );
    console.log(
      `Loaders:\n${loaders.map(({ key, title, version, absent }) => `  ${key.padEnd(20)} ${absent ? `absent: ${absent}` : `${title} ${version}`}`).join("\n")}`,
    );
    if (checkout && loaders.some(({ absent }) => absent))
      console.log("A list installs nothing. A run installs the packages of absent loaders.");
    return;
  }
  for (const { key, absent } of loaders) if (absent) console.error(`bench: ${key} is absent: ${absent}`);
  const cache = options.cache ? resolve(options.cache) : checkout ? join(root, ".cache", "bench") : resolve(".meds-reader-bench");
  const sets = await sources(options);
  const bar = progressBar();
  const result = {
    format: 1,
    name: options.name ?? "latest",
    made: new Date().toISOString(),
    rounds: options.rounds,
    quick: options.quick,
    seed: SEED,
    machine: machine(root, pythons.get(REQUIREMENTS)?.python),
    loaders: shown,
    data: [],
  };
  const local = join(root, "benches", "results", "local");
  const out = options.out
    ? resolve(options.out)
    : !checkout
      ? resolve("meds-reader-bench.json")
      : options.name
        ? join(dirname(local), `${options.name}.json`)
        : join(local, "latest.json");
  mkdirSync(dirname(out), { recursive: true });
  try {
    for (const set of sets) {
      const progress = (text, done, total) => bar.show(text, done, total);
      const data = await measureSet(
        set,
        loaders.map((loader) => ({ ...loader })),
        { ...options, cache, progress },
      );
      progress(`${set.name}: the floor`, 1, 1);
      // An installed package has no Rust sources; a quick run shows only that loaders run.
      const floor = checkout && !options.quick && (options.only === undefined || options.only.includes("floor"));
      result.data.push({ ...data, floor: floor ? await measureFloor(root, join(cache, "forms", set.key, "ours")) : null });
      // After each set: a run that is stopped keeps what it has measured.
      writeFileSync(out, `${JSON.stringify(result)}\n`);
    }
  } finally {
    bar.stop();
  }
  console.log(options.json ? JSON.stringify(result) : markdown(result));
  console.error(`bench: written to ${out}${checkout ? "; npm run bench:report makes tables and charts of it" : ""}`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof Usage || error instanceof Disagreement)) console.error(error);
  else console.error(`bench: ${error.message}`);
  process.exitCode = error instanceof Usage ? 2 : 1;
}
