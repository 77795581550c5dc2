// For passes: reads ids and values of all rows, counts rows.
export default (patients) => {
  let rows = 0;
  for (const { codeIds, numericValues } of patients) {
    for (const id of codeIds) rows += id === 0 ? 0 : 1;
    for (const value of numericValues) rows += value === Number.POSITIVE_INFINITY ? 1 : 0;
  }
  return rows;
};
