// What a conversion in parts costs, beside one on one machine: processor time of all steps, and wall time with two
// workers. The stores must have the same bytes. `node benches/cluster.mjs [--data MEDS] [--files 1] [--parts 8]`
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const library = join(root, "dist", "index.js");

/** A step in a process of its own: prints the result, its processor time, that of its start, and its peak memory. */
async function run([name, ...args]) {
  const cpu = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  };
  const meds = await import(library);
  const start = cpu();
  const given = JSON.parse(args.at(-1));
  const result =
    name === "convert"
      ? await meds.convert(args[0], args[1], given)
      : name === "plan"
        ? await meds.planCluster(args[0], args[1], given)
        : await meds.clusterStep(name, args[0], given);
  const anonymous = existsSync("/proc/self/status")
    ? Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 1024
    : Number.NaN;
  process.stdout.write(JSON.stringify({ result, processor: cpu() - start, start, peak: anonymous }));
}

if (process.argv[2] === "--run") {
  await run(process.argv.slice(3));
} else {
  const { values } = parseArgs({
    options: { data: { type: "string" }, files: { type: "string", default: "1" }, parts: { type: "string", default: "8" } },
  });
  const place = join(root, ".cache", "cluster");
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const child = (...args) =>
    new Promise((resolve, reject) => {
      const made = spawn(process.execPath, [fileURLToPath(import.meta.url), "--run", ...args.slice(0, -1), JSON.stringify(args.at(-1))], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let text = "";
      made.stdout.on("data", (piece) => {
        text += piece;
      });
      made.on("close", (code) => (code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`${args[0]} failed`))));
    });
  let source = values.data;
  if (source === undefined) {
    source = join(place, "source");
    const { generate } = await import(library);
    await generate(source, { preset: "ehrshot", files: Number(values.files) });
  }
  const parts = Number(values.parts);
  const digest = (folder) => {
    const hash = createHash("sha256");
    for (const name of readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .sort())
      hash.update(name).update(readFileSync(join(folder, name)));
    return hash.digest("hex");
  };

  // Warm: the first reader of a file waits for the disk.
  const one = join(place, "one.medsdb");
  await child("convert", source, one, { threads: 2 });
  rmSync(one, { recursive: true });
  let begun = performance.now();
  const alone = await child("convert", source, one, { threads: 2 });
  const aloneSeconds = (performance.now() - begun) / 1000;

  const many = join(place, "many.medsdb");
  const sums = { processor: 0, start: 0, peak: 0 };
  const shares = {};
  const step = async (name, ...args) => {
    const { result, processor, start, peak } = await child(name, ...args);
    sums.processor += processor;
    sums.start += start;
    sums.peak = Math.max(sums.peak, peak);
    shares[name] = (shares[name] ?? 0) + processor;
    return result;
  };
  /** All parts of a step, by two workers with a thread each. */
  const all = async (name, work, list) => {
    const left = [...list];
    const worker = async () => {
      while (left.length > 0) await step(name, work, { part: left.shift(), threads: 1 });
    };
    await Promise.all([worker(), worker()]);
  };
  begun = performance.now();
  const { work } = await step("plan", source, many, { parts });
  const each = Array.from({ length: parts }, (_, part) => part);
  await all("survey", work, each);
  const { patients, events } = await step("join", work, {});
  await all("measure", work, each);
  const { shards, parts: writing } = await step("settle", work, {});
  await all("write", work, writing);
  await step("finish", work, {});
  const seconds = (performance.now() - begun) / 1000;
  if (digest(one) !== digest(many)) throw new Error("the stores differ");
  console.log(
    `${events} events of ${patients} patients, ${shards} shards. One machine: ${alone.processor.toFixed(1)} s of processor time, ${aloneSeconds.toFixed(1)} s with 2 threads, ${alone.peak.toFixed(0)} MB at most`,
  );
  console.log(
    `${parts} parts, 2 workers with a thread each: ${sums.processor.toFixed(1)} s of processor time (${(sums.processor / alone.processor).toFixed(2)} times) and ${sums.start.toFixed(1)} s of starts of processes; ${seconds.toFixed(1)} s (${(seconds / aloneSeconds).toFixed(2)} times), ${sums.peak.toFixed(0)} MB a step at most; the same bytes`,
  );
  console.log(
    `seconds of processor time by step: ${Object.entries(shares)
      .map(([name, time]) => `${name} ${time.toFixed(2)}`)
      .join(", ")}`,
  );
  rmSync(place, { recursive: true });
}
