// node examples/leaderboard.mjs STORE LABELS [OUT]: count features and logistic regression for every task of a label folder, with AUROC, AUPRC, 95 %
// intervals by bootstrap over subjects, and a row of predictions a label in OUT/TASK.csv. The penalty is chosen on tuning; held_out is looked at once.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Labels, PatientDatabase } from "meds-reader";
import { countRows, vocabularyOf } from "./lib/counts.mjs";
import { fit, predictRow } from "./lib/logistic.mjs";
import { auprc, auroc, bootstrap } from "./lib/metrics.mjs";

const [store, folder, out = "predictions"] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node examples/leaderboard.mjs STORE LABELS [OUT]");
  process.exit(2);
}
const db = PatientDatabase.open(store);
const shown = (value) => (Number.isNaN(value) ? "undefined: one class" : value.toFixed(3));

for (const task of await Labels.tasks(folder)) {
  const all = (await Labels.open(join(folder, task), { task })).select(
    ({ booleanValue, subjectId }) => booleanValue !== null && db.has(subjectId),
  );
  const part = (split) => all.select(({ subjectId }) => db.get(subjectId).split === split);
  const [train, tuning, heldOut] = ["train", "tuning", "held_out"].map(part);
  if (train.size === 0) {
    console.log(`${task}: no labels in train`);
    continue;
  }
  const truth = (labels) => Array.from(labels, ({ booleanValue }) => Number(booleanValue));
  const rows = await countRows(db, train);
  const { width, only } = vocabularyOf(rows, db.codes.strings.length, Math.min(5, Math.ceil(train.size / 10)));
  const fitted = [0.1, 1, 10, 100].map((penalty) => ({ penalty, model: fit(rows.map(only), truth(train), width, { penalty }) }));
  const scoresOf = async (model, labels) => (await countRows(db, labels)).map((row) => predictRow(model, only(row)));
  const tried = await Promise.all(
    fitted.map(async ({ penalty, model }) => ({ penalty, model, value: auroc(truth(tuning), await scoresOf(model, tuning)) })),
  );
  // Without both classes in tuning there is nothing to choose by: the middle of the range.
  const best = tried.reduce((a, b) => (b.value > a.value || Number.isNaN(a.value) ? b : a), tried[1]);
  const labels = truth(heldOut);
  const scores = await scoresOf(best.model, heldOut);
  const subjects = [...heldOut.subjectIds];
  const interval = (metric) => bootstrap(metric, labels, scores, subjects).map(shown).join(" to ");
  const value = auroc(labels, scores);
  const certain = Number.isNaN(value) ? "" : ` (${interval(auroc)})`;
  const precise = Number.isNaN(value) ? "" : ` (${interval(auprc)})`;
  console.log(
    `${task}: ${train.size} + ${tuning.size} + ${heldOut.size} labels, ${width} codes, penalty ${best.penalty}: ` +
      `AUROC ${shown(value)}${certain}, AUPRC ${shown(auprc(labels, scores))}${precise}`,
  );
  const file = join(out, `${task}.csv`);
  mkdirSync(dirname(file), { recursive: true });
  const lines = Array.from(heldOut, ({ subjectId, predictionTime }, i) => `${subjectId},${predictionTime},${labels[i]},${scores[i]}`);
  writeFileSync(file, `subject_id,prediction_time,label,probability\n${lines.join("\n")}\n`);
}
db.close();
