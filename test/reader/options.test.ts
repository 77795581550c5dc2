// Unknown options are errors everywhere: every parameter of the public API that takes named options is called with a misspelt one.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  beforeBirthToBirth,
  benchmark,
  billingToVisitEnd,
  clusterStep,
  convert,
  countFeatures,
  custom,
  demographics,
  filter,
  generalEvents,
  generate,
  Images,
  Instructions,
  inspect,
  Labels,
  LogisticRegression,
  labValue,
  latestValues,
  loader,
  MedsError,
  midnightToDayEnd,
  notes,
  outcomeWithin,
  PatientDatabase,
  Predictions,
  planCluster,
  samples,
  samplesPlan,
  TimeToEvent,
  texts,
  transform,
  Vocabulary,
  verify,
  visitList,
  visitStartToFirstEvent,
  visits,
  writeTexts,
} from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { clinic, T0 } from "../support/clinic.js";
import { folder } from "../support/folder.js";

const out = folder("options");
const module_ = new URL("../support/passes/rows.mjs", import.meta.url);
let [store, source] = ["", ""];
let db: PatientDatabase;
let labels: Labels;

beforeAll(async () => {
  ({ source, store } = await clinic());
  db = PatientDatabase.open(store);
  labels = Labels.from([{ subjectId: db.at(0)!.subjectId, predictionTime: T0 + 3000n, booleanValue: true }]);
  return () => db.close();
});

const patient = () => db.at(0)!;
const outcome = { outcome: "LAB//a", horizon: "30d", at: "events" } as const;
const values = { codes: "LAB//a", thresholds: [1] } as const;

