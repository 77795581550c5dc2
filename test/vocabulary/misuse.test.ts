// What a vocabulary refuses, and its files.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type LoaderOptions, loader, PatientDatabase, samples, Vocabulary, type VocabularyOptions } from "meds-reader";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { codeOf, rejected, thrown } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { labelsOf, type Subject, T0, writeStudy } from "../support/study.js";

const subjects: Subject[] = [
  {
    id: 1n,
    split: "train",
    labels: [T0 + 10n],
    rows: [
      [null, "MEDS_BIRTH", null],
      [T0, "A", 1],
      [T0 + 5n, "LAB//x", 2.5],
    ],
  },
  {
    id: 2n,
    split: "train",
    labels: [T0 + 10n],
    rows: [
      [T0, "A", 3],
      [T0 + 5n, "DX//1", null],
    ],
  },
  {
    id: 3n,
    split: "held_out",
    labels: [T0 + 10n],
    rows: [
      [T0, "Z", 3],
      [T0 + 5n, "A", null],
    ],
  },
];

let store: string;
let db: PatientDatabase;
let vocabulary: Vocabulary;
beforeAll(async () => {
  ({ store } = await writeStudy(subjects));
  db = PatientDatabase.open(store);
  vocabulary = await Vocabulary.fit(db.split("train"), { special: ["[CLS]"], values: "z-score", bins: 2 });
});
afterAll(() => db.close());

describe("fitting", () => {
  it("refuses patients and samples of no named split, and says why", async () => {
    for (const source of [db, db.subset({ slots: [0] }), db.subset(db.split("train").subjectIds)]) {
      const error = await rejected(Vocabulary.fit(source));
      expect(error.code).toBe("MEDS_NO_SPLIT");
      expect(error.message).toContain('db.split("train")');
    }
    const error = await rejected(Vocabulary.fit(samples(db, labelsOf(subjects), { maxLength: 4 })));
    expect([error.code, error.message.includes('split: "train"')]).toEqual(["MEDS_NO_SPLIT", true]);
  });

  it("accepts a named split, a subset of it, and samples of one", async () => {
    const train = db.split("train");
    const labelled = samples(db, labelsOf(subjects), { maxLength: 4, split: "train" });
    for (const source of [
      train,
      train.subset(train.subjectIds),
      labelled,
      samples(train, labelsOf(subjects), { maxLength: 4 }),
      samples(db, { split: "train" }, { maxLength: 4 }),
    ]) {
      const fitted = await Vocabulary.fit(source);
      expect([fitted.split, fitted.tokens]).toEqual(["train", ["[PAD]", "[UNK]", "A", "DX//1", "LAB//x", "MEDS_BIRTH"]]);
    }
    expect((await Vocabulary.fit(train.subset({ slots: [0] }))).subjects).toBe(1);
  });

  const wrong: readonly [unknown, unknown?][] = [
    [null],
    [undefined],
    ["train"],
    [{ split: "train" }],
    [Symbol("s")],
    ...[null, 5, "x", [], new Date()].filter((options) => options !== undefined).map((options): [unknown, unknown] => ["split", options]),
    ...(
      [
        { minCount: 0 },
        { minCount: 1.5 },
        { minCount: null },
        { minPatients: -1 },
        { top: 0 },
        { special: "[CLS]" },
        { special: ["a", "a"] },
        { special: ["[PAD]"] },
        { special: ["A"] },
        { token: "//" },
        { token: () => 5 },
        { token: (code: string) => code, ancestors: true },
        { ancestors: 1 },
        { values: "zscore" },
        { bins: 1 },
        { bins: 65_537 },
        { bins: 1e7 },
        { bins: 2 ** 60 },
        { token: () => "[UNK]" },
        { token: () => "[CLS]", special: ["[CLS]"] },
        { binTokens: true },
        { minimum: 3 },
      ] as unknown[]
    ).map((options): [unknown, unknown] => ["split", options]),
  ];
  it.each(wrong.map((one) => [one]))("refuses %o", async ([source, options]) => {
    const given = source === "split" ? db.split("train") : (source as never);
    expect((await rejected(Vocabulary.fit(given, options as VocabularyOptions))).code).toBe("MEDS_INVALID_ARGUMENT");
  });

  it("fails on a closed store", async () => {
    const other = PatientDatabase.open(store);
    const train = other.split("train");
    other.close();
    expect((await rejected(Vocabulary.fit(train))).code).toBe("MEDS_CLOSED");
    expect(codeOf(() => vocabulary.table(other))).toBe("MEDS_CLOSED");
  });
});

