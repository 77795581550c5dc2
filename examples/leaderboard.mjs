// node examples/leaderboard.mjs STORE LABELS [OUT]: count features and logistic regression for every task in
// a label folder. It prints AUROC and AUPRC with 95 % intervals (bootstrap over subjects), and writes the
// predictions for held_out to OUT/TASK.parquet in the format of meds-evaluation. The penalty is chosen on
// tuning. held_out is used once.
//
// A task with few-shot selections (EHRSHOT's `*_shots_data.json`) has a model for each k and replicate. Each
// model is trained and tuned on its selection and tested on all of held_out. The results are means over the
// replicates of a k. The predictions of each model are in OUT/TASK/k_K_replicate_R.parquet.
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SingleBar } from "cli-progress";
import { Labels, PatientDatabase, Shots, Splits } from "meds-reader";
import { countRows, vocabularyOf } from "./lib/counts.mjs";
import { fit, predictRow } from "./lib/logistic.mjs";
import { auprc, auroc, bootstrap, meanOf } from "./lib/metrics.mjs";
import { writePredictions } from "./lib/predictions.mjs";

const [store, folder, out = "predictions"] = process.argv.slice(2);
if (folder === undefined) {
  console.error("usage: node examples/leaderboard.mjs STORE LABELS [OUT]");
  process.exit(2);
}
const db = PatientDatabase.open(store);
// EHRSHOT publishes its splits in a folder beside the tasks.
const published = join(folder, "..", "splits", "person_id_map.csv");
const splits = existsSync(published)
  ? await Splits.open(published)
  : Splits.from(Object.fromEntries([...db.splits.keys()].map((name) => [name, db.split(name).subjectIds])));

const PARTS = ["train", "tuning", "held_out"];
const PENALTIES = [0.1, 1, 10, 100];
const truth = (labels) => Array.from(labels, ({ booleanValue }) => Number(booleanValue));
const shown = (value) => (Number.isNaN(value) ? "undefined: one class" : value.toFixed(3));

/** The labels that a function keeps. Prints how many it leaves out, and why. */
function kept(labels, keep, why) {
  const found = labels.select(keep);
  if (found.size < labels.size) console.log(`${labels.task}: ${labels.size - found.size} of ${labels.size} labels left out: ${why}`);
  return found;
}
const scored = (labels) => kept(labels, ({ booleanValue }) => booleanValue !== null, "their values are neither true nor false");

/** Fits a model: its codes and weights come from train, its penalty from tuning. */
async function fitted({ train, tuning }, step) {
  const rows = await countRows(db, train);
  const { width, only } = vocabularyOf(rows, db.codes.strings.length, Math.min(5, Math.ceil(train.size / 10)));
  const [seen, unseen] = [rows.map(only), (await countRows(db, tuning)).map(only)];
  const tried = PENALTIES.map((penalty) => {
    const model = fit(seen, truth(train), width, { penalty });
    step();
    const scores = unseen.map((row) => predictRow(model, row));
    return { penalty, model, value: auroc(truth(tuning), scores) };
  });
  // If tuning does not have both classes, no penalty can be chosen: use one from the middle of the range.
  const { penalty, model } = tried.reduce((a, b) => (b.value > a.value || Number.isNaN(a.value) ? b : a), tried[1]);
  return { width, penalty, predict: (row) => predictRow(model, only(row)) };
}

/**
 * A metric as text: the mean over the models and its interval. There is one row of probabilities per label.
 */
function figure(name, metric, labels, scores) {
  const mean = meanOf(metric);
  const value = mean(truth(labels), scores);
  if (Number.isNaN(value)) return `${name} ${shown(value)}`;
  const interval = bootstrap(mean, truth(labels), scores, [...labels.subjectIds], { draws: Math.ceil(1000 / scores[0].length) });
  return `${name} ${shown(value)} (${interval.map(shown).join(" to ")})`;
}

/**
 * Fits one model per selection of a task's labels, tests all of them on the same labels, and prints one line
 * per group.
 */
