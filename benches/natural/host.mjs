// One program in a process of its own: `node host.mjs REQUEST`, where REQUEST is JSON. The program times nothing: this file does.
// It prints one line of JSON: the answer, and wall and processor time of the first run and of later ones.
import { readdirSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import * as meds from "meds-reader";
import { answer as answerOf } from "./questions.mjs";

const { question, program, data, args, longest, total } = JSON.parse(process.argv[2]);
const module = await import(pathToFileURL(program).href);

/** Processor time of this process and all its threads, in seconds. */
function processorSeconds() {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  return (userCPUTime + systemCPUTime) / 1e6;
}

async function timed(run) {
  const cpu = processorSeconds();
  const began = performance.now();
  const result = await run();
  return { result, seconds: (performance.now() - began) / 1000, cpuSeconds: processorSeconds() - cpu };
}

/** Reads every file once, so that the page cache has it. */
function warm(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) readFileSync(`${entry.parentPath}/${entry.name}`);
}

warm(data.store);
const db = meds.PatientDatabase.open(data.store, module.open);
const given = module.prepare === undefined ? args : { ...args, prepared: await module.prepare(db, args) };
const first = await timed(() => module.run(db, given));
const result = module.rows === undefined ? first.result : module.rows(first.result, db, given);
const answer = answerOf(question, result);
const { seconds, cpuSeconds } = first;
const reply = { answer, first: { seconds, cpuSeconds }, runs: [] };
first.result = undefined; // or the next runs pay for its memory
// A first run that takes long is a measurement. Else it is the warm-up.
if (seconds >= longest) reply.runs.push({ seconds, cpuSeconds });
else {
  for (let spent = 0; spent < total && reply.runs.length < 1000; ) {
    const { result: _, ...run } = await timed(() => module.run(db, given));
    reply.runs.push(run);
    spent += run.seconds;
  }
}
db.close();
process.stdout.write(`${JSON.stringify(reply)}\n`);
