// Tables of predictions: how they join labels, what is counted, and what is refused.
import { join } from "node:path";
import { Labels, Predictions } from "meds-reader";
import { describe, expect, it } from "vitest";
import { codeOf, rejected, thrown } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { duckFile, duckRows } from "../support/labels.js";

const T = 1_577_836_800_000_000n;
const at = (subjectId: number | bigint, hour: number) => ({ subjectId, predictionTime: T + BigInt(hour) * 3_600_000_000n });
const labels = Labels.from([
  { ...at(1, 0), booleanValue: true },
  { ...at(1, 1), booleanValue: false },
  { ...at(2n ** 60n, 0), booleanValue: null, isCensored: true },
  { ...at(3, 0), booleanValue: true },
  { ...at(4, 0), booleanValue: false },
]);
const rows = (predictions: Predictions) =>
  [...predictions].map(({ subjectId, booleanValue, predictedBooleanProbability: p }) => [subjectId, booleanValue, p]);

describe("Predictions.from", () => {
  it("takes a probability for each label, and leaves out labels without a value", () => {
    const found = Predictions.from(labels, [0.5, 0.25, 0.125, 1, 0], { threshold: 0.5 });
    expect(rows(found)).toEqual([[1n, true, 0.5], [1n, false, 0.25], [3n, true, 1], [4n, false, 0]]); // biome-ignore format: a table
    expect([...found].map(({ predictedBooleanValue }) => predictedBooleanValue)).toEqual([true, false, true, false]);
    expect(found.report).toEqual({ labels: 5, unlabelled: 1, missing: 0, extra: 0, duplicates: 0, differing: 0 });
    expect([found.at(-1)?.subjectId, found.at(4), found.size]).toEqual([4n, undefined, 4]);
  });

  it("joins rows by subject and time, and counts what does not fit", () => {
    const given = [
      { ...at(4, 0), predictedBooleanProbability: 0.75, booleanValue: true },
      { ...at(1, 1), predictedBooleanProbability: 0.25 },
      { ...at(1, 1), predictedBooleanProbability: 0.5 },
      { ...at(1, 7), predictedBooleanProbability: 0.5 },
      { ...at(1, 0), predictedBooleanProbability: 0.125, booleanValue: true },
    ];
    const found = Predictions.from(labels, given);
    expect(rows(found)).toEqual([[1n, true, 0.125], [1n, false, 0.25], [4n, false, 0.75]]); // biome-ignore format: a table
    expect(found.report).toEqual({ labels: 5, unlabelled: 1, missing: 1, extra: 1, duplicates: 1, differing: 1 });
  });

  it("gives each of several labels at one time its own prediction, or all of them the only one", () => {
    const twice = Labels.from([true, false].map((booleanValue) => ({ ...at(1, 0), booleanValue })));
    const one = { ...at(1, 0), predictedBooleanProbability: 0.5 };
    expect(rows(Predictions.from(twice, [one]))).toEqual([[1n, true, 0.5], [1n, false, 0.5]]); // biome-ignore format: a table
    const two = Predictions.from(twice, [one, { ...one, predictedBooleanProbability: 0.25 }]);
    expect(rows(two)).toEqual([[1n, true, 0.5], [1n, false, 0.25]]); // biome-ignore format: a table
    expect(two.report).toMatchObject({ extra: 0, duplicates: 0, missing: 0 });
  });

  it.each<[string, () => unknown, string, RegExp]>([
    ["NaN", () => Predictions.from(labels, [0, 0, 0, Number.NaN, 0]), "MEDS_VALUE_RANGE", /row 3 has the probability NaN/],
    ["a logit", () => Predictions.from(labels, [0, 1.5, 0, 0, 0]), "MEDS_VALUE_RANGE", /row 1 has the probability 1\.5/],
    ["a bigint", () => Predictions.from(labels, [0n, 0, 0, 0, 0] as number[]), "MEDS_INVALID_ARGUMENT", /Prediction 0 is 0n/],
    ["a text", () => Predictions.from(labels, [0, 0, "0.5", 0, 0] as number[]), "MEDS_INVALID_ARGUMENT", /Prediction 2 is "0\.5"/],
    ["too few", () => Predictions.from(labels, [0.5]), "MEDS_INVALID_ARGUMENT", /1 probabilities for 5 labels/],
    ["a row without a prediction", () => Predictions.from(labels, [at(1, 0)]), "MEDS_NULL_VALUE", /neither a probability nor a value/],
    [
      "a row without what others have",
      () =>
        Predictions.from(labels, [
          { ...at(1, 0), predictedBooleanProbability: 0.5 },
          { ...at(1, 1), predictedBooleanValue: true },
        ]),
      "MEDS_NULL_VALUE",
      /Prediction 1 has no predictedBooleanProbability/,
    ],
    [
      "labels of another type",
      () => Predictions.from(Labels.from([{ ...at(1, 0), floatValue: 3 }]), [0.5]),
      "MEDS_COLUMN_TYPE",
      /no boolean_value/,
    ],
    ["a threshold that is none", () => Predictions.from(labels, [], { threshold: 2 }), "MEDS_INVALID_ARGUMENT", /`threshold` is 2/],
  ])("refuses %s", (_, call, code, message) => {
    expect(thrown(call).message).toMatch(message);
    expect(codeOf(call)).toBe(code);
  });

  it("compares runs on the same labels only", () => {
    const first = Predictions.from(labels, [0.5, 0.25, 0, 1, 0]);
    const part = Predictions.from(labels.select([0, 3]), [0.5, 0.5]);
    expect(first.compare(part, { resamples: 0 })).toMatchObject({ samples: 2, onlyFirst: 2, onlySecond: 0 });
    expect(part.compare(first, { resamples: 0 })).toMatchObject({ samples: 2, onlyFirst: 0, onlySecond: 2 });
    const other = Predictions.from(Labels.from([{ ...at(1, 0), booleanValue: false }]), [0.5]);
    expect(codeOf(() => first.compare(other))).toBe("MEDS_INVALID_ARGUMENT");
    expect(thrown(() => first.compare(other)).message).toMatch(/subject 1 at \d{4}-\d\d-\d\dT[\d:.]+Z\. /);
  });
});

