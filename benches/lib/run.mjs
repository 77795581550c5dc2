// A run of the harness over one dataset: every loader prepares its form, all answers are compared, and only then anything is timed, in turns.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countsOf, differences, WORKLOADS } from "../workloads.mjs";
import { Child, once } from "./child.mjs";
import { warm } from "./datasets.mjs";
import { makePlan } from "./plan.mjs";

export const REFERENCE = "ours-arrays"; // what the others' answers are compared with
const SLOW = 60; // seconds: a run that takes longer is not repeated

/** Two loaders disagree: no figure may be printed. */
export class Disagreement extends Error {}

const filesBelow = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
const bytesBelow = (folder) => filesBelow(folder).reduce((sum, file) => sum + statSync(file).size, 0);

/** The Parquet files of a source, in the order of a store. */
function parquetOf(source) {
  if (statSync(source).isFile()) return [source];
  return filesBelow(join(source, "data"))
    .filter((file) => file.endsWith(".parquet"))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/**
 * Measures one dataset.
 *
 * @param set { key, name, source, answers: folder of the reference answers or null }
 * @param loaders [{ key, file, python, title, …, absent }] as `hello` gave them, ours first
 * @param options { cache, rounds, quick, only (keys of workloads or undefined), progress(text, done, total) }
 */
export async function measureSet(set, loaders, options) {
  const { cache, progress } = options;
  const folder = join(cache, "forms", set.key); // the generated sources are beside it
  mkdirSync(folder, { recursive: true });
  const files = parquetOf(set.source);
  const wanted = WORKLOADS.filter(({ key }) => options.only === undefined || options.only.includes(key));
  warm(set.source);

  const base = { source: set.source, files, store: join(folder, "ours") };
  const present = loaders.filter(({ absent }) => absent === undefined);
  const of = (loader) => ({ ...base, form: join(folder, loader.form ?? loader.key) });
  const failures = []; // { loader, workload, reason }
  const { conversion, ready } = await prepareAll(
    present,
    of,
    files,
    options.only === undefined || options.only.includes("convert"),
    failures,
    options,
  );
  warm(base.store);

  const counts = Object.fromEntries(WORKLOADS.map(({ key, items }) => [key, items && (options.quick ? Math.min(items, 20) : items)]));
  const { plan, facts } = makePlan(base.store, counts);
  const planFile = join(folder, "plan.json");
  writeFileSync(planFile, JSON.stringify(plan));
  Object.assign(base, { columns: plan.schema, events: facts.events, patients: facts.patients });

  const workloads = wanted.filter(({ task }) => !task || facts.tasks).map((workload) => ({ ...workload, items: counts[workload.key] }));
  const children = new Map();
  const resources = [];
  try {
    for (const [i, loader] of ready.entries()) {
      progress(`${set.name}: opening ${loader.title}`, i, ready.length);
      const child = new Child(loader.file, loader);
      children.set(loader.key, child);
      try {
        const { millis, can } = await child.ask("open", { dataset: of(loader), plan: planFile });
        loader.can = can;
        resources.push({
          loader: loader.key,
          openMillis: millis,
          diskBytes: loader.prepares || loader.form ? bytesBelow(of(loader).form) : null,
        });
      } catch (error) {
        failures.push({ loader: loader.key, workload: null, reason: error.message });
        loader.can = [];
      }
    }
    const opened = ready.filter(({ can }) => can.length > 0);
    const cells = await verifyAll(set, workloads, opened, children, { ...options, of, planFile, facts, failures });
    await timeAll(set, cells, children, {
      ...options,
      of,
      planFile,
      failures,
      loaders: new Map(ready.map((loader) => [loader.key, loader])),
    });
    for (const resource of resources) {
      const memory = await children
        .get(resource.loader)
        .ask("memory")
        .catch(() => ({}));
      Object.assign(resource, memory);
    }
    return {
      key: set.key,
      name: set.name,
      ...facts,
      files: files.length,
      sourceBytes: files.reduce((sum, file) => sum + statSync(file).size, 0),
      conversion,
      figures: cells.filter(({ failed }) => !failed),
      resources,
      failures,
    };
  } finally {
    await Promise.all([...children.values()].map((child) => child.close()));
  }
}

/** Each loader's own form of the data: kept between runs, made anew where conversion is to be measured. */
async function prepareAll(present, of, files, measured, failures, { rounds, quick, progress }) {
  const conversion = [];
  const ready = [];
  const done = new Set(); // forms: several loaders may share one
  const sources = JSON.stringify(files.map((file) => [file, statSync(file).size, statSync(file).mtimeMs]));
  for (const [i, loader] of present.entries()) {
    const dataset = of(loader);
    if (!loader.prepares || done.has(dataset.form)) {
      ready.push(loader);
      continue;
    }
    const note = `${dataset.form}.json`; // what the form was made of, beside it
    const made = JSON.stringify([loader.version, sources]);
    try {
      // Without the measurement of conversion what another run left will do.
      const kept = existsSync(note) && existsSync(dataset.form) && JSON.parse(readFileSync(note, "utf8")).made === made;
      if (measured || !kept) {
        rmSync(note, { force: true });
        for (const threads of measured && !quick ? [1, 2] : [2]) {
          const runs = [];
          // Once where it takes long; two threads last, because that form is kept.
          for (let round = 0; round < rounds && (round === 0 || runs[0].seconds < 10); round += 1) {
            progress(`preparing ${loader.title}, ${threads === 1 ? "1 thread" : `${threads} threads`}`, i, present.length);
            runs.push(await once(loader.file, loader, "prepare", { dataset, threads }));
          }
          conversion.push({
            loader: loader.key,
            threads,
            seconds: runs.map(({ seconds, fsyncSeconds = 0 }) => seconds - fsyncSeconds),
            fsyncSeconds: runs.map(({ fsyncSeconds = 0 }) => fsyncSeconds),
            peakBytes: Math.max(...runs.map(({ peakBytes }) => peakBytes)),
            diskBytes: bytesBelow(dataset.form),
          });
        }
        writeFileSync(note, JSON.stringify({ made }));
      }
      done.add(dataset.form);
      ready.push(loader);
    } catch (error) {
      if (loader.key === REFERENCE) throw error;
      failures.push({ loader: loader.key, workload: "convert", reason: error.message });
    }
  }
  return { conversion, ready };
}

/** Every answer against the reference's. Returns the cells to time: { workload, loader, count }. */
async function verifyAll(set, workloads, loaders, children, { quick, progress, of, planFile, facts, failures }) {
  const budget = quick ? 200 : 1500; // ms that one run of a slow loader may take
  const cells = [];
  const reference = new Map();
  const askCold = (loader, workload) =>
    once(loader.file, loader, "cold", { dataset: of(loader), plan: planFile, workload: workload.run ?? workload.key });
  const expected = async (workload, count) => {
    const key = `${workload.run ?? workload.key} ${count}`;
    if (!reference.has(key))
      reference.set(key, (await children.get(REFERENCE).ask("answer", { workload: workload.run ?? workload.key, count })).answer);
    return reference.get(key);
  };
  const check = async (loader, workload, count, answer) => {
    const wanted = await expected(workload, count);
    // Lengths in UTF-16 and in characters: comparable between languages only where no code has a character beyond U+FFFF.
    const differ = differences(wanted, answer).filter((name) => !(name === "chars" && facts.astral && loader.file.endsWith(".py")));
    if (differ.length === 0) return;
    throw new Disagreement(
      `${set.name}: ${workload.title}: ${loader.title} differs from the reference in ${differ.join(", ")}: ` +
        `${JSON.stringify(answer)} instead of ${JSON.stringify(wanted)}. No figure is printed.`,
    );
  };
  await paperAnswers(set, workloads, expected);
  for (const [i, workload] of workloads.entries()) {
    for (const loader of loaders) {
      progress(`${set.name}: comparing answers: ${workload.title}: ${loader.title}`, i, workloads.length);
      const key = workload.run ?? workload.key;
      if (!loader.can.includes(key)) continue;
      try {
        if (workload.cold) {
          const { nanos, answer, unsupported } = await askCold(loader, workload);
          if (unsupported) continue;
          await check(loader, workload, 1, answer);
          cells.push({ workload: workload.key, loader: loader.key, count: 1, cold: true, first: nanos });
          continue;
        }
        // The first count that does not take too long, by what the last few items took.
        const ladder = countsOf(workload);
        let count = ladder.at(-1);
        let found = await children.get(loader.key).ask("answer", { workload: key, count });
        await check(loader, workload, count, found.answer);
        // An item that takes so long alone is read alone.
        if (ladder.length > 1 && found.nanos / 1e6 < 3 * budget) {
          const least = Math.min(3, ladder[0]);
          found = await children.get(loader.key).ask("answer", { workload: key, count: least });
          const each = found.nanos / 1e6 / least;
          count = ladder.find((n) => n * each <= budget) ?? ladder.at(-1);
          found = await children.get(loader.key).ask("answer", { workload: key, count });
          await check(loader, workload, count, found.answer);
        }
        cells.push({ workload: workload.key, loader: loader.key, count, first: found.nanos });
      } catch (error) {
        if (error instanceof Disagreement || loader.key === REFERENCE) throw error;
        failures.push({ loader: loader.key, workload: workload.key, reason: error.message });
      }
    }
  }
  // The reference is timed on the same few items as each slow loader.
  for (const { workload, count, cold } of [...cells]) {
    if (!cold && !cells.some((cell) => cell.loader === REFERENCE && cell.workload === workload && cell.count === count)) {
      if (loaders.some(({ key, can }) => key === REFERENCE && can.includes(workload)))
        cells.push({ workload, loader: REFERENCE, count, first: 0 });
    }
  }
  return cells;
}

/** The reference's own answers to the paper's tasks, against those that two other programs gave. */
async function paperAnswers(set, workloads, expected) {
  for (const [key, file, members] of [
    ["los", "los_mimic4_demo.json", { digest: "digest" }],
    ["pipe", "pipe_mimic4_demo.json", { digest: "digest_exact_means", digestWithoutMeans: "digest_no_means" }],
  ]) {
    const workload = workloads.find((candidate) => (candidate.run ?? candidate.key) === key);
    if (workload === undefined || !set.answers || !existsSync(join(set.answers, file))) continue;
    const known = JSON.parse(readFileSync(join(set.answers, file), "utf8"));
    const answer = await expected(workload, 1);
    for (const [ours, theirs] of Object.entries(members)) {
      if (answer[ours] !== known[theirs])
        throw new Disagreement(`${set.name}: ${workload.title}: ${ours} is not that of ${file}. No figure is printed.`);
    }
  }
}

/** Rounds in alternation over the loaders of each workload. */
async function timeAll(set, cells, children, { rounds, quick, progress, of, planFile, loaders, failures }) {
  const sample = async (cell, loader, workload) => {
    if (cell.cold) return [Math.round((await once(loader.file, loader, "cold", { dataset: of(loader), plan: planFile, workload })).nanos)];
    return (await children.get(cell.loader).ask("time", { workload, count: cell.count, millis: quick ? 20 : 100 })).samples;
  };
  const keys = [...new Set(cells.map(({ workload }) => workload))];
  for (const [i, key] of keys.entries()) {
    const row = cells.filter(({ workload }) => workload === key);
    const { run, title } = WORKLOADS.find((workload) => workload.key === key);
    for (let round = 0; round < rounds; round += 1) {
      progress(`${set.name}: ${title}, round ${round + 1} of ${rounds}`, i, keys.length);
      for (const cell of row) {
        cell.samples ??= [];
        if (cell.first > SLOW * 1e9) {
          cell.samples = [[Math.round(cell.first)]];
          continue;
        }
        const loader = loaders.get(cell.loader);
        if (cell.failed) continue;
        try {
          cell.samples.push(await sample(cell, loader, run ?? key));
        } catch (error) {
          // A figure of fewer rounds than the others' would not be comparable.
          cell.failed = true;
          failures.push({ loader: cell.loader, workload: key, reason: error.message });
        }
      }
    }
    for (const cell of row) delete cell.first;
  }
}
