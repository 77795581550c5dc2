// Functions that end their thread: the program goes on. `node passes-hostile.mjs STORE`.
import { PatientDatabase } from "../../dist/index.js";

const db = PatientDatabase.open(process.argv[2]);
const count = { initial: 0, merge: (a, b) => a + b };
const codeOf = (promise) =>
  promise.then(
    () => "none",
    (error) => error.code,
  );
const exit = await codeOf(
  db.reduce((patients) => {
    for (const _ of patients) process.exit(3);
    return 0;
  }, count),
);
const rejection = await codeOf(
  db.reduce((patients) => {
    Promise.reject(new Error("left behind"));
    return [...patients].length;
  }, count),
);
const memory = await codeOf(
  db.reduce(
    async (patients) => {
      const kept = [];
      for (const _ of patients) for (;;) kept.push(new Array(1e6).fill(kept.length));
    },
    { ...count, threads: 1 },
  ),
);
const after = await db.reduce((patients) => [...patients].length, { ...count, threads: 2 });
db.close();
console.log(JSON.stringify({ exit, rejection, memory, after }));
