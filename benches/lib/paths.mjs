// The main read paths, each as a pass over the same patients that sums what it reads, for `guard.mjs`.
const HIGH = 2 ** 32;

/** By name: a pass, which gives `rows` (or patients, where it reads one row of each) and what it summed. */
export function pathsOf(db) {
  const { strings } = db.codes;
  const patients = [...db];
  const ids = patients.map(({ subjectId }) => subjectId);
  // For passes that read more of each row: a pass is short, or others' work falls into every one.
  const few = ids.slice(0, ids.length / 10);
  // Windows as of the middle of each timeline.
  const windows = patients.map((patient) => [patient.subjectId, patient.timeAt((patient.length + patient.staticCount) >> 1)]);
  const words = (patient, sum) => {
    const { timeWords, codeIds, numericValues, length, staticCount } = patient;
    let { before, chars, total } = sum;
    for (let i = 0; i < length; i += 1) {
      if (i >= staticCount && timeWords[2 * i + 1] * HIGH + (timeWords[2 * i] >>> 0) <= 0) before += 1;
      chars += strings[codeIds[i]].length;
      const value = numericValues[i];
      if (value === value) total += value; // not NaN
    }
    sum.before = before;
    sum.chars = chars;
    sum.total = total;
    sum.rows += length;
  };
  const empty = () => ({ rows: 0, before: 0, chars: 0, total: 0 });
  return {
    timeAt() {
      const sum = empty();
      for (const id of ids) {
        const patient = db.get(id);
        const { codeIds, numericValues, length } = patient;
        let { before, chars, total } = sum;
        for (let i = 0; i < length; i += 1) {
          if (patient.timeAt(i) <= 0) before += 1;
          chars += strings[codeIds[i]].length;
          const value = numericValues[i];
          if (value === value) total += value;
        }
        Object.assign(sum, { before, chars, total });
        sum.rows += length;
      }
      return sum;
    },
    timeWords() {
      const sum = empty();
      for (const id of ids) words(db.get(id), sum);
      return sum;
    },
    forEach() {
      let rows = 0;
      let before = 0;
      let chars = 0;
      let total = 0;
      for (const id of ids) {
        const patient = db.get(id);
        patient.forEach((time, code, value) => {
          if (time <= 0) before += 1;
          chars += code.length;
          if (value === value) total += value;
        });
        rows += patient.length;
      }
      return { rows, before, chars, total };
    },
    forOf() {
      let rows = 0;
      let before = 0;
      let chars = 0;
      let total = 0;
      for (const id of ids) {
        for (const event of db.get(id)) {
          const { time, numericValue } = event;
          if (time !== null && time <= 0) before += 1;
          chars += event.code.length;
          if (numericValue !== null) total += numericValue;
          rows += 1;
        }
      }
      return { rows, before, chars, total };
    },
    window() {
      let rows = 0;
      let chars = 0;
      for (const [id, bound] of windows) {
        const { codeIds, length } = db.get(id).until(bound).last(16);
        for (let i = 0; i < length; i += 1) chars += strings[codeIds[i]].length;
        rows += 1;
      }
      return { rows, chars };
    },
    lastCode() {
      let chars = 0;
      for (const id of ids) chars += db.get(id).at(-1).code.length;
      return { rows: ids.length, chars };
    },
    columnAt() {
      let rows = 0;
      let chars = 0;
      let total = 0;
      for (const id of few) {
        const patient = db.get(id);
        const code = patient.column("code");
        const value = patient.column("numeric_value");
        const text = patient.column("text_value");
        for (let i = 0; i < patient.length; i += 1) {
          chars += code.at(i).length + (text.at(i)?.length ?? 0);
          total += value.at(i) ?? 0;
        }
        rows += patient.length;
      }
      return { rows, chars, total };
    },
    eventGet() {
      let rows = 0;
      let chars = 0;
      let total = 0;
      for (const id of few) {
        for (const event of db.get(id)) {
          chars += event.get("code").length + (event.get("text_value")?.length ?? 0);
          total += event.get("numeric_value") ?? 0;
          rows += 1;
        }
      }
      return { rows, chars, total };
    },
    scan() {
      const sum = empty();
      for (const patient of db) words(patient, sum);
      return sum;
    },
  };
}