describe("codes that are called as special tokens are", () => {
  it("are codes all the same", async () => {
    const names = ["[PAD]", "[UNK]", "A"];
    const rows = names.map((code, i) => [T0 + BigInt(i), code, i] as const);
    const { store: path } = await writeStudy([{ id: 1n, split: "train", labels: [], rows }]);
    const odd = PatientDatabase.open(path);
    for (const options of [{}, { token: (code: string) => code }, { ancestors: true }]) {
      const fitted = await Vocabulary.fit(odd.split("train"), { ...options, special: ["[CLS]"] });
      for (const own of [fitted, Vocabulary.from(JSON.parse(JSON.stringify(fitted)))]) {
        expect([...own.special]).toEqual([
          ["[PAD]", 0],
          ["[UNK]", 1],
          ["[CLS]", 2],
        ]);
        const ids = names.map((code) => own.idOf(code)!);
        expect([own.idOf("[CLS]"), own.idOf("")]).toEqual([undefined, undefined]);
        expect(Math.min(...ids)).toBeGreaterThan(2);
        const [batch] = loader(samples(odd, { split: "train" }, { maxLength: 8 }), { batchSize: 1, vocabulary: own });
        expect([...batch!.code]).toEqual(ids);
        expect(own.coverage(odd.split("train")).unknownRows).toBe(0);
      }
    }
    odd.close();
  });

  it("and bins that are too many together are refused", async () => {
    const rows = Array.from({ length: 400 }, (_, i) => [T0 + BigInt(i), `C${i >> 1}`, i % 2] as const);
    const { store: path } = await writeStudy([{ id: 1n, split: "train", labels: [], rows }]);
    const many = PatientDatabase.open(path);
    const error = await rejected(Vocabulary.fit(many.split("train"), { bins: 65_536 }));
    expect(error).toMatchObject({ code: "MEDS_INVALID_ARGUMENT", message: expect.stringContaining("fewer") });
    const fitted = await Vocabulary.fit(many.split("train"), { bins: 2000, binTokens: true });
    expect(fitted.size).toBeGreaterThan(300_000);
    const list = samples(many, { split: "train" }, { maxLength: 4 });
    expect([...loader(list, { batchSize: 1, vocabulary: fitted, fields: ["code", "value_bin"] })][0]!.value_bin[3]).toBe(2000);
    many.close();
  });
});

describe("ids", () => {
  const list = () => samples(db, { split: "train" }, { maxLength: 8 });

  it("of a store, or of another vocabulary, are not taken for a vocabulary's", async () => {
    const [raw] = loader(list(), { batchSize: 2 });
    const [own] = loader(list(), { batchSize: 2, vocabulary });
    const other = await Vocabulary.fit(db.split("train"));
    const [others] = loader(list(), { batchSize: 2, vocabulary: other });
    expect(raw!.code_ids).toBe(`store ${db.metadata.id}`);
    for (const batch of [raw!, others!]) {
      for (const call of [() => vocabulary.decode(batch), () => vocabulary.check(batch)]) {
        expect(codeOf(call)).toBe("MEDS_OTHER_IDS");
        expect(thrown(call).message).toContain("loader(samples, { vocabulary");
      }
    }
    expect(vocabulary.decode(own!)).toEqual(["A", "LAB//x", "A", "DX//1"]);
    expect(Vocabulary.from(vocabulary.toJSON()).decode(own!)).toEqual(vocabulary.decode(own!));
    for (const odd of [null, undefined, 5, {}, [], "x"]) {
      expect(codeOf(() => vocabulary.decode(odd as never))).toBe("MEDS_INVALID_ARGUMENT");
      expect(codeOf(() => vocabulary.table(odd as never))).toBe("MEDS_INVALID_ARGUMENT");
      expect(codeOf(() => vocabulary.coverage(odd as never))).toBe("MEDS_INVALID_ARGUMENT");
      expect(codeOf(() => vocabulary.bags(odd as never))).toBe("MEDS_INVALID_ARGUMENT");
    }
    for (const odd of [null, undefined, 5, {}]) expect(codeOf(() => vocabulary.idOf(odd as never))).toBe("MEDS_INVALID_ARGUMENT");
    for (const code of [null, undefined, 5, "AB", {}])
      expect(codeOf(() => vocabulary.decode({ code, code_ids: `vocabulary ${vocabulary.id}` } as never))).toBe("MEDS_INVALID_ARGUMENT");
    expect(codeOf(() => vocabulary.bags(db))).toBe("MEDS_INVALID_ARGUMENT");
  });

  it("and fields that need an option that the loader does not have are refused", () => {
    const wrong = [
      { vocabulary: {} },
      { vocabulary: vocabulary.toJSON() },
      { timeToEvent: {} },
      { fields: ["value_bin"] },
      { fields: ["bag"], vocabulary },
      { fields: ["time_to_event"] },
      { fields: ["next_code"], layout: "nested" },
    ] as unknown as LoaderOptions[];
    for (const options of wrong) expect(codeOf(() => loader(list(), { batchSize: 2, ...options }))).toBe("MEDS_INVALID_ARGUMENT");
  });

  it("and z-scores are those of static rows and nested batches too", () => {
    const [batch] = loader(list(), { batchSize: 2, vocabulary, layout: "nested", fields: ["code", "numeric_value", "value_bin"] });
    expect(batch!.shape).toEqual([2, 2, 1]);
    const id = (code: string) => vocabulary.idOf(code)!;
    expect([...batch!.code]).toEqual([id("A"), id("LAB//x"), id("A"), id("DX//1")]);
    expect([...batch!.numeric_value]).toEqual([-1, 0, 1, 0]); // A: 1 and 3; LAB//x: one value, so no deviation
    expect([...batch!.value_bin]).toEqual([1, 1, 2, 0]);
    expect([...batch!.static_code]).toEqual([id("MEDS_BIRTH"), 0]);
  });

  it("go into 64 bits", () => {
    const [batch] = loader(list(), { batchSize: 2, vocabulary, codeType: "int64", fields: ["code"] });
    expect([...(batch!.code as unknown as BigInt64Array)]).toEqual(
      ["A", "LAB//x", "A", "DX//1"].map((code) => BigInt(vocabulary.idOf(code)!)),
    );
  });
});

