// Functions for transform(): each export is one.

export default (patient) => patient;

export const reversed = (patient) => [...patient].reverse();

const nested = /^(list|struct|map|null)/;

/** Writes every value again, so that it passes through JavaScript; nested columns are kept. */
export function* anew(patient, _, { db }) {
  const columns = db.columns.filter(({ stored }) => !nested.test(stored));
  const whole = columns.length === db.columns.length;
  for (const event of patient) {
    const values = Object.fromEntries(columns.map(({ name }) => [name, name === "time" ? event.timeMicros : event.get(name)]));
    yield whole ? values : event.with(values);
  }
}

/** Leaves out, doubles, changes and adds rows, by their index and by `args`. */
export async function* mixed(patient, { drop, add }) {
  if (Number(patient.subjectId % 7n) === drop) return;
  let i = 0;
  for (const event of patient) {
    if (i % 4 !== 1) yield event;
    if (i % 4 === 2) yield event.with({ code: `${event.code}//again` }).with({ numeric_value: i });
    i += 1;
  }
  for (const time of add) yield { time, code: "ADDED", numeric_value: null };
}

export const nobody = () => null;

/** Returns one row per patient, with the values of `args`. */
export function* given(patient, args) {
  yield patient.at(0).with(args);
}
export function* fresh(_patient, args) {
  yield args;
}

/** Changes the first row to the values of `args`. */
export const first = (patient, args) => [...patient].map((event, i) => (i === 0 ? event.with(args) : event));

/** Closes the store during the pass. */
export function closing(patient, _, { db }) {
  const rows = [...patient];
  db.close();
  return rows;
}

export const nothing = () => {};
export const number = () => 5;
export const numbers = () => [5];
export const throws = (patient) => {
  throw new TypeError(`not ${patient.length} rows`);
};

let before = null;
export function* stolen(patient) {
  if (before !== null) yield before;
  before = patient.at(0);
  yield* patient;
}

export const slow = () => new Promise(() => {});

/** One Date and one array for all rows. */
export function* reusing(patient) {
  const [when, blob] = [new Date(0), new Uint8Array(1)];
  let i = 0;
  for (const event of patient) {
    when.setTime(i);
    blob[0] = i++;
    yield event.with({ when, blob });
  }
}

/** Returns the rows of `args`. */
export const rows = (_patient, args) => args;

/** A new row that does not list its names. */
export const hidden = () => [Object.defineProperties({}, { time: { value: 5 }, code: { value: "A" } })];
