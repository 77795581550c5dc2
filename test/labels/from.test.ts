// Labels given in memory: what they may be.
import { type Label, Labels } from "meds-reader";
import { describe, expect, it } from "vitest";
import { codeOf, rejected, thrown } from "../support/errors.js";

const good: Label = { subjectId: 1, predictionTime: 5 };

describe("labels in memory", () => {
  it("may have any int64, and any text", () => {
    const texts = ["", "é", "🙂", "\u0000", "\ud7ff\ue000"];
    for (const id of [2n ** 63n - 1n, -(2n ** 63n)]) {
      const labels = Labels.from(
        texts.map((categoricalValue) => ({ subjectId: id, predictionTime: id, integerValue: id, categoricalValue })),
      );
      expect([labels.at(0)!.subjectId, labels.at(0)!.predictionTime, labels.at(0)!.integerValue]).toEqual([id, id, id]);
      expect(labels.categories).toEqual(texts);
    }
  });

  it.each<[object, string?]>([
    [{ subjectId: 2n ** 63n }],
    [{ subjectId: -(2n ** 63n) - 1n }],
    [{ subjectId: undefined }],
    [{ subjectId: "1" }],
    [{ subjectId: 1.5 }, "MEDS_UNSAFE_NUMBER"],
    [{ subjectId: 2 ** 53 }, "MEDS_UNSAFE_NUMBER"],
    [{ predictionTime: 2n ** 63n }],
    [{ predictionTime: undefined }],
    [{ predictionTime: "1 January 2020" }],
    [{ predictionTime: new Date(Number.NaN) }],
    [{ predictionTime: 0.5 }, "MEDS_UNSAFE_NUMBER"],
    [{ booleanValue: 1 }],
    [{ integerValue: 2n ** 63n }],
    [{ integerValue: 1.5 }],
    [{ floatValue: "1" }],
    [{ categoricalValue: 5 }],
    [{ categoricalValue: "a\ud800" }],
    [{ categoricalValue: "\udc00b" }],
    [{ isCensored: 0 }],
  ])("are refused with %o", (wrong, code = "MEDS_INVALID_ARGUMENT") => {
    expect(codeOf(() => Labels.from([good, { ...good, ...wrong } as Label]))).toBe(code);
  });

  it("refuse unknown options", async () => {
    for (const wrong of [{ tasks: "x" }, new Map([["task", "x"]]), ["task"]]) {
      expect(codeOf(() => Labels.from([good], wrong as object))).toBe("MEDS_INVALID_ARGUMENT");
      expect(codeOf(() => Labels.join(wrong as never))).toBe("MEDS_INVALID_ARGUMENT");
      for (const call of [Labels.open("nowhere", wrong as object), Labels.from([good]).write("nowhere", wrong as object)])
        expect((await rejected(call)).code).toBe("MEDS_INVALID_ARGUMENT");
    }
  });

  it("that are refused are named", () => {
    for (const wrong of [{ subjectId: 2n ** 70n }, { categoricalValue: "\ud800" }, { booleanValue: 1 }])
      expect(thrown(() => Labels.from([good, { ...good, ...wrong } as Label])).message).toContain("label 1");
  });
});
