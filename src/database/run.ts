// How the methods of a cohort that run functions of the caller check their arguments and begin.
import { Labels } from "../labels/labels.js";
import { functionOf } from "../passes/callable.js";
import { LabelledPatients } from "../passes/label-slots.js";
import { checkedOptions, type MapOptions, type MapWithLabelsOptions, type ReduceOptions } from "../passes/options.js";
import { NO_LABELS, Pass } from "../passes/pass.js";
import type { Store } from "../store/store.js";
import { expected, flagOf, oneOf, optionsOf } from "../support/arguments.js";
import type { Callable, ModuleUrl } from "../support/module.js";

const PER = ["worker", "chunk"] as const;

export function mapPatients<T, A>(
  store: Store,
  slots: Uint32Array,
  run: ModuleUrl | Callable,
  options: MapOptions<A> | undefined,
): Pass<T> {
  const checked = checkedOptions("map", options, ["ordered", "per"]);
  const { exportName, ordered, per } = options ?? {};
  return new Pass<T>({
    store,
    slots,
    run: functionOf(run, exportName),
    mode: "stream",
    per: oneOf("per", per, PER),
    ...checked,
    ordered: flagOf("ordered", ordered, true),
    labels: null,
    report: NO_LABELS,
  });
}

export function mapLabelled<T, A>(
  store: Store,
  slots: Uint32Array,
  run: ModuleUrl | Callable,
  labels: Labels,
  options: MapWithLabelsOptions<A> | undefined,
): Pass<T> {
  const checked = checkedOptions("mapWithLabels", options, ["ordered", "per", "unlabelled"]);
  const { exportName, ordered, per, unlabelled } = options ?? {};
  if (!(labels instanceof Labels)) expected("labels", labels, "a table of labels from Labels.open, Labels.from or db.label");
  const given = new LabelledPatients(store, slots, labels, oneOf("unlabelled", unlabelled, ["omit", "include"]) === "include");
  return new Pass<T>({
    store,
    slots: given.slots,
    run: functionOf(run, exportName),
    mode: "stream",
    per: oneOf("per", per, PER),
    ...checked,
    ordered: flagOf("ordered", ordered, true),
    labels: given.plan,
    report: given.report,
  });
}

export async function reducePatients<R, P, A>(
  store: Store,
  slots: Uint32Array,
  run: ModuleUrl | Callable,
  options: ReduceOptions<R, P, A>,
): Promise<R> {
  const wanted = "an object such as { initial: 0, merge: (total, part) => total + part }";
  const { exportName, initial, merge, per } = optionsOf(options, wanted) ?? expected("The value for options", options, wanted);
  const checked = checkedOptions("reduce", options, ["initial", "merge", "per"]);
  if (typeof merge !== "function") expected("merge", merge, "a function (total, part) => total");
  if (!("initial" in options)) expected("initial", initial, "a value that the first part is merged into, such as 0");
  const pass = new Pass<P>({
    store,
    slots,
    run: functionOf(run, exportName),
    mode: "value",
    per: oneOf("per", per, PER),
    ...checked,
    ordered: true,
    labels: null,
    report: NO_LABELS,
  });
  let total = initial;
  for await (const part of pass) total = merge(total, part);
  return total;
}
