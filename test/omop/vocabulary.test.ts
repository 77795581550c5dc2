// OMOP tables without their vocabulary, or with a part of it, and vocabularies from beside the tables.
import { readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type ConvertOptions, convert, inspect, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { meds } from "../cli/run.js";
import { zipped } from "../support/archive.js";
import { rejected } from "../support/errors.js";
import { folder } from "../support/folder.js";
import { clinic as all, brief, lines, type Tables, writeCsv, writeParquet } from "../support/omop.js";

const VOCABULARY = ["concept", "concept_relationship", "concept_ancestor"];
const clinic: Tables = { ...brief, ...Object.fromEntries(VOCABULARY.map((table) => [table, all[table]!])) };
const only = (names: readonly string[], tables: Tables = clinic): Tables =>
  Object.fromEntries(Object.entries(tables).filter(([name]) => names.includes(name)));
const without: Tables = Object.fromEntries(Object.entries(clinic).filter(([name]) => !VOCABULARY.includes(name)));
const [header, ...concepts] = clinic.concept!.trim().split("\n") as [string, ...string[]];
const conceptsOf = (keep: (line: string) => boolean) => `${[header, ...concepts.filter(keep)].join("\n")}\n`;

async function converted(root: string, options?: ConvertOptions) {
  const store = join(folder("omop"), "s.medsdb");
  const summary = await convert(root, store, options);
  return { store, summary, lines: lines(store), codes: lines(store).map((line) => line.split("|")[2]!) };
}

/** Refused, with nothing left behind. */
async function refused(root: string, options?: ConvertOptions) {
  const target = folder("refused");
  const error = await rejected(convert(root, join(target, "s.medsdb"), options));
  expect(readdirSync(target)).toEqual([]);
  return error;
}

const whole = converted(writeCsv(folder("clinic"), clinic));

describe("a vocabulary that is a device", () => {
  it("is refused, and nothing waits for its end", async () => {
    const root = writeCsv(folder("f"), without);
    const error = await rejected(convert(root, join(folder("t"), "s.medsdb"), { vocabulary: ["/dev/null"] }));
    expect(error).toMatchObject({ code: "MEDS_NO_DATA", path: "/dev/null" });
  });
});

describe("without a vocabulary", () => {
  const missing: [string, Tables][] = [
    ["no table concept", without],
    ["a table concept without rows", { ...without, concept: `${header}\n` }],
    ["the concept 0 alone", { ...without, concept: conceptsOf((line) => line.startsWith("0,")) }],
    ["none of the concepts that the tables use", { ...without, concept: `${header}\n4000001,Other,Condition,SNOMED,Any,S,111,,,\n` }],
    ["gender and race alone", { ...without, concept: conceptsOf((line) => /^85\d\d,/.test(line) && !line.startsWith("8536")) }],
    ["rows of concept 0 alone", { person: clinic.person!, death: clinic.death!, note: clinic.note!.replace("706391", "0") }],
  ];
  it.each(missing)("a conversion is refused: %s", async (_, tables) => {
    const root = writeCsv(folder("f"), tables);
    const error = await refused(root);
    expect(error).toMatchObject({ code: "MEDS_NO_VOCABULARY", path: root });
    for (const way of ["table concept", "--vocabulary", "--keep-unmapped", "--concept-ids"]) expect(error.message).toContain(way);
    const found = await inspect(root);
    expect(found).toMatchObject({ problem: error.message, problemCode: error.code, prefixes: null });
    expect(found.rows).toBeGreaterThan(0);
    expect((await rejected(PatientDatabase.from(root, { store: join(folder("t"), "s.medsdb") }))).code).toBe("MEDS_NO_VOCABULARY");
  });

  it("in Parquet too", async () => {
    const root = await writeParquet(folder("f"), { ...without, concept: `${header}\n` });
    expect((await refused(root)).code).toBe("MEDS_NO_VOCABULARY");
  });

  it("persons and deaths are converted, with gender, race and ethnicity", async () => {
    const { codes } = await converted(writeCsv(folder("f"), only(["person", "death"])));
    expect(codes.sort()).toEqual(
      [
        "MEDS_BIRTH",
        "MEDS_BIRTH",
        "MEDS_BIRTH",
        "MEDS_DEATH",
        "Gender/F",
        "Gender/F",
        "Gender/M",
        "Race/5",
        "Race/5",
        "Ethnicity/Hispanic",
        "Ethnicity/Hispanic",
      ].sort(),
    );
  });

  it("the command names the ways out, and each is one", async () => {
    const [root, target] = [writeCsv(folder("f"), without), folder("t")];
    const { code, stdout, stderr } = await meds("convert", root, join(target, "s.medsdb"));
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^MEDS_NO_VOCABULARY: .*there is no table concept/);
    for (const [i, way] of [["--keep-unmapped"], ["--concept-ids"], ["--vocabulary", writeCsv(folder("v"), only(VOCABULARY))]].entries())
      expect((await meds("convert", root, join(target, `${i}.medsdb`), ...way)).code).toBe(0);
  });
});

