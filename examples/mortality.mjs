// node examples/mortality.mjs [STORE LABELS]: a small network in TensorFlow.js, twice. README.md says what to
// install first.
//
// 1. A synthetic task with a planted signal, where the best possible AUROC is known. The network must come
//    near it, and near 0.5 with shuffled labels.
// 2. With a store and labels (ICU mortality from the first 24 hours of the MIMIC-IV demo): cross-validation
//    over train and tuning, grouped by subject. Some seventy labels with nine positives prove nothing about a
//    model. They show only that the parts work together.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convert, generate, Labels, loader, PatientDatabase, samples } from "meds-reader";
import { auroc, bootstrap, generator } from "./lib/metrics.mjs";
import { multiHot, start, train } from "./lib/network.mjs";

const LENGTH = 512;
const shown = (value) => (Number.isNaN(value) ? "undefined: one class" : value.toFixed(3));

/**
 * Trains on some labels and returns the probabilities of others. Only the training labels decide which codes
 * are features.
 */
async function fitted(db, training, testing, { epochs, title, least }) {
  const window = { maxLength: LENGTH, static: "prepend" };
  const [list, unseen] = [samples(db, training, window), samples(db, testing, window)];
  const seen = new Uint32Array(db.codes.strings.length);
  for (const batch of loader(list, { batchSize: 64, fields: ["code"] })) {
    const [size, length] = batch.shape;
    for (let b = 0; b < size; b += 1) for (const id of new Set(batch.code.subarray(b * length, (b + 1) * length))) seen[id] += 1;
  }
  seen[0] = 0; // PAD
  const place = new Int32Array(seen.length).fill(-1);
  let width = 0;
  for (let id = 1; id < seen.length; id += 1) if (seen[id] >= least) place[id] = width++;
  function* batches(epoch) {
    for (const batch of loader(list, { batchSize: 32, shuffle: true, seed: 1, epoch, fields: ["code"] }))
      yield { x: multiHot(batch, place, width), y: Float32Array.from(batch.boolean_value) };
  }
  const model = await train(batches, width, { epochs, title });
  const scores = [];
  for (const batch of loader(unseen, { batchSize: 64, fields: ["code"] })) {
    const x = multiHot(batch, place, width);
    scores.push(...model.predict(x));
    x.dispose();
  }
  model.dispose();
  return scores;
}

const truth = (labels) => Array.from(labels, ({ booleanValue }) => Number(booleanValue));

/**
 * Draws labels whose probabilities depend on two common codes in the known rows. Returns the labels and the
 * probabilities.
 */
function planted(db) {
  const random = generator(7);
  const rows = [];
  for (const patient of db) {
    if (patient.length < patient.staticCount + 8) continue;
    const at = patient.staticCount + Math.floor((patient.length - patient.staticCount) * (0.5 + random() / 2));
    rows.push({ subjectId: patient.subjectId, predictionTime: patient.times[Math.min(at, patient.length - 1)] });
  }
  const list = samples(db, Labels.from(rows), { maxLength: LENGTH });
  const has = [...list].map(({ timeline }) => new Set(timeline.codeIds));
  // Two codes: about half of the samples have one, about a third the other.
  const counts = new Map();
  for (const codes of has) for (const id of codes) counts.set(id, (counts.get(id) ?? 0) + 1);
  const nearest = (share) => [...counts].sort((a, b) => Math.abs(a[1] / rows.length - share) - Math.abs(b[1] / rows.length - share))[0][0];
  const [up, down] = [nearest(0.5), nearest(0.34)];
  const chance = has.map((codes) => 1 / (1 + Math.exp(-(-0.5 + (codes.has(up) ? 2.5 : -1) + (codes.has(down) ? -2 : 0.5)))));
  return { labels: Labels.from(rows.map((row, i) => ({ ...row, booleanValue: random() < chance[i] }))), chance };
}

async function synthetic() {
  const folder = mkdtempSync(join(tmpdir(), "meds-reader-example-"));
  await generate(join(folder, "source"), { patients: 3000, events: 300_000, codes: 400, seed: 11 });
  await convert(join(folder, "source"), join(folder, "store"));
  const db = PatientDatabase.open(join(folder, "store"));
  const { labels, chance } = planted(db);
  const isTest = (_, i) => i % 3 === 0; // one label per subject
  const [training, testing] = [labels.select((label, i) => !isTest(label, i)), labels.select(isTest)];
  const best = auroc(truth(testing), chance.filter(isTest));
  const scores = await fitted(db, training, testing, { epochs: 12, title: "planted signal", least: 20 });
  const random = generator(3);
  const shuffled = truth(training).sort(() => random() - 0.5);
  const noise = Labels.from(Array.from(training, (label, i) => ({ ...label, booleanValue: shuffled[i] === 1 })));
  const nothing = await fitted(db, noise, testing, { epochs: 12, title: "shuffled labels", least: 20 });
  console.log(
    `planted signal: AUROC ${shown(auroc(truth(testing), scores))}, best possible ${shown(best)}; with shuffled labels ${shown(auroc(truth(testing), nothing))}`,
  );
  db.close();
  rmSync(folder, { recursive: true });
}

async function mortality(store, path) {
  const db = PatientDatabase.open(store);
  const all = (await Labels.open(path)).select(({ subjectId, booleanValue }) => booleanValue !== null && db.has(subjectId));
  const labels = all.select(({ subjectId }) => ["train", "tuning"].includes(db.get(subjectId).split));
  const subjects = [...new Set(labels.subjectIds)];
  const folds = 5;
  const foldOf = new Map(subjects.map((subject, i) => [subject, i % folds]));
  const scores = new Array(labels.size);
  for (let fold = 0; fold < folds; fold += 1) {
    const inFold = ({ subjectId }) => foldOf.get(subjectId) === fold;
    const rows = Array.from(labels, (label, i) => (inFold(label) ? i : -1)).filter((i) => i >= 0);
    const found = await fitted(
      db,
      labels.select((label) => !inFold(label)),
      labels.select(rows),
      { epochs: 20, title: `fold ${fold + 1}`, least: 3 },
    );
    rows.forEach((row, i) => {
      scores[row] = found[i];
    });
  }
  const interval = bootstrap(auroc, truth(labels), scores, [...labels.subjectIds])
    .map(shown)
    .join(" to ");
  console.log(
    `smoke test: ${labels.size} labels of ${subjects.length} subjects in train and tuning, cross-validated: AUROC ${shown(auroc(truth(labels), scores))} (${interval})`,
  );
  const heldOut = all.select(({ subjectId }) => db.get(subjectId).split === "held_out");
  const unseen = await fitted(db, labels, heldOut, { epochs: 20, title: "held_out", least: 3 });
  console.log(`held_out: ${heldOut.size} labels: AUROC ${shown(auroc(truth(heldOut), unseen))}`);
  db.close();
}

await start();
await synthetic();
const [store, path] = process.argv.slice(2);
if (path !== undefined) await mortality(store, path);
else console.log("For the second part: node examples/mortality.mjs STORE LABELS");
