// The two tasks of the meds_reader paper, over typed arrays. A visit is a value of hadm_id; its rows are found by the ids of that column's
// dictionary. Tables by id or code are small enough for the processor's nearest cache, and are cleaned entry by entry. Strings come last.

const HIGH = 2 ** 32;
const DAY = 86_400e6; // µs
const NONE = 0;
const ADMISSION = 1;
const DISCHARGE = 2;
const GENDER = 3;
const BIRTH = 4;
const BATCH = 32; // visits that one pass distinguishes: the bits of a number

const timeAt = (words, row) => words[2 * row + 1] * HIGH + (words[2 * row] >>> 0);

/** Visits of one patient after another: those with an admission and a discharge, as [{ id, key, start, end, row }]. */
class Visits {
  constructor(db) {
    const { codes } = db;
    this.strings = codes.strings;
    this.kinds = new Uint8Array(this.strings.length);
    for (const [prefix, kind] of [
      ["HOSPITAL_ADMISSION", ADMISSION],
      ["HOSPITAL_DISCHARGE", DISCHARGE],
      ["GENDER//", GENDER],
    ]) {
      const { begin, end } = codes.withPrefix(prefix);
      this.kinds.fill(kind, begin, end);
    }
    if (codes.id("MEDS_BIRTH") !== undefined) this.kinds[codes.id("MEDS_BIRTH")] = BIRTH;
    this.dictionary = db.at(0)?.column("hadm_id").dictionary?.toArray();
    this.visitOf = new Map(); // key to visit, of the patient at hand
  }

  /** Rows of a timeline that have a visit, as the column holds them: `keys[k]` (0: none) is of row `rows[k]`, or of row k. */
  columnOf(patient) {
    const column = patient.column("hadm_id");
    const { indexes, rows } = column;
    if (indexes !== undefined) return { keys: indexes, rows, ids: this.dictionary };
    const ids = [null];
    const known = new Map([[-(2n ** 63n), 0]]);
    const keys = Uint32Array.from(column.values, (value) => {
      if (!known.has(value)) known.set(value, ids.push(value) - 1);
      return known.get(value);
    });
    return { keys, rows, ids };
  }

  read(patient) {
    const { kinds, visitOf } = this;
    const { codeIds, timeWords, staticCount } = patient;
    const { keys, rows, ids } = this.columnOf(patient);
    visitOf.clear();
    let gender = 0;
    let birth = -1;
    for (let row = 0; row < codeIds.length; row += 1) {
      const kind = kinds[codeIds[row]];
      if (kind === NONE) continue;
      if (kind === GENDER) gender = codeIds[row];
      else if (kind === BIRTH) birth = birth < 0 ? row : birth;
      else if (row >= staticCount) {
        const key = keyOf(keys, rows, row);
        if (key === 0) continue;
        let visit = visitOf.get(key);
        if (visit === undefined) {
          visit = { id: ids[key], key, start: Number.NaN, end: Number.NaN, row: -1 };
          visitOf.set(key, visit);
        }
        if (kind === DISCHARGE) {
          if (Number.isNaN(visit.end)) visit.end = timeAt(timeWords, row);
        } else if (visit.row < 0) {
          visit.row = row;
          visit.start = timeAt(timeWords, row);
        }
      }
    }
    const visits = [...visitOf.values()].filter(({ start, end }) => start === start && end === end);
    return { keys, rows, visits, gender, birth, ids };
  }
}

/** The visit of one row. A sparse column's rows ascend. */
function keyOf(keys, rows, row) {
  if (rows === undefined) return keys[row];
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle] < row) low = middle + 1;
    else high = middle;
  }
  return rows[low] === row ? keys[low] : 0;
}

/** A table by key that is as long as it must be, and zero. */
const grown = (table, ids) => (table.length >= ids.length ? table : new Int32Array(ids.length));

/** Days of a stay and the set of codes of a visit: [{ visit, subject, label, codes }]. */
export function lengthOfStay(db) {
  const all = new Visits(db);
  const { strings } = all;
  const masks = new Int32Array(strings.length); // by code: the visits of the batch that have it
  const touched = new Uint32Array(strings.length);
  let bits = new Int32Array(0); // by key: the visit's bit
  const samples = [];
  for (const patient of db) {
    const { keys, rows, visits, ids } = all.read(patient);
    bits = grown(bits, ids);
    const subject = patient.subjectId;
    for (let first = 0; first < visits.length; first += BATCH) {
      const batch = visits.slice(first, first + BATCH);
      for (let v = 0; v < batch.length; v += 1) bits[batch[v].key] = 1 << v;
      const size = mark(patient.codeIds, keys, rows, bits, masks, touched);
      const lists = batch.map(() => []);
      for (let i = 0; i < size; i += 1) {
        const code = touched[i];
        const text = strings[code];
        for (let mask = masks[code]; mask !== 0; mask &= mask - 1) lists[31 - Math.clz32(mask & -mask)].push(text);
        masks[code] = 0;
      }
      for (let v = 0; v < batch.length; v += 1) {
        const { id, key, start, end } = batch[v];
        bits[key] = 0;
        samples.push({ visit: id, subject, label: Math.floor((end - start) / DAY), codes: lists[v] });
      }
    }
  }
  return samples;
}