describe("gender, race and ethnicity", () => {
  it("need no row in the table concept, as the OHDSI vocabulary codes them", async () => {
    const genders = [8507, 8532, 8551, 8521, 8570, 0, 0];
    const races = [8657, 8515, 8516, 8557, 8527, 8522, 38003579];
    const ethnicities = [38003563, 38003564, 0, 0, 0, 0, 0];
    const persons = genders.map((gender, i) => `${i},${gender},2000,${races[i]},${ethnicities[i]}\n`);
    const { codes } = await converted(
      writeCsv(folder("f"), {
        ...without,
        concept: conceptsOf((line) => !/,(Gender|Race|Ethnicity),/.test(line)),
        person: `person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n${persons.join("")}`,
      }),
    );
    expect(codes.filter((code) => /^(Gender|Race|Ethnicity)\//.test(code)).sort()).toEqual(
      [
        "Gender/M",
        "Gender/F",
        "Gender/U",
        "Gender/O",
        "Gender/A",
        "Race/1",
        "Race/2",
        "Race/3",
        "Race/4",
        "Race/5",
        "Race/9",
        "Race/2.06",
        "Ethnicity/Hispanic",
        "Ethnicity/Not Hispanic",
      ].sort(),
    );
  });

  it("are the table's where it has them", async () => {
    const { codes } = await converted(
      writeCsv(folder("f"), { ...clinic, concept: clinic.concept!.replace(",Gender,S,F,", ",Gender,S,Frau,") }),
    );
    expect(codes.filter((code) => code.startsWith("Gender/")).sort()).toEqual(["Gender/Frau", "Gender/Frau", "Gender/M"]);
  });
});

describe("a vocabulary from beside the tables", () => {
  const plain = (text: string) =>
    text
      .replace(/"([^"]*)"/g, (_, inner: string) => inner.replaceAll(",", "\u0001"))
      .replaceAll(",", "\t")
      .replaceAll("\u0001", ",");
  const athena = () =>
    writeCsv(
      folder("athena"),
      { ...Object.fromEntries(VOCABULARY.map((table) => [table, plain(clinic[table]!)])), domain: "domain_id\tdomain_name\n" },
      (table) => `${table.toUpperCase()}.csv`,
    );
  const tables = () => writeCsv(folder("f"), without);

  const forms: [string, () => string | string[] | Promise<string>][] = [
    ["an Athena download", athena],
    ["CSV as the tables", () => writeCsv(folder("v"), only(VOCABULARY))],
    ["gzip", () => writeCsv(folder("v"), only(VOCABULARY), (table) => `${table}.csv.gz`)],
    ["Parquet", () => writeParquet(folder("v"), only(VOCABULARY))],
    [
      "single files, whatever they are called",
      () =>
        Object.entries(only(VOCABULARY)).map(([name, text]) =>
          join(
            writeCsv(folder("v"), { [name]: text }, () => `my ${name}.csv`),
            `my ${name}.csv`,
          ),
        ),
    ],
    ["three folders", () => VOCABULARY.map((name) => writeCsv(folder("v"), only([name])))],
    ["an Athena download as a .zip", () => zipped(athena())],
    [
      "a folder and a file of the source's own concepts in it",
      () =>
        writeCsv(folder("v"), {
          ...only(VOCABULARY),
          concept: conceptsOf((line) => !line.startsWith("2000")),
          "2b_concept": conceptsOf((line) => line.startsWith("2000")),
        }),
    ],
  ];
  it.each(forms)("makes the events of tables that contain it: %s", async (_, make) => {
    const vocabulary = await make();
    const found = await converted(tables(), { vocabulary });
    expect(found.lines).toEqual((await whole).lines);
    const codesOf = (store: string) => {
      const db = PatientDatabase.open(store);
      const codes = [...db.codes].map(({ code, description, parents }) => [code, description, [...(parents ?? [])]]);
      db.close();
      return codes.sort();
    };
    expect(codesOf(found.store)).toEqual(codesOf((await whole).store));
    expect(found.summary.notes.filter(({ message }) => /^missing tables.*concept/.test(message))).toEqual([]);
  });

  it("counts for from(), verify() and inspect()", async () => {
    const [root, vocabulary] = [tables(), athena()];
    const store = join(folder("t"), "s.medsdb");
    const imports: boolean[] = [];
    const open = async (options: ConvertOptions) => {
      let imported = false;
      (await PatientDatabase.from(root, { store, ...options, onProgress: () => (imported = true) })).close();
      imports.push(imported);
    };
    await open({ vocabulary });
    await open({ vocabulary: [vocabulary] });
    writeFileSync(join(vocabulary, "CONCEPT.csv"), plain(clinic.concept!.replace("Type 2 diabetes mellitus,", "Diabetes,")));
    await open({ vocabulary });
    await open({ vocabulary, conceptIds: true });
    await open({ vocabulary, conceptIds: true });
    await open({ vocabulary });
    expect(imports).toEqual([true, false, true, true, false, true]);
    expect(await verify(store, root, { vocabulary })).toEqual({ ok: true, differences: [] });
    expect(await rejected(verify(store, root))).toMatchObject({ code: "MEDS_INVALID_ARGUMENT", path: store });
    expect(
      (
        await verify(store, root, {
          vocabulary: writeCsv(folder("v"), only(["concept"], { concept: conceptsOf((line) => !line.startsWith("3004501")) })),
        })
      ).ok,
    ).toBe(false);
    const found = await inspect(root, { vocabulary });
    expect([found.problem, found.prefixes?.length]).toEqual([null, (await inspect(writeCsv(folder("f"), clinic))).prefixes!.length]);
    const [verified, inspected] = [
      await meds("verify", store, root, "--vocabulary", vocabulary),
      await meds("inspect", root, "--vocabulary", vocabulary),
    ];
    expect([verified.code, inspected.code, inspected.stdout.includes("would fail")]).toEqual([0, 0, false]);
  });

  it("yields to the table concept, and the later to the earlier; what differs is a note", async () => {
    const glucose = (code: string) => `${header}\n3004501,Glucose,Measurement,LOINC,Lab Test,S,${code},,,\n`;
    const [first, second] = ["first", "second"].map((code) => writeCsv(folder("v"), { concept: glucose(code) }));
    const root = writeCsv(folder("f"), { ...clinic, concept: conceptsOf((line) => !line.startsWith("3004501")) });
    const told = ({ summary }: Awaited<typeof whole>) =>
      summary.notes.filter(({ message }) => message.includes("several vocabularies")).map(({ kind, count }) => [kind, count]);
    const one = await converted(root, { vocabulary: [first!, second!] });
    expect([one.codes.includes("LOINC/first"), one.codes.includes("LOINC/second")]).toEqual([true, false]);
    expect(told(one)).toEqual([["warning", 1]]);
    const own = await converted(writeCsv(folder("f"), clinic), { vocabulary: [first!] });
    expect(own.lines).toEqual((await whole).lines);
    expect(told(own)).toEqual([["warning", 1]]);
    expect(told(await converted(writeCsv(folder("f"), clinic), { vocabulary: writeCsv(folder("v"), only(VOCABULARY)) }))).toEqual([]);
  });

  it("that is none is refused", async () => {
    const root = tables();
    const [empty, strange] = [folder("v"), writeCsv(folder("v"), { concept: "a,b\n1,2\n" })];
    expect(await refused(root, { vocabulary: empty })).toMatchObject({ code: "MEDS_NO_DATA", path: empty });
    expect(await refused(root, { vocabulary: join(strange, "concept.csv") })).toMatchObject({ code: "MEDS_NO_DATA" });
    expect(await refused(root, { vocabulary: join(empty, "none") })).toMatchObject({ code: "MEDS_NOT_FOUND" });
    expect(await refused(root, { vocabulary: 5 as unknown as string })).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    const dataset = folder("f");
    writeFileSync(join(dataset, "x.parquet"), "PAR1");
    for (const option of [{ vocabulary: empty }, { conceptIds: true }])
      expect(await refused(join(dataset, "x.parquet"), option)).toMatchObject({ code: "MEDS_INVALID_ARGUMENT" });
    expect(basename(empty)).not.toBe("");
  });
});

