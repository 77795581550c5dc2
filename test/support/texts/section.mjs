// A section and a format in modules, as worker threads import them.

/** Everything that a section may read. */
export default function everything(known) {
  return [
    `${known.subjectId} ${known.predictionTime} ${known.length} ${known.withCode(/.*/).length}`,
    ...known.events.map((event) => {
      const { code, name, type, isStatic, time, timeMicros, date, endMicros, value, numericValue, text, unit, visit } = event;
      const read = { code, name, type, isStatic, time, date, numericValue, value, text, unit, visit };
      return { text: `${JSON.stringify(read)} ${timeMicros} ${endMicros} ${known.when(timeMicros)} ${known.name(code)}`, rows: 1 };
    }),
  ];
}

export function failing(known) {
  if (known.subjectId > 0n) throw new RangeError("too many letters");
  return null;
}
