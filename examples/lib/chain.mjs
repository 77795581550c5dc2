// A dataset whose best possible loss is known: each code depends on the code before it and on the disease in
// the patient's first row.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parquetWriteFile } from "hyparquet-writer";
import { generator } from "./metrics.mjs";

const HOUR = 3_600_000;

/**
 * Writes the dataset as MEDS, with four of five patients in train and the others in tuning. Returns the best
 * possible loss on tuning, in nats per code.
 */
export function writeChain(folder, { patients = 1000, rows = 80, codes = 24, diseases = 4, seed = 5 } = {}) {
  const random = generator(seed);
  const table = (size, scale) =>
    Array.from({ length: size }, () => Array.from({ length: codes }, () => scale * (random() + random() + random() - 1.5)));
  // The last row is for the first code of a patient.
  const [byCode, byDisease] = [table(codes + 1, 4), table(diseases, 3)];
  const chain = byDisease.map((own) => byCode.map((row) => shares(row.map((logit, i) => logit + own[i]))));
  const events = [];
  const splits = [];
  let [loss, drawn] = [0, 0];
  for (let patient = 0; patient < patients; patient += 1) {
    const split = patient % 5 === 4 ? "tuning" : "train";
    const disease = Math.floor(random() * diseases);
    splits.push({ subject_id: BigInt(patient), split });
    events.push({ subject_id: BigInt(patient), time: new Date(0), code: `DISEASE//${disease}` });
    for (let row = 1, last = codes; row < rows; row += 1) {
      const chance = chain[disease][last];
      last = draw(chance, random());
      events.push({ subject_id: BigInt(patient), time: new Date(row * HOUR), code: `CODE//${last}` });
      if (split !== "tuning") continue;
      loss -= Math.log(chance[last]);
      drawn += 1;
    }
  }
  const write = (path, list, types) => {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    const columnData = Object.entries(types).map(([name, type]) => ({ name, type, data: list.map((row) => row[name]) }));
    parquetWriteFile({ filename: join(folder, path), columnData });
  };
  write("data/0.parquet", events, { subject_id: "INT64", time: "TIMESTAMP", code: "STRING" });
  write("metadata/subject_splits.parquet", splits, { subject_id: "INT64", split: "STRING" });
  return loss / drawn;
}

function shares(logits) {
  const odds = logits.map(Math.exp);
  const sum = odds.reduce((a, b) => a + b);
  return odds.map((odd) => odd / sum);
}

function draw(chance, point) {
  let sum = 0;
  const found = chance.findIndex((share) => {
    sum += share;
    return point < sum;
  });
  return found < 0 ? chance.length - 1 : found;
}
