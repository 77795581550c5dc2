// A pass over arrays: a table of code ids and years, from the year 1900 on, that grows as years come.
export const needs = [];
const FIRST = 1900;

export default function count(patients, _, { db }) {
  const width = db.codes.size + 1;
  let counts = new Uint32Array(0);
  for (const { codeIds, timeWords, staticCount, length } of patients) {
    let year = Number.NaN;
    let end = Number.NEGATIVE_INFINITY; // of the year, in µs
    for (let i = staticCount; i < length; i += 1) {
      const time = timeWords[2 * i + 1] * 2 ** 32 + (timeWords[2 * i] >>> 0);
      if (time >= end) {
        year = new Date(Math.floor(time / 1000)).getUTCFullYear();
        end = Date.UTC(year + 1, 0) * 1000;
        const size = (year - FIRST + 1) * width;
        if (size > counts.length) {
          const grown = new Uint32Array(size);
          grown.set(counts);
          counts = grown;
        }
      }
      counts[(year - FIRST) * width + codeIds[i]] += 1;
    }
  }
  return counts;
}

export function run(db) {
  return db.reduce(import.meta.url, {
    threads: 2,
    initial: new Uint32Array(0),
    merge: (total, part) => {
      const [long, short] = total.length > part.length ? [total, part] : [part, total];
      for (let i = 0; i < short.length; i += 1) long[i] += short[i];
      return long;
    },
  });
}

export function* rows(counts, db) {
  const width = db.codes.size + 1;
  for (let i = 0; i < counts.length; i += 1)
    if (counts[i] > 0) yield [db.codes.strings[i % width], FIRST + Math.floor(i / width), counts[i]];
}
