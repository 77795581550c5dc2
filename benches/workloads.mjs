// The workloads. A loader has a function for each key that it supports. The result of each workload is
// defined here, once, for all languages.
//
//   items   what a run reads, drawn from a seed by lib/plan.mjs; a slow loader reads only the first few of them (see `countsOf`), and is then
//           compared with the reference on the same few
//   fewer   the smaller numbers of items that a slow loader may have; else 50, 10, 3, 1
//   per     what a figure is divided by
//   cold    once in a fresh process, imports included and the interpreter's own start not; the page cache is warm
//   answer  `rows` read; `before`: rows with a time at or before the item's; `chars`: length of the codes; `total`: sum of the numeric values;
//           `digest`: SHA-256 of the whole result, made after the clock has stopped

export const WORKLOADS = [
  {
    key: "open",
    title: "open, one patient's last code",
    cold: true,
    per: "process",
    includes: "imports, opening, one look-up; not the start of the interpreter",
    answer: "chars",
  },
  {
    key: "timeline",
    title: "random patient, whole timeline, 3 columns",
    items: 200,
    per: "patient",
    includes: "look-up; time, code and value of every row read and summed",
    answer: "rows, before, chars, total",
  },
  {
    key: "neighbours",
    title: "neighbouring patients, whole timeline, 3 columns",
    items: 200,
    per: "patient",
    includes: "as above, patients in runs of 20, in the order of the source",
    answer: "rows, before, chars, total",
  },
  {
    key: "columns",
    title: "random patient, whole timeline, all columns",
    items: 20,
    per: "patient",
    includes: "every value of every column: texts' lengths and floats summed, the others' non-null rows counted",
    answer: "rows, before (non-null values of other types), chars, total",
  },
  {
    key: "last",
    title: "random patient, last event's code",
    items: 1000,
    per: "patient",
    includes: "look-up, the code as a string",
    answer: "rows, chars",
  },
  {
    key: "window256",
    title: "last 256 events at a random time",
    items: 500,
    per: "window",
    includes: "look-up, cut at a time of the patient's own, code and value of every row of the window read and summed",
    answer: "rows, chars, total",
  },
  {
    key: "window2048",
    title: "last 2,048 events at a random time",
    items: 200,
    per: "window",
    includes: "as above",
    answer: "rows, chars, total",
  },
  {
    key: "code",
    title: "one code's events of 20 random patients",
    items: 100,
    per: "query",
    includes: "the rows found, their values read and summed; a query asks for one code and 20 patients at once",
    answer: "rows, total",
  },
  {
    key: "scan",
    title: "full scan, 3 columns",
    per: "event",
    includes: "time, code and value of every row read and summed",
    answer: "rows, before, chars, total",
  },
  {
    key: "batches",
    title: "training batches: 256 as-of windows of 512 events",
    items: 1024,
    fewer: [], // whole batches, and several: a smaller one costs more a sample, and workers share out batches
    per: "sample",
    includes:
      "look-up, cut, ids of codes, values, masks and days since the row before, padded into fresh arrays [256, 512]; the list of samples is made before",
    answer: "rows, before (values), chars, total",
  },
  {
    key: "counts",
    title: "rows of each code, over everything",
    per: "run",
    includes: "a count for every code",
    answer: "digest of the lines CODE TAB COUNT, in order of the codes' UTF-8 bytes",
  },
  {
    key: "years",
    title: "rows of each patient in each year",
    per: "run",
    includes: "a count for every patient and calendar year (UTC); static rows are left out",
    answer: "digest of the lines SUBJECT TAB YEAR TAB COUNT, in order of subject and year",
  },
  {
    key: "los",
    title: "paper's task A: length of stay, codes of each visit",
    per: "run",
    task: true,
    includes: "all samples with their codes as strings; opening not, see the cold run",
    answer: "digest as in the reference answers",
  },
  {
    key: "pipe",
    title: "paper's task B: stay above 3 days, means of the first 24 hours",
    per: "run",
    task: true,
    includes: "all samples with names, means and counts; opening not, see the cold run",
    answer: "digest as in the reference answers",
  },
  {
    key: "los-cold",
    title: "paper's task A, first run of a process",
    run: "los",
    cold: true,
    per: "process",
    task: true,
    includes: "imports, opening, one run",
    answer: "as task A",
  },
  {
    key: "pipe-cold",
    title: "paper's task B, first run of a process",
    run: "pipe",
    cold: true,
    per: "process",
    task: true,
    includes: "imports, opening, one run",
    answer: "as task B",
  },
];

/**
 * How many items a run may have, most first: a loader takes the first count that it reads within the time of
 * a sample.
 */
export const countsOf = ({ items, fewer = [50, 10, 3, 1] }) =>
  items === undefined ? [1] : [items, ...fewer].filter((count) => count <= items);

/**
 * Relative difference that sums of floats may have: engines add in orders of their own, on several threads.
 */
export const TOLERANCE = 1e-9;

/** The names of the members in which two answers differ. */
export function differences(reference, answer) {
  return [...new Set([...Object.keys(reference), ...Object.keys(answer)])].filter((name) => {
    const [a, b] = [reference[name], answer[name]];
    if (name !== "total") return a !== b;
    return !(Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b)));
  });
}
