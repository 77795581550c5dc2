// Passes of every kind, three at a time, some left early or stopped: each result must be whole, and none may
// hang. `node passes-stress.mjs STORE COUNT`.
import { PatientDatabase } from "../../dist/index.js";

const [store, count] = process.argv.slice(2);
const db = PatientDatabase.open(store);
const rows = db.eventCount;
let state = 1;
/** A whole number below `most`. */
const draw = (most) => {
  state = (state * 1103515245 + 12345) & 0x7fffffff;
  return Math.floor((state / 0x80000000) * most);
};

function* thrice(patients) {
  for (const { length } of patients) for (let i = 0; i < 3; i += 1) yield length;
}
async function* later(patients) {
  for (const { length } of patients) {
    await null;
    yield length;
  }
}
const total = (patients) => {
  let sum = 0;
  for (const { length } of patients) sum += length;
  return sum;
};
async function summed(pass, most = Number.POSITIVE_INFINITY) {
  let [sum, seen] = [0, 0];
  for await (const length of pass) {
    sum += length;
    seen += 1;
    if (seen >= most) break;
  }
  return sum;
}

const kinds = [
  async (options) => [await summed(db.map(thrice, options)), 3 * rows],
  async (options) => [await summed(db.map(later, options)), rows],
  async ({ threads, per }) => [await db.reduce(total, { threads, per, initial: 0, merge: (a, b) => a + b }), rows],
  async (options) => [Math.sign(await summed(db.map(thrice, options), 1 + draw(300))), 1],
  async (options) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), draw(20));
    const result = await summed(db.map(thrice, { ...options, signal: controller.signal })).catch((error) => error.code);
    return [result === 3 * rows ? "MEDS_CANCELLED" : result, "MEDS_CANCELLED"];
  },
];

let begun = 0;
async function one() {
  while (begun < Number(count)) {
    begun += 1;
    const options = { threads: draw(4), ordered: draw(2) === 0, per: draw(3) === 0 ? "chunk" : "worker" };
    const kind = draw(kinds.length);
    const [found, wanted] = await kinds[kind](options);
    if (found !== wanted) throw new Error(`kind ${kind} ${JSON.stringify(options)}: ${found} is not ${wanted}`);
  }
}
await Promise.all([one(), one(), one()]);
db.close();
console.log(`${begun} passes`);