describe("a vocabulary's file", () => {
  it("is read as it was written, with its provenance", async () => {
    const path = join(folder("vocabulary"), "vocabulary.json");
    await vocabulary.write(path);
    const again = await Vocabulary.open(path);
    expect(again.toJSON()).toEqual(vocabulary.toJSON());
    expect(again.id).toBe(vocabulary.id);
    expect(again.provenance).toEqual(vocabulary.provenance);
    expect(again.provenance?.store).toBe(db.metadata.id);
    const second = join(folder("vocabulary"), "again.json");
    await again.write(second);
    expect(readFileSync(second)).toEqual(readFileSync(path));
    expect(readFileSync(path, "utf8")).not.toContain(db.metadata.id);
    expect(readdirSync(join(path, "..")).sort()).toEqual(["vocabulary.json", "vocabulary.provenance.json"]);
    // The provenance of another file is none of this one's.
    const other = await Vocabulary.fit(db.split("train"));
    await other.write(second);
    writeFileSync(path.replace(".json", ".provenance.json"), readFileSync(second.replace(".json", ".provenance.json")));
    expect((await Vocabulary.open(path)).provenance).toBeNull();
    expect(existsSync(second)).toBe(true);
  });

  it("that is damaged is refused, member by member", async () => {
    const path = join(folder("vocabulary"), "vocabulary.json");
    await vocabulary.write(path);
    const text = readFileSync(path, "utf8");
    const json = JSON.parse(text);
    const token = json.tokens[0];
    const tokens = (change: object) => ({ ...json, tokens: [{ ...token, ...change }, ...json.tokens.slice(1)] });
    const broken: unknown[] = [
      ...[[], null, 5, "x", {}, { ...json, format: "other" }, { ...json, version: 2 }, { ...json, split: null }, { ...json, tokens: {} }],
      ...[
        { ...json, tokens: [5] },
        { ...json, tokens: [token, token] },
        { ...json, special: ["[UNK]"] },
        { ...json, options: null },
      ],
      ...[
        tokens({ code: 5 }),
        tokens({ rows: -1 }),
        tokens({ rows: "5" }),
        tokens({ codes: "A" }),
        tokens({ edges: [2, 1] }),
        tokens({ edges: [null] }),
      ],
      ...[tokens({ values: { count: 2, mean: null, std: 1 } }), tokens({ values: { count: 2, mean: 1, std: -1 } }), tokens({ values: 5 })],
      ...[tokens({ codes: ["LAB//x"] }), { ...json, coverage: {} }, { ...json, options: { ...json.options, values: "x" } }],
      ...[
        { ...json, options: { ...json.options, ancestors: true } },
        { ...json, of: "everybody" },
      ],
    ];
    for (const one of broken) {
      writeFileSync(path, JSON.stringify(one));
      const error = await rejected(Vocabulary.open(path));
      expect([error.code, error.path]).toEqual(["MEDS_FITTED_FILE", path]);
      expect(codeOf(() => Vocabulary.from(one))).toBe("MEDS_FITTED_FILE");
    }
    for (let cut = 0; cut < text.length - 2; cut += 37) {
      writeFileSync(path, text.slice(0, cut));
      expect((await rejected(Vocabulary.open(path))).code).toBe("MEDS_FITTED_FILE");
    }
    expect((await rejected(Vocabulary.open(`${path}.gone`))).code).toBe("MEDS_NOT_FOUND");
    expect((await rejected(Vocabulary.open(5 as never))).code).toBe("MEDS_INVALID_ARGUMENT");
    expect((await rejected(Vocabulary.open(join(path, "..")))).code).toBe("MEDS_IO");
    expect((await rejected(vocabulary.write(join(path, "below")))).code).toBe("MEDS_NOT_FOUND");
    expect((await rejected(vocabulary.write("" as never))).code).toBe("MEDS_INVALID_ARGUMENT");
  });
});
