// A loader in a process of its own: `node benches/host.mjs LOADER.mjs`. Takes a line of JSON, answers with one; loads nothing until it is asked.
// host.py is the same for Python.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const MINIMUM = 1; // ms that a sample lasts at least
const MOST = 10; // samples of a run
const file = pathToFileURL(resolve(process.argv[2])).href;

let loader;
let handle;
let workloads;

const load = async () => {
  loader ??= (await import(file)).default;
  return loader;
};

/** Linux counts the parent's memory into maxRSS, because the child was it before exec: VmHWM is this program's own. */
function peak() {
  const status = existsSync("/proc/self/status") ? /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8")) : null;
  return Number(status?.[1] ?? process.resourceUsage().maxRSS) * 1024;
}

async function open({ dataset, plan }) {
  const { open, workloads: make } = await load();
  const began = performance.now();
  handle = await open(dataset);
  const millis = performance.now() - began;
  workloads = await make(handle, JSON.parse(readFileSync(plan, "utf8")), dataset);
  return { millis };
}

/** A result may be a function: it is called when the clock has stopped, and makes the answer. */
const answerOf = (result) => (typeof result === "function" ? result() : result);

const commands = {
  async hello() {
    const { title, version, reads, threads, note, form, prepare, absent } = await load();
    return { title, version, reads, threads, note, form, prepares: prepare !== undefined, absent: await absent?.() };
  },
  async prepare({ dataset, threads }) {
    const { prepare } = await load();
    rmSync(dataset.form, { recursive: true, force: true });
    const began = performance.now();
    const done = await prepare(dataset, threads);
    return { seconds: (performance.now() - began) / 1000, peakBytes: peak(), ...done };
  },
  async open(request) {
    const { millis } = await open(request);
    return { millis, can: Object.keys(workloads) };
  },
  /** Imports, opening and one run in a process that has done nothing before. */
  async cold({ workload, ...request }) {
    const began = performance.now();
    await open(request);
    if (workloads[workload] === undefined) return { unsupported: true };
    const result = await workloads[workload](1);
    return { nanos: (performance.now() - began) * 1e6, answer: answerOf(result) };
  },
  async answer({ workload, count }) {
    const began = performance.now();
    const result = await workloads[workload](count);
    return { nanos: (performance.now() - began) * 1e6, answer: answerOf(result) };
  },
  /** Samples of a workload: runs shorter than MINIMUM are repeated within one. */
  async time({ workload, count, millis }) {
    const { Bench } = await import("tinybench");
    const run = workloads[workload];
    let once = Number.POSITIVE_INFINITY;
    for (let spent = 0, times = 0; spent < millis && times < 100; times += 1) {
      const began = performance.now();
      await run(count);
      const took = performance.now() - began;
      once = Math.min(once, took);
      spent += took;
    }
    const inner = Math.max(1, Math.ceil(MINIMUM / Math.max(once, 1e-4)));
    const iterations = Math.min(MOST, Math.max(1, Math.ceil(millis / (once * inner))));
    const bench = new Bench({ time: 0, iterations, warmup: false, retainSamples: true, throws: true });
    const asynchronous = run(count) instanceof Promise;
    bench.add(
      workload,
      asynchronous
        ? async () => {
            for (let i = 0; i < inner; i += 1) await run(count);
          }
        : () => {
            for (let i = 0; i < inner; i += 1) run(count);
          },
    );
    const [task] = await bench.run();
    return { samples: task.result.latency.samples.map((sample) => Math.round((sample * 1e6) / inner)) };
  },
  async memory() {
    return { residentBytes: process.memoryUsage().rss, peakBytes: peak() };
  },
  async close() {
    await loader?.close?.(handle);
    return {};
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let reply;
  try {
    reply = await commands[request.do](request);
  } catch (error) {
    reply = { error: error instanceof Error ? error.message : String(error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
  if (request.do === "close") break;
}
process.exit(0);