/** By "what(parameter)" of index.d.ts: the call with `wrong` among its options. Members of options follow, after a dot. */
const CALLS: Readonly<Record<string, (wrong: never) => unknown>> = {
  "CodeTable.search(options)": (wrong) => db.codes.search("LAB", wrong),
  "Event.toJSON(options)": (wrong) => patient().at(3)!.toJSON(wrong),
  "Event.toObject(options)": (wrong) => patient().at(3)!.toObject(wrong),
  "Timeline.toText(options)": (wrong) => patient().toText(wrong),
  "texts(options)": (wrong) => texts(db, undefined, wrong),
  "writeTexts(options)": (wrong) => writeTexts(texts(db), join(out, "texts"), wrong),
  "custom(options)": (wrong) => custom({ name: "a", heading: "A", write: () => null, ...(wrong as object) }),
  "demographics(options)": (wrong) => demographics(wrong),
  "generalEvents(options)": (wrong) => generalEvents(wrong),
  "latestValues(options)": (wrong) => latestValues(wrong),
  "notes(options)": (wrong) => notes(wrong),
  "visitList(options)": (wrong) => visitList(wrong),
  "visits(options)": (wrong) => visits(wrong),
  "Timeline.until(options)": (wrong) => patient().until(T0, wrong),
  "Timeline.from(options)": (wrong) => patient().from(T0, wrong),
  "Timeline.between(options)": (wrong) => patient().between(T0, T0, wrong),
  "Timeline.first(options)": (wrong) => patient().first("LAB//a", wrong),
  "Timeline.last(options)": (wrong) => patient().last("LAB//a", wrong),
  "Timeline.visits(options)": (wrong) => patient().visits({ column: "unit", ...(wrong as object) }),
  "Timeline.withCode.prefix": (wrong) => patient().withCode({ prefix: "LAB//", ...(wrong as object) }),
  "Labels.open(options)": (wrong) => Labels.open(store, wrong),
  "Labels.from(options)": (wrong) => Labels.from([], wrong),
  "Labels.write(options)": (wrong) => labels.write(join(out, "labels"), wrong),
  "Cohort.countCodes(options)": (wrong) => db.countCodes(wrong),
  "Cohort.countCodesEach(options)": (wrong) => db.countCodesEach(wrong),
  "Cohort.countCodesEach.windows": (wrong) => db.countCodesEach({ windows: { subjectIds: [], ...(wrong as object) } }),
  "Cohort.countCodes.by": (wrong) => db.countCodes({ by: "year", ...(wrong as object) }),
  "Cohort.countCodes.by.days": (wrong) => db.countCodes({ by: { days: 1, ...(wrong as object) } }),
  "Cohort.countCodesEach.moments": (wrong) => db.countCodesEach({ windows: { until: labels, ...(wrong as object) } }),
  "Cohort.asof(options)": (wrong) => db.asof(labels, "LAB//a", wrong),
  "Cohort.asof.windows": (wrong) => db.asof({ until: labels, ...(wrong as object) }, "LAB//a"),
  "Cohort.asofEach(options)": (wrong) => db.asofEach(labels, { labs: "LAB//a" }, wrong),
  "Cohort.select(options)": (wrong) => db.select(wrong),
  "Cohort.writeRows(options)": (wrong) => db.writeRows(join(out, "rows.csv"), wrong),
  "Cohort.firstOf(options)": (wrong) => db.firstOf("LAB//a", wrong),
  "Cohort.lastOf(options)": (wrong) => db.lastOf("LAB//a", wrong),
  "Cohort.aggregate(options)": (wrong) => db.aggregate(wrong),
  "Cohort.aggregateCodes(options)": (wrong) => db.aggregateCodes(wrong),
  "Cohort.notes(options)": (wrong) => db.notes(wrong),
  "Cohort.searchNotes(options)": (wrong) => db.searchNotes("pain", wrong),
  "Cohort.rowsWithCode(options)": (wrong) => db.rowsWithCode("LAB//a", wrong),
  "Cohort.windows(options)": (wrong) => db.windows([], [], wrong),
  "PatientDatabase.prefetch(options)": (wrong) => db.prefetch([], wrong),
  "Cohort.subset.ids": (wrong) => db.subset({ ids: [], ...(wrong as object) }),
  "Cohort.shards.from": (wrong) => db.shards({ from: 0, ...(wrong as object) }),
  "Cohort.map(options)": (wrong) => db.map(module_, wrong),
  "Cohort.mapWithLabels(options)": (wrong) => db.mapWithLabels(module_, labels, wrong),
  "Cohort.reduce(options)": (wrong) => db.reduce(module_, { initial: 0, merge: () => 0, ...(wrong as object) }),
  "Cohort.label(options)": (wrong) => db.label(outcomeWithin(outcome), wrong),
  "Cohort.label.sample": (wrong) => db.label(outcomeWithin(outcome), { sample: { count: 1, ...(wrong as object) } }),
  "Samples.at(options)": (wrong) => samples(db, labels, { maxLength: 4 }).at(0, wrong),
  "samples(source)": (wrong) => samples(db, { split: "train", ...(wrong as object) }, { maxLength: 4 }),
  "samples(options)": (wrong) => samples(db, labels, { maxLength: 4, ...(wrong as object) }),
  "Vocabulary.fit(options)": (wrong) => Vocabulary.fit(db.split("train"), wrong),
  "TimeToEvent.fit(options)": async (wrong) =>
    TimeToEvent.fit(db.split("train"), { vocabulary: await Vocabulary.fit(db.split("train")), ...(wrong as object) }),
  "loader(options)": (wrong) => loader(samples(db, labels, { maxLength: 4 }), { batchSize: 1, ...(wrong as object) }),
  "samplesPlan(options)": (wrong) => samplesPlan(samples(db, labels, { maxLength: 4 }), wrong),
  "PatientDatabase.open(options)": (wrong) => PatientDatabase.open(store, wrong),
  "PatientDatabase.from(options)": (wrong) => PatientDatabase.from(source, wrong),
  "PatientDatabase.export(options)": (wrong) => db.export(join(out, "exported"), wrong),
  "Instructions.open(options)": (wrong) => Instructions.open(join(out, "i.csv"), wrong),
  "Instructions.open.columns": (wrong) => Instructions.open(join(out, "i.csv"), { columns: wrong as object }),
  "Images.open(options)": (wrong) => Images.open(join(out, "i.csv"), wrong),
  "Images.of(options)": async (wrong) => {
    writeFileSync(join(out, "images.csv"), "person_id,image_id\n1,a\n");
    return (await Images.open(join(out, "images.csv"))).of(patient(), wrong);
  },
  "outcomeWithin(options)": (wrong) => outcomeWithin({ ...outcome, ...(wrong as object) }),
  "outcomeWithin.at": (wrong) => db.label(outcomeWithin({ ...outcome, at: { codes: "LAB//a", ...(wrong as object) } })),
  "outcomeWithin.at.end": (wrong) =>
    db.label(outcomeWithin({ ...outcome, at: { start: "LAB//a", end: { column: "unit", ...(wrong as object) } } })),
  "outcomeWithin.followUp": (wrong) => db.label(outcomeWithin({ ...outcome, followUp: { until: "LAB//a", ...(wrong as object) } })),
  "labValue(options)": (wrong) => labValue({ ...values, ...(wrong as object) }),
  "convert(options)": (wrong) => convert(source, join(out, "c.medsdb"), wrong),
  "clusterStep(options)": (wrong) => clusterStep("join", join(out, "none"), wrong),
  "planCluster(options)": (wrong) => planCluster(source, join(out, "p.medsdb"), { parts: 1, ...(wrong as object) }),
  "filter(options)": (wrong) => filter(store, join(out, "f.medsdb"), { split: "train", ...(wrong as object) }),
  "generate(options)": (wrong) => generate(join(out, "g"), wrong),
  "inspect(options)": (wrong) => inspect(source, wrong),
  "verify(options)": (wrong) => verify(store, source, wrong),
  "billingToVisitEnd(options)": (wrong) => billingToVisitEnd(wrong),
  "billingToVisitEnd.billing": (wrong) => billingToVisitEnd({ billing: { codes: "A", ...(wrong as object) } }),
  "visitStartToFirstEvent(options)": (wrong) => visitStartToFirstEvent(wrong),
  "midnightToDayEnd(options)": (wrong) => midnightToDayEnd({ codes: "A", ...(wrong as object) }),
  "Predictions.from(options)": (wrong) => Predictions.from(labels, [0.5], wrong),
  "Predictions.open(options)": (wrong) => Predictions.open(join(out, "none.parquet"), wrong),
  "Predictions.score(options)": (wrong) => Predictions.from(labels, [0.5]).score(wrong),
  "Predictions.compare(options)": (wrong) => Predictions.from(labels, [0.5]).compare(Predictions.from(labels, [0.5]), wrong),
  "LogisticRegression.fit(options)": async (wrong) => LogisticRegression.fit(await countFeatures(db, labels), [true], wrong),
  "benchmark(options)": (wrong) => benchmark(db, { labels: source, out: join(out, "results"), ...(wrong as object) }),
  "beforeBirthToBirth(options)": (wrong) => beforeBirthToBirth(wrong),
  "transform(options)": (wrong) => transform(store, join(out, "t.medsdb"), beforeBirthToBirth(), wrong),
};

