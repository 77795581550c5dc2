// advice.md: "In reduce, return one typed array per worker". A table of years × codes.
export const needs = ["Cohort.reduce", "Event.year"];

export function years(db) {
  let least = Infinity;
  let greatest = -Infinity;
  for (const patient of db) {
    const first = patient.firstTime,
      last = patient.lastTime;
    if (first === null) continue;
    least = Math.min(least, first);
    greatest = Math.max(greatest, last);
  }
  const year = (time) => new Date(time / 1000).getUTCFullYear();
  return { first: year(least), count: year(greatest) - year(least) + 1 };
}

export async function run(db) {
  const width = db.codes.size + 1;
  const { first, count } = years(db);
  const counts = await db.reduce(
    (patients, { width, first, count }) => {
      const counts = new Uint32Array(width * count);
      for (const patient of patients) {
        for (const { codeId, year } of patient) if (year !== null) counts[(year - first) * width + codeId] += 1;
      }
      return counts;
    },
    {
      args: { width, first, count },
      initial: new Uint32Array(width * count),
      merge(total, part) {
        for (let i = 0; i < part.length; i += 1) total[i] += part[i];
        return total;
      },
    },
  );
  return { counts, first, width };
}

export function rows({ counts, first, width }, db) {
  const found = [];
  counts.forEach((number, i) => {
    if (number > 0) found.push([db.codes.strings[i % width], first + Math.floor(i / width), number]);
  });
  return found;
}
