// countCodes({ by: "year" }): README, "Ask about all patients at once".
export const needs = ["BinCountOptions.by"];

export function run(db) {
  return db.countCodes({ by: "year" });
}

export function rows({ codeIds, bins, counts }, db) {
  return Array.from(codeIds, (id, i) => [db.codes.strings[id], bins[i], counts[i]]);
}
