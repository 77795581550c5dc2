// The native query.
export const needs = ["BinCountOptions.by"];

export const run = (db) => db.countCodes({ by: "year" });

export function* rows({ codeIds, bins, counts }, db) {
  for (let i = 0; i < counts.length; i += 1) yield [db.codes.strings[codeIds[i]], bins[i], counts[i]];
}
