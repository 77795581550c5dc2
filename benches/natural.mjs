// node benches/natural.mjs [--rounds 7] [--base DIR] [--only QUESTION[/PROGRAM],…] [--data KEY|PATH,…] [--large] [--quick] [--cache DIR] [--programs DIR]
//
// The programs of benches/natural/, written as a new user writes them, and the same programs in Python. Each runs in a process of its own, all in turns,
// and all must give equal answers. `--base` also runs ours with the build in another folder. benches/README.md says more.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, parse } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { machine } from "./lib/machine.mjs";
import { peerPython } from "./lib/peer.mjs";
import { measure } from "./lib/process.mjs";
import { difference } from "./natural/lib/answer.mjs";
import { argsOf, dataset, SETS, setOf } from "./natural/lib/data.mjs";
import { Project } from "./natural/lib/project.mjs";
import { figures, judged, page } from "./natural/lib/table.mjs";
import { QUESTIONS } from "./natural/questions.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    base: { type: "string" },
    only: { type: "string" },
    data: { type: "string" },
    large: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    cache: { type: "string", default: join(root, ".cache", "bench") },
    programs: { type: "string" },
    out: { type: "string", default: join(root, "benches", "results", "local", "natural.json") },
  },
});

function usage(message) {
  console.error(`natural: ${message}`);
  process.exit(2);
}

if (!/^[1-9]\d*$/.test(values.rounds)) usage("--rounds takes a whole number, 1 or more.");
const rounds = values.quick ? 1 : Number(values.rounds);
const chosen = (values.only?.split(",") ?? Object.keys(QUESTIONS)).map((text) => text.split("/"));
for (const [key] of chosen)
  if (QUESTIONS[key] === undefined) usage(`there is no question ${key}. There are: ${Object.keys(QUESTIONS).join(", ")}.`);
const usual = values.quick ? ["mimic"] : ["mimic", "mimic20", ...(values.large ? ["large"] : [])];
const sets = (values.data?.split(",") ?? usual).map(
  (text) => setOf(text) ?? usage(`there is no data ${text}. There is: ${Object.keys(SETS).join(", ")}, or the folder of a MEDS dataset.`),
);

const peer = peerPython(root);
if (peer.reason) console.error(`natural: without the peers: ${peer.reason}.`);
const project = (name, build) => new Project(name, build, values.programs);
const projects = [project("this", root), ...(values.base === undefined ? [] : [project("base", values.base)])];

/** What a program needs; nothing where it cannot be loaded, which its own process will say. */
const needsOf = (program) =>
  import(pathToFileURL(program).href).then(
    ({ needs }) => needs ?? [],
    () => [],
  );

/** Of a question, each program in each build that has what the program needs, and the peers'; `left` says why others are left out. */
async function participants(question) {
  const found = [];
  const left = [];
  const files = readdirSync(projects[0].path(question)).sort();
  const fits = (file, program) =>
    files.some((one) => parse(one).name === program) ? parse(file).name === program : file.startsWith(program);
  const wanted = (file) => chosen.some(([key, program]) => key === question && (program === undefined || fits(file, program)));
  for (const file of files.filter(wanted)) {
    if (file.endsWith(".py") && peer.reason === undefined) {
      const program = projects[0].path(question, file);
      found.push({ name: file, program, command: peer.python, host: projects[0].path("host.py") });
    }
    if (!file.endsWith(".mjs")) continue;
    for (const each of projects) {
      const program = each.path(question, file);
      const name = `${each.name === "this" ? "" : `${each.name}:`}${file.slice(0, -4)}`;
      const lacking = each.lacks(await needsOf(projects[0].path(question, file)));
      if (lacking.length > 0) left.push(`${name}: not in this build: ${lacking.join(", ")}`);
      else found.push({ name, program, command: process.execPath, host: each.path("host.mjs") });
    }
  }
  return { found, left };
}

/** What two other programs have answered, where it is known. */
function knownAnswer(question, set) {
  const { known } = QUESTIONS[question];
  const folder = process.env.MEDS_REAL_DATA ?? join(root, "..", "shared", "data");
  if (set.key !== "mimic" || known === undefined || !existsSync(join(folder, "answers", known.file))) return {};
  const answer = JSON.parse(readFileSync(join(folder, "answers", known.file), "utf8"));
  return Object.fromEntries(Object.entries(known.members).map(([ours, theirs]) => [ours, answer[theirs]]));
}

/** All rounds of a question about one set. */
async function ask(question, set, data, args) {
  const { found, left } = await participants(question);
  const failures = [];
  const known = knownAnswer(question, set);
  let first; // the first answer, which all others must equal
  // A first run of 20 seconds is a measurement, a shorter one the warm-up. Later runs take half a second in all, or are one run.
  const request = { question, data, args, longest: 20, total: values.quick ? 0.05 : 0.5 };
  const runOnce = async (one) => {
    const reply = await measure(one.command, [one.host, JSON.stringify({ ...request, program: one.program })]);
    first ??= { name: one.name, answer: reply.answer };
    const why = difference(first.answer, reply.answer) ?? difference({ ...reply.answer, ...known }, reply.answer);
    if (why !== null) failures.push(`${question}, ${set.title}: ${one.name} does not answer as ${first.name}: ${why}`);
    return reply;
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const one of found) {
      one.rounds ??= [];
      if (one.failed) continue;
      try {
        one.rounds.push(await runOnce(one));
      } catch {
        one.failed = true; // its own message is above: the process wrote it
        failures.push(`${question}, ${set.title}: ${one.name} failed`);
      }
    }
  }
  const measured = found.filter(({ failed }) => !failed);
  return { results: measured.map(({ name, rounds }) => ({ name, ...figures(rounds) })), answer: first?.answer, left, failures };
}

const report = [];
const failures = [];
const questions = Object.keys(QUESTIONS).filter((key) => chosen.some(([question]) => question === key));
try {
  for (const set of sets) {
    const asked = questions.filter((key) => set.path !== undefined || QUESTIONS[key].sets.includes(set.key));
    if (asked.length === 0) continue;
    const data = await dataset(set, { root, cache: values.cache, python: peer.reason === undefined ? peer.python : undefined });
    if (data === null) {
      console.error(`natural: without ${set.title}: its source is absent (MEDS_REAL_DATA), or the Python that makes it is.`);
      continue;
    }
    const { args, divisors, visits } = argsOf(data, set);
    for (const question of asked) {
      const { per, goals, visits: needed } = QUESTIONS[question];
      if (needed && !visits) continue;
      const result = await ask(question, set, data, args);
      for (const one of result.results) one.each = one.cpu / divisors[per];
      const entry = { question, data: set.key, title: set.title, ...result, goals: judged(goals, result.results, set.key) };
      for (const line of page(entry, QUESTIONS[question], divisors[per])) console.log(line);
      failures.push(...result.failures);
      report.push(entry);
    }
  }
} finally {
  for (const each of projects) each.remove();
}
mkdirSync(dirname(values.out), { recursive: true });
writeFileSync(values.out, `${JSON.stringify({ machine: machine(root, peer.python), rounds, report }, null, 2)}\n`);
for (const line of failures) console.error(`natural: ${line}`);
if (failures.length > 0) process.exitCode = 1;
