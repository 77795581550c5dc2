// What both loaders of DuckDB in Node share: statements prepared once, results read vector by vector.
import { countsDigest, yearsDigest } from "./digest.mjs";
import { perPatient } from "./loader.mjs";

/** Calls `visit(columns, length)` for each chunk of a result: `columns[c].getItem(i)` is a value. */
async function chunks(statement, visit) {
  const result = await statement.stream();
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return;
    visit(
      Array.from({ length: chunk.columnCount }, (_, c) => chunk.getColumnVector(c)),
      chunk.rowCount,
    );
  }
}

const name = (text) => `"${text.replaceAll('"', '""')}"`;

/** A list of files for SQL. */
export const fileList = (files) => `[${files.map((file) => `'${file.replaceAll("'", "''")}'`).join(", ")}]`;

/** `from`: a table or a call, with `row`: the column that has a patient's rows in order. */
export async function duckdbWorkloads({ connection, from, row }, plan) {
  const prepare = (sql) => connection.prepare(sql);
  const three = "epoch_us(time), code, numeric_value";
  const byId = await prepare(`SELECT ${three} FROM ${from} WHERE subject_id = $1`);
  const every = await prepare(`SELECT ${three} FROM ${from}`);
  const all = await prepare(
    `SELECT ${plan.schema.map(({ name: column, stored }) => (stored.startsWith("timestamp") ? `epoch_us(${name(column)})` : name(column))).join(", ")} FROM ${from} WHERE subject_id = $1`,
  );
  const last = await prepare(`SELECT code FROM ${from} WHERE subject_id = $1 ORDER BY ${row} DESC LIMIT 1`);
  const window = await prepare(
    `SELECT code, numeric_value FROM ${from} WHERE subject_id = $1 AND (time IS NULL OR time <= make_timestamp($2)) ORDER BY ${row} DESC LIMIT $3`,
  );
  const counts = await prepare(`SELECT code, count(*) FROM ${from} GROUP BY code`);
  const years = await prepare(`SELECT subject_id, year(time), count(*) FROM ${from} WHERE time IS NOT NULL GROUP BY ALL`);

  const addTimeline = (bound, sum) => {
    return ([times, codes, values], length) => {
      for (let i = 0; i < length; i += 1) {
        const time = times.getItem(i);
        if (time !== null && time <= bound) sum.before += 1;
        sum.chars += codes.getItem(i).length;
        const value = values.getItem(i);
        if (value !== null) sum.total += value;
      }
      sum.rows += length;
    };
  };
  const timeline = async ([id, bound], sum) => {
    byId.bindBigInt(1, id);
    await chunks(byId, addTimeline(bound, sum));
  };
  const addValues = (values, length, sum) => {
    for (let i = 0; i < length; i += 1) {
      const value = values.getItem(i);
      if (value !== null) sum.total += value;
    }
    sum.rows += length;
  };
  const windowOf = async ([id, bound], size, sum) => {
    window.bindBigInt(1, id);
    window.bindBigInt(2, bound);
    window.bindBigInt(3, BigInt(size));
    await chunks(window, ([codes, values], length) => {
      for (let i = 0; i < length; i += 1) sum.chars += codes.getItem(i).length;
      addValues(values, length, sum);
    });
  };
  const lastCode = async (id) => {
    let code = "";
    last.bindBigInt(1, id);
    await chunks(last, ([codes]) => {
      code = codes.getItem(0);
    });
    return code;
  };
  const kinds = plan.schema.map(({ kind }) => kind);
  const columnsOf = async (id, sum) => {
    all.bindBigInt(1, id);
    await chunks(all, (columns, length) => {
      for (let c = 0; c < columns.length; c += 1) {
        for (let i = 0; i < length; i += 1) {
          const value = columns[c].getItem(i);
          if (value === null) continue;
          if (kinds[c] === "text") sum.chars += value.length;
          else if (kinds[c] === "float") sum.total += value;
          else sum.before += 1;
        }
      }
      sum.rows += length;
    });
  };
  const withCode = async ([code, ids], sum) => {
    // A list as text: an id that was drawn twice counts twice.
    const query = await prepare(
      `SELECT numeric_value FROM (SELECT unnest([${ids.join(", ")}]::BIGINT[]) AS subject_id) JOIN ${from} USING (subject_id) WHERE code = $1`,
    );
    query.bindVarchar(1, code);
    await chunks(query, ([values], length) => addValues(values, length, sum));
  };
  return {
    ...perPatient(plan, { timeline, window: windowOf, columns: columnsOf, lastCode, code: withCode }),
    async scan() {
      const sum = { rows: 0, before: 0, chars: 0, total: 0 };
      await chunks(every, addTimeline(BigInt(plan.scan), sum));
      return sum;
    },
    async counts() {
      const found = [];
      await chunks(counts, ([codes, times], length) => {
        for (let i = 0; i < length; i += 1) found.push([codes.getItem(i), times.getItem(i)]);
      });
      return () => countsDigest(found);
    },
    async years() {
      const found = [];
      await chunks(years, ([ids, which, times], length) => {
        for (let i = 0; i < length; i += 1) found.push([ids.getItem(i), which.getItem(i), times.getItem(i)]);
      });
      return () => yearsDigest(found);
    },
  };
}