/** Parameters that are data or objects of the caller, not options of ours. */
const DATA = [
  "unpackResult(value)",
  "AbortSignalLike.addEventListener(options)",
  "Instructions.filter(test)",
  "Splits.from(splits)",
  "Labels.join(tables)",
  "Labels.from(rows)",
  "Vocabulary.decode(batch)",
  "Vocabulary.check(batch)",
  "TimeToEvent.dense(targets)",
  "writeBatches(out)",
  "Cohort.writeRows(to)",
  "writeTexts(to)",
  "Predictions.from(predicted)",
  "Cohort.asofEach(sets)",
  "MedsError.constructor(options)",
  // Its files are made in test/labels/shots.test.ts, which passes it a misspelt member.
  "Shots.select(choice)",
];

const API = readFileSync(fileURLToPath(new URL("../../index.d.ts", import.meta.url)), "utf8").replace(/\/\*\*[\s\S]*?\*\//g, "");

/** The parameters in the parenthesis at `open`. */
function parametersAt(open: number): string[] {
  const list: string[] = [];
  let [depth, begin] = [0, open + 1];
  for (let i = open; ; i += 1) {
    const character = API[i]!;
    if ("([{<".includes(character)) depth += 1;
    else if (")]}>".includes(character) && !(character === ">" && API[i - 1] === "=")) depth -= 1;
    if (depth === 0 || (character === "," && depth === 1)) {
      if (API.slice(begin, i).trim() !== "") list.push(API.slice(begin, i).trim());
      begin = i + 1;
    }
    if (depth === 0) return list;
  }
}

/** Where the type parameters at a place end. */
function afterTypes(start: number): number {
  let [at, depth] = [start, 0];
  if (API[at] !== "<") return at;
  do {
    if (API[at] === "<") depth += 1;
    else if (API[at] === ">" && API[at - 1] !== "=") depth -= 1;
    at += 1;
  } while (depth > 0);
  return at;
}

/** Every parameter of the API that is an object of named members: "what(parameter)". */
function parameters(): string[] {
  const interfaces = new Set(Array.from(API.matchAll(/^(?:export )?(?:declare )?interface (\w+)/gm), ([, name]) => name!));
  const found = new Set<string>();
  let owner = "";
  let at = 0;
  for (const line of API.split("\n")) {
    const block = /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface) (\w+)/.exec(line);
    if (block !== null) owner = block[1]!;
    const call = /^(?:export declare function |\t| {2})(?:static |async |override |abstract )*(\w+)(?=[<(])/.exec(line);
    const open = call === null ? -1 : afterTypes(at + call[0].length);
    if (call !== null && API[open] === "(") {
      const what = line.startsWith("export") ? call[1]! : `${owner}.${call[1]}`;
      for (const parameter of parametersAt(open)) {
        const [, name = parameter, type = ""] = /^(\w+)\??: ?([\s\S]*)$/.exec(parameter) ?? [];
        const names = Array.from(type.matchAll(/\b[A-Z]\w+/g), ([word]) => word);
        const isOptions = names.some((word) => word.endsWith("Options") || interfaces.has(word));
        if (name === "options" || type.startsWith("{") || isOptions) found.add(`${what}(${name})`);
      }
    }
    at += line.length + 1;
  }
  return [...found];
}

describe("unknown options", () => {
  it("are tested for every parameter that takes options", () => {
    const called = Object.keys(CALLS).filter((name) => name.includes("("));
    expect(parameters().length).toBeGreaterThan(45);
    expect(parameters().sort()).toEqual([...called, ...DATA].sort());
  });

  it.each(Object.entries(CALLS))("%s", async (name, call) => {
    for (const wrong of [{ verfy: true }, { inclusve: false }, { __proto__: null, Threads: 1 }]) {
      const error = await (async () => call(wrong as never))().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error, name).toBeInstanceOf(MedsError);
      expect((error as MedsError).code, name).toBe("MEDS_INVALID_ARGUMENT");
      expect((error as MedsError).message, name).toContain("is not an option");
    }
  });
});
