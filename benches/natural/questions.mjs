// What is asked. Each question has a folder of programs: one file a program, in JavaScript ours, in Python a peer's.
import { losDigest, pipeDigest } from "../lib/digest.mjs";
import { answerOf } from "./lib/answer.mjs";

const visitSamples = (samples) => losDigest([...samples]);
const meanSamples = (samples) =>
  pipeDigest(
    Array.from(samples, ({ visit, subject, label, features }) => {
      const lines = [...features];
      const column = (i) => lines.map((line) => line[i]);
      return { visit, subject, label, names: column(0), means: column(1).map((mean) => mean ?? Number.NaN), counts: column(2) };
    }),
  );

/** What must hold: `measure` of `program`, divided by that of `by` if it is given, and `least` or `most`. Without either, the figure alone. */
const goal = (what, measure, program, by, limits = {}, set = undefined) => ({ what, measure, program, by, ...limits, set });
const least = (number) => ({ least: number });
const most = (number) => ({ most: number });

const paper = [
  goal("visits() against meds_reader", "wall", "meds_reader_loop.py", "visits", least(12), "mimic"),
  goal("visits() against polars", "wall", "polars_lazy.py", "visits", least(3), "mimic"),
];

/**
 * By folder. `returns`: what `rows(run(db, args), db, args)` of a program is, or what `run` itself returns. `sets`: the data. `per`: what a figure is
 * divided by. `peer`: the program that ratios refer to. `answer`: makes the answer that is compared; `known`: where two other programs' answer is.
 *
 * In `goals`, a program is NAME (this build), base:NAME (the other build) or NAME.py. `each` is processor time, divided by what `per` says.
 */