describe("conceptIds", () => {
  it("makes concept ids the codes, the source's first, and keeps what the source calls them", async () => {
    const { store } = await converted(writeCsv(folder("f"), without), { conceptIds: true });
    const db = PatientDatabase.open(store);
    const rows = [...db.get(1)!].map((event) => [
      event.code,
      event.get("source_value"),
      event.get("unit"),
      event.numericValue,
      event.get("text_value"),
    ]);
    const of = (code: string) => rows.filter(([one]) => one === code);
    expect(of("OMOP/45576439")).toEqual([["OMOP/45576439", "E11.9", null, null, null]]);
    expect(of("OMOP/77777")).toEqual([["OMOP/77777", "local", null, null, null]]);
    expect(of("OMOP/201826")).toEqual([["OMOP/201826", "E11.X", null, null, null]]);
    expect(of("OMOP/8532")).toEqual([["OMOP/8532", "F", null, null, null]]);
    expect(of("OMOP/3004501")[0]).toEqual(["OMOP/3004501", "GLU", "OMOP/8840", Math.fround(5.4), null]);
    expect(of("OMOP/3004501").filter(([, , , , text]) => text === "OMOP/4181412")).toHaveLength(3);
    expect(of("MEDS_BIRTH")[0]![1]).toBeNull();
    db.close();
    expect(await verify(store, writeCsv(folder("f"), without))).toEqual({ ok: true, differences: [] });
  });

  it("with a vocabulary describes them by it", async () => {
    const { store } = await converted(writeCsv(folder("f"), clinic), { conceptIds: true });
    const db = PatientDatabase.open(store);
    const found = [...db.codes].find(({ code }) => code === "OMOP/45576439")!;
    expect([found.description, [...(found.parents ?? [])]]).toEqual(["Type 2 diabetes mellitus, without complications", ["OMOP/201826"]]);
    db.close();
  });

  it("drops rows of concept 0, unless keepUnmapped is there too", async () => {
    const root = writeCsv(folder("f"), without);
    const [dropped, kept] = [await converted(root, { conceptIds: true }), await converted(root, { conceptIds: true, keepUnmapped: true })];
    const lost = kept.codes.filter((code) => code.startsWith("UNMAPPED/"));
    expect(lost).toEqual(['UNMAPPED/condition/strange, "odd" thing']);
    expect(kept.codes.length - dropped.codes.length).toBe(1);
    expect(dropped.summary.notes[0]).toMatchObject({ kind: "dropped", count: 2 });
  });
});