describe("files of predictions", () => {
  const out = folder("predictions");

  it("have the five columns of meds-evaluation, and come back as they were", async () => {
    const found = Predictions.from(labels, [0.1, 0.25, 0, 1, 1 / 3], { threshold: 0.2 });
    const path = join(out, "all.parquet");
    await found.write(path);
    await found.write(path);
    const types = await duckRows(`SELECT name, type FROM parquet_schema('${path}') WHERE name <> 'schema' AND name <> 'arrow_schema'`);
    expect(types).toEqual([
      { name: "subject_id", type: "INT64" },
      { name: "prediction_time", type: "INT64" },
      { name: "boolean_value", type: "BOOLEAN" },
      { name: "predicted_boolean_value", type: "BOOLEAN" },
      { name: "predicted_boolean_probability", type: "FLOAT" },
    ]);
    const back = await Predictions.open(path);
    expect([...back]).toEqual([...found]);
    expect(back.score()).toEqual(found.score());
    await Predictions.from(labels, [0, 0, 0, 0, 0]).write(join(out, "no-values.parquet"));
    expect((await Predictions.open(join(out, "no-values.parquet"))).at(0)?.predictedBooleanValue).toBeNull();
  });

  const row = "1::BIGINT AS subject_id, TIMESTAMP '2020-01-01' AS prediction_time";
  it.each<[string, string, string, RegExp]>([
    ["no label", `SELECT ${row}, 0.5::FLOAT AS predicted_boolean_probability`, "MEDS_MISSING_COLUMN", /boolean_value/],
    ["no prediction", `SELECT ${row}, true AS boolean_value`, "MEDS_MISSING_COLUMN", /neither a predicted_boolean_probability/],
    [
      "a null label",
      `SELECT ${row}, if(i = 1, NULL, true) AS boolean_value, 0.5::FLOAT AS predicted_boolean_probability FROM range(3) t(i)`,
      "MEDS_NULL_VALUE",
      /row 1 has no boolean_value/,
    ],
    [
      "a null probability",
      `SELECT ${row}, true AS boolean_value, if(i = 2, NULL, 0.5::FLOAT) AS predicted_boolean_probability FROM range(3) t(i)`,
      "MEDS_NULL_VALUE",
      /row 2 has no predicted_boolean_probability/,
    ],
    [
      "a probability above 1",
      `SELECT ${row}, true AS boolean_value, i::DOUBLE AS predicted_boolean_probability FROM range(3) t(i)`,
      "MEDS_VALUE_RANGE",
      /row 2 has the probability 2/,
    ],
    [
      "text",
      `SELECT ${row}, true AS boolean_value, 'high' AS predicted_boolean_probability`,
      "MEDS_COLUMN_TYPE",
      /predicted_boolean_probability/,
    ],
  ])("are refused with %s", async (name, query, code, message) => {
    const path = await duckFile(join(out, `${name}.parquet`), query);
    const error = await rejected(Predictions.open(path));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
    expect(error.message).toContain(path);
  });

  it("are refused where they are not, or a folder is missing", async () => {
    expect((await rejected(Predictions.open(join(out, "absent.parquet")))).code).toBe("MEDS_NOT_FOUND");
    expect((await rejected(Predictions.from(labels, [0, 0, 0, 0, 0]).write(join(out, "absent", "p.parquet")))).code).toBe("MEDS_NOT_FOUND");
  });
});
