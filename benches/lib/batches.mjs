// What batches of training samples hold, summed when the clock has stopped.

/** Rows, values, lengths of codes, sum of values; and of the days since the row before, which no engine adds in another order. */
export function batchAnswer(batches, strings) {
  const sum = { rows: 0, before: 0, chars: 0, total: 0, days: 0 };
  for (const { code, numeric_value: values, numeric_value_mask: mask, time_delta_days: days } of batches) {
    for (let i = 0; i < code.length; i += 1) {
      if (code[i] === 0) continue;
      sum.rows += 1;
      sum.before += mask[i];
      sum.chars += strings[code[i]].length;
      sum.total += values[i];
      sum.days += days[i];
    }
  }
  return sum;
}