async function board(heldOut, groups) {
  // Labels in the folder itself are a task with the folder's name.
  const task = heldOut.task === "." ? basename(resolve(folder)) : heldOut.task.replace(/\.(parquet|csv|tsv)$/i, "");
  const rows = await countRows(db, heldOut);
  const given = groups.flatMap(({ selections }) => selections).length;
  const bar = new SingleBar({ format: `${task} {bar} {value} of {total} fits`, clearOnComplete: true, stream: process.stderr });
  bar.start(given * PENALTIES.length, 0);
  const found = [];
  for (const { title, selections: all } of groups) {
    const selections = all.filter(({ train }) => train.size > 0);
    if (selections.length < all.length)
      found.push(`${title}: no labels in train${all.length > 1 ? ` of ${all.length - selections.length} selections` : ""}`);
    if (selections.length === 0) continue;
    const models = [];
    for (const selection of selections) models.push(await fitted(selection, () => bar.increment()));
    const scores = rows.map((row) => models.map(({ predict }) => predict(row)));
    const sizes = (part) => [...new Set(selections.map((selection) => selection[part].size))].join("/");
    const [{ width, penalty }] = models;
    const what = models.length === 1 ? `${width} codes, penalty ${penalty}` : `mean of ${models.length} models`;
    found.push(
      `${title}: ${sizes("train")} + ${sizes("tuning")} + ${heldOut.size} labels, ${what}: ` +
        `${figure("AUROC", auroc, heldOut, scores)}, ${figure("AUPRC", auprc, heldOut, scores)}`,
    );
    for (const [m, { model = "" }] of selections.entries()) {
      const probabilities = scores.map((of) => of[m]);
      writePredictions(`${join(out, task, model)}.parquet`, heldOut, probabilities);
    }
  }
  bar.stop();
  for (const line of found) console.log(line);
}

/** A task with all of its labels. */
async function whole(all) {
  const labels = scored(all);
  const [train, tuning, heldOut] = PARTS.map((part) => labels.select(({ subjectId }) => splits.of(subjectId) === part));
  await board(heldOut, [{ title: all.task, selections: [{ train, tuning }] }]);
}

/** The few-shot selections of a task, grouped by k, for each of its sub-tasks. */
async function fewShot(all, shots) {
  for (const subTask of shots.subTasks) {
    const groups = shots.sizes(subTask).map((k) => ({
      title: `${all.task}${shots.subTasks.length > 1 ? `/${subTask}` : ""}, k ${k === -1 ? "all" : k}`,
      selections: shots.replicates(k, subTask).map((replicate) => {
        const model = `k_${k === -1 ? "all" : k}_replicate_${replicate}`;
        return { ...shots.select(all, splits, { k, replicate, subTask }), model };
      }),
    }));
    const selections = groups.flatMap((group) => group.selections);
    const sum = (count) => selections.reduce((before, { report }) => before + count(report), 0);
    const unmatched = sum(({ unmatched }) => unmatched.train + unmatched.tuning);
    const differing = sum(({ differing }) => differing.train + differing.tuning);
    if (unmatched > 0) console.log(`${subTask}: ${unmatched} entries of the selections left out: no label has their subject and time`);
    if (differing > 0)
      console.log(`${subTask}: ${differing} entries of the selections differ from their label: the value of the selection is used`);
    await board(scored(selections[0].held_out), groups);
  }
}

for (const task of await Labels.tasks(folder)) {
  const path = join(folder, task);
  const known = kept(
    await Labels.open(path, { task: task === "." ? undefined : task }),
    ({ subjectId }) => db.has(subjectId),
    "their subjects are not in the store",
  );
  const all = kept(known, ({ subjectId }) => PARTS.includes(splits.of(subjectId)), `their subjects are in none of ${PARTS.join(", ")}`);
  // The first of several files by name: all_… contains few_….
  const place = statSync(path).isDirectory() ? path : dirname(path);
  const [file] = readdirSync(place)
    .filter((name) => name.endsWith("_shots_data.json"))
    .sort();
  if (file !== undefined) await fewShot(all, await Shots.open(join(place, file)));
  else await whole(all);
}
db.close();