export const QUESTIONS = {
  "codes-per-year": {
    title: "rows of each code in each calendar year",
    returns: "rows [code, year, count]; static rows have no year",
    sets: ["mimic", "mimic20", "large"],
    per: "event",
    peer: "meds_reader_map.py",
    goals: [
      goal("countCodes({ by }) against the meds_reader script", "cpu", "meds_reader_map.py", "query", least(50)),
      goal("a pass with integer keys against the meds_reader script", "cpu", "meds_reader_map.py", "integer-keys", least(5)),
      goal("the literal port against the meds_reader script with text keys", "cpu", "meds_reader_strings.py", "port", least(1.6)),
      goal("nested Maps against the meds_reader script with tuples", "cpu", "meds_reader_map.py", "nested-maps"),
      goal("the literal port against the meds_reader script with tuples", "cpu", "meds_reader_map.py", "port"),
      goal("keys and Map alone, as a part of the literal port", "cpu", "port-keys-only", "port"),
      goal("a pass against the same function in this thread, text keys", "cpu", "port-module", "port-here", most(1.15)),
      goal("a pass against the same function in this thread, integer keys", "cpu", "integer-keys", "integer-keys-here", most(1.15)),
      goal("a pass against the same function in this thread, arrays", "cpu", "arrays", "arrays-here", most(1.15)),
    ],
  },
  "sum-of-labs": {
    title: "sum of the values of all codes that begin with LAB//",
    returns: "{ total }",
    sets: ["mimic", "mimic20", "large"],
    per: "event",
    peer: "meds_reader_map.py",
    goals: [
      goal("a pass with two threads against one", "wall", "pass-1", "pass-2", least(1.5)),
      goal("a pass with two threads against the loop", "wall", "loop", "pass-2"),
      goal("a pass against the same function in this thread", "cpu", "pass-2", "loop", most(1.15)),
    ],
  },
  "empty-pass": {
    title: "a pass that reads nothing, 2 threads",
    returns: "{ called: 1 }",
    sets: ["mimic", "mimic20", "large"],
    per: "run",
    peer: "meds_reader_map.py",
    goals: [
      goal("a warm pass of nothing, module", "wall", "module", null, most(0.005)),
      goal("a warm pass of nothing, inline", "wall", "inline", null, most(0.005)),
    ],
  },
  "heart-failure": {
    title: "heart failure before the first ICU stay: age then, and the last creatinine of the year before",
    returns: "{ patients, age (sum, years), measured (patients with a creatinine), creatinine (sum) }",
    sets: ["mimic", "mimic20", "large"],
    per: "event",
    peer: "meds_reader_loop.py",
    goals: [
      goal("first, last, until, from against arrays, every row", "cpu", "idiom", "arrays", most(2)),
      goal("withCode, until, from against arrays, every row", "cpu", "readme", "arrays", most(2)),
      goal("withCode, until, from against arrays that stop early", "cpu", "readme", "arrays-early"),
      goal("first, last, until, from against arrays that stop early", "cpu", "idiom", "arrays-early"),
    ],
  },
  "event-year": {
    title: "sum of the years of some patients' events",
    returns: "{ sum }",
    sets: ["mimic", "large"],
    per: "event read",
    peer: "meds_reader_loop.py",
    goals: [
      goal("event.year with its loop, seconds", "each", "year", null, most(30e-9)),
      goal("event.date against today's", "cpu", "date", "base:date", most(0.5)),
    ],
  },
  "event-time": {
    title: "events of some patients at or before a time",
    returns: "{ before }",
    sets: ["mimic", "large"],
    per: "event read",
    peer: "meds_reader_loop.py",
    goals: [goal("event.date against today's", "cpu", "date", "base:date", most(0.5))],
  },
  "event-object": {
    title: "all values of some patients' events that are not null",
    returns: "{ rows, values }",
    sets: ["mimic", "large"],
    per: "event read",
    peer: "meds_reader_loop.py",
    goals: [
      goal("toObject against an object made by a loop of get", "cpu", "to-object", "get", most(1.2)),
      goal("toObject against a loop of get without an object", "cpu", "to-object", "get-only", most(1.2)),
    ],
  },
  "all-columns": {
    title: "every column of every row of some patients",
    returns: "{ rows, before (values that are neither text nor floats), chars, total }",
    sets: ["mimic", "large"],
    per: "row",
    peer: "meds_reader_loop.py",
    goals: [
      goal("column.at(i)", "cpu", "meds_reader_loop.py", "column-at", least(10), "mimic"),
      goal("event.get", "cpu", "meds_reader_loop.py", "event-get", least(2.5), "mimic"),
    ],
  },
  "last-window": {
    title: "codes and values of the last 256 rows at random times",
    returns: "{ rows, chars, total }",
    sets: ["mimic", "large"],
    per: "window",
    peer: "meds_reader_loop.py",
    goals: [
      goal("arrays and strings", "cpu", "meds_reader_loop.py", "arrays", least(120), "mimic"),
      goal("arrays and strings", "cpu", "meds_reader_loop.py", "arrays", least(100), "large"),
    ],
  },
  "make-window": {
    title: "windows of 256 rows at random times, and their two arrays",
    returns: "{ rows }",
    sets: ["mimic", "large"],
    per: "window",
    goals: [goal("a window and its arrays, seconds", "each", "arrays", null, most(0.35e-6))],
  },
  "length-of-stay": {
    title: "the paper's task A: days of a stay, and the codes of each visit",
    // From the first row HOSPITAL_ADMISSION to the first row HOSPITAL_DISCHARGE of a visit that has both.
    returns: "samples { visit (bigint), subject (bigint), label (whole days), codes (iterable of strings) }",
    sets: ["mimic", "mimic20"],
    visits: true,
    per: "event",
    peer: "meds_reader_loop.py",
    answer: visitSamples,
    known: { file: "los_mimic4_demo.json", members: { digest: "digest" } },
    goals: paper,
  },
  "long-stay": {
    title: "the paper's task B: a stay above 3 days, and the means of the first 24 hours",
    // The label is 1 above 3 whole days. Features: each code of the visit up to 24 hours after admission, with the mean of its values and its rows; age in
    // calendar years, count 1; race and insurance of the admission and the patient's GENDER//…, without a mean.
    returns: "samples { visit, subject, label (0, 1), features (iterable of [name, mean or null, count]) }",
    sets: ["mimic", "mimic20"],
    visits: true,
    per: "event",
    peer: "meds_reader_loop.py",
    answer: meanSamples,
    known: { file: "pipe_mimic4_demo.json", members: { digest: "digest_exact_means", digestWithoutMeans: "digest_no_means" } },
    goals: paper,
  },
};

/** A question's answer, from what `returns` says. */
export const answer = (key, result) => (QUESTIONS[key].answer ?? answerOf)(result);