describe("ancestors of concept_ancestor", () => {
  const codesUnder = async (changed: Tables) => {
    const { store } = await converted(writeCsv(folder("ladder"), { ...clinic, ...changed }));
    const db = PatientDatabase.open(store);
    const under = [...db.codes.withAncestor("SNOMED/126877002")].map((id) => db.codes.strings[id]).sort();
    db.close();
    return under;
  };
  const both = ["ICD10CM/E11.9", "SNOMED/44054006"];

  it("are reached by single steps", async () => expect(await codesUnder({})).toEqual(both));

  it("are reached where the concept between is not in the table concept", async () =>
    expect(await codesUnder({ concept: conceptsOf((line) => !line.startsWith("201820,")) })).toEqual(both));

  it("are reached where no single step is in concept_ancestor", async () =>
    expect(
      await codesUnder({
        concept_ancestor:
          "ancestor_concept_id,descendant_concept_id,min_levels_of_separation,max_levels_of_separation\n4000001,201826,3,4\n",
      }),
    ).toEqual(both));

  it("two steps up are not parents if single steps lead to them", async () => {
    const db = PatientDatabase.open((await whole).store);
    expect([...db.codes].find(({ code }) => code === "SNOMED/44054006")?.parents).toEqual(["SNOMED/73211009"]);
    db.close();
  });
});