/** Sets the bit of its visit in the mask of each row's code; returns the number of codes found, which `touched` lists. */
function mark(codeIds, keys, rows, bits, masks, touched) {
  let size = 0;
  for (let k = 0; k < keys.length; k += 1) {
    const bit = bits[keys[k]];
    const code = codeIds[rows === undefined ? k : rows[k]];
    const mask = masks[code];
    if ((mask | bit) === mask) continue;
    if (mask === 0) {
      touched[size] = code;
      size += 1;
    }
    masks[code] = mask | bit;
  }
  return size;
}

/** Longer than three days, and the mean of each code's values until 24 hours after admission: [{ visit, subject, label, names, means, counts }]. */
export function longStay(db) {
  const all = new Visits(db);
  const { strings } = all;
  const width = strings.length;
  let limits = new Int32Array(0); // by key: rows below it count
  let places = new Int32Array(0); // by key: where the visit's counts begin
  let counts = new Int32Array(0); // by (visit, code), as the next two
  let valued = new Int32Array(0);
  let sums = new Float64Array(0);
  const idOf = new Map(); // of names that are perhaps codes
  const samples = [];
  for (const patient of db) {
    const { keys, rows, visits, gender, birth, ids } = all.read(patient);
    if (visits.length === 0) continue;
    limits = grown(limits, ids);
    places = grown(places, ids);
    if (counts.length < visits.length * width) {
      counts = new Int32Array(visits.length * width);
      valued = new Int32Array(counts.length);
      sums = new Float64Array(counts.length);
    }
    const { codeIds, numericValues, timeWords, length } = patient;
    const found = visits.map(({ key, start, row }, v) => {
      // Rows are in order of time: the last one within 24 hours is searched for once.
      let low = row;
      for (let high = length; low < high; ) {
        const middle = (low + high) >>> 1;
        if (timeAt(timeWords, middle) <= start + DAY) low = middle + 1;
        else high = middle;
      }
      limits[key] = low;
      places[key] = v * width;
      return [];
    });
    for (let k = 0; k < keys.length; k += 1) {
      const row = rows === undefined ? k : rows[k];
      const key = keys[k];
      if (row >= limits[key]) continue;
      const code = codeIds[row];
      const place = places[key] + code;
      if (counts[place] === 0) found[places[key] / width].push(code);
      counts[place] += 1;
      const value = numericValues[row];
      if (value === value) {
        valued[place] += 1;
        sums[place] += value;
      }
    }
    const year = (row) => new Date(timeAt(timeWords, row) / 1000).getUTCFullYear();
    const extras = [patient.column("race"), patient.column("insurance")];
    for (let v = 0; v < visits.length; v += 1) {
      const { id, key, start, end, row } = visits[v];
      const codes = found[v];
      const size = codes.length;
      const names = [];
      const means = new Float64Array(size + 4);
      const times = new Int32Array(size + 4);
      for (let i = 0; i < size; i += 1) {
        const place = v * width + codes[i];
        names.push(strings[codes[i]]);
        means[i] = valued[place] === 0 ? Number.NaN : sums[place] / valued[place];
        times[i] = counts[place];
        counts[place] = 0;
        valued[place] = 0;
        sums[place] = 0;
      }
      limits[key] = 0;
      // Gender, race and insurance are one more entry of the list that bears their name, which is mostly a list of its own.
      const add = (name) => {
        if (!idOf.has(name)) idOf.set(name, db.codes.id(name));
        const own = idOf.get(name);
        const known = own === undefined ? -1 : codes.indexOf(own);
        const at = known >= 0 ? known : names.push(name) - 1;
        if (known < 0) means[at] = Number.NaN;
        times[at] += 1;
      };
      if (gender !== 0) add(strings[gender]);
      for (const column of extras) {
        const text = column.at(row);
        if (text !== null) add(text);
      }
      if (birth >= 0) {
        const at = names.push("age") - 1;
        means[at] = year(row) - year(birth);
        times[at] = 1;
      }
      const label = Math.floor((end - start) / DAY) > 3 ? 1 : 0;
      samples.push({ visit: id, subject: patient.subjectId, label, names, means, counts: times });
    }
  }
  return samples;
}
