// MedAlign's XML as a source: its shape, what the lines of codes mean, damage, and the way back from our own writer.
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convert, inspect, type Patient, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { zipped } from "../support/archive.js";
import { rejected } from "../support/errors.js";
import { folder, place } from "../support/folder.js";
import { real } from "../support/real.js";
import { type RecordRow, recordStore } from "../support/record.js";

/** A record in the shape of MedAlign's public sample. */
const RECORD = `<?xml version="1.0" encoding="UTF-8"?>
<record>
    <visit type="Emergency Room Visit" start="03/02/2019 21:30">
        <day start="03/02/2019 21:30">
            <person>
                Birth:4/9/1950
                Race: Asian
                Gender: MALE
                Ethnicity: Not Hispanic or Latino
                Age in Days: 25164
                Age in Years: 68
            </person>
            <condition_occurrence start="03/02/2019 09:30 PM">
                <code>[ICD/K35.8] Acute appendicitis, other and unspecified</code>
            </condition_occurrence>
            <measurement start="03/02/2019 09:35 PM">
                <code>[LOINC/8867-4] Heart rate 101 </code>
                <code>[LOINC/8310-5] Body temperature 38.4</code>
                <code>[LOINC/8478-0] Mean blood pressure 88 mm Hg</code>
                <code>[LOINC/38214-3] Pain severity [Score] Visual analog score 7</code>
                <code>[LOINC/8601-7] EKG impression</code>
                <code>[LOINC/5778-6] Color of Urine amber</code>
            </measurement>
            <procedure_occurrence start="03/02/2019 10:05 PM">
                <code>[LOINC/79103-8] CT abdomen W contrast </code>
                <code>[SNOMED/268400002] 12 lead ECG</code>
            </procedure_occurrence>
            <note type="Emergency note" start="03/02/2019 10:10 PM">
                Pain in the right lower abdomen &amp; fever.
                Surgeons called.
            </note>
            <note type="NULL" start="03/02/2019 9:59 PM">
                Inflamed appendix.
            </note>
        </day>
        <day start="03/03/2019 12:15 AM">
            <drug_exposure start="03/03/2019 12:15 AM">
                <code>[RxNorm/1] cefazolin 100 MG/ML Injectable Solution</code>
            </drug_exposure>
            <measurement start="03/03/2019 12:20 AM">
                <code>[LOINC/8867-4] heart rate 96</code>
                <code>[LOINC/8310-5] Body temperature 37 </code>
                <code>[LOINC/5778-6] Color of Urine yellow brown</code>
            </measurement>
        </day>
    </visit>
    <visit type="Clinic Visit" start="03/20/2019 11:00 AM">
        <day start="03/20/2019 11:00 AM">
            <visit_occurrence start="03/20/2019 11:00 AM">
                <code>[Visit/OP] Outpatient Visit</code>
            </visit_occurrence>
            <procedure_occurrence start="03/20/2019 11:05 AM">
                <code>[LOINC/79103-8] CT Abdomen W Contrast</code>
            </procedure_occurrence>
        </day>
    </visit>
</record>
`;

/** Writes files, and returns their folder. */
function xml(files: Readonly<Record<string, string>>): string {
  const root = folder("medalign");
  for (const [name, text] of Object.entries(files)) writeFileSync(place(root, ...name.split("/")), text);
  return root;
}

/** The rows of a subject as texts. */
function rowsOf(db: PatientDatabase, subject: number | bigint): string[] {
  const columns = ["numeric_value", "text_value", "unit", "table", "visit_id"];
  return [...db.get(subject)!].map((event) =>
    [
      event.date?.toISOString().slice(0, 16) ?? "",
      event.code,
      ...columns.map((name) => String((name === "numeric_value" ? event.numericValue : event.get(name)) ?? "")),
    ].join("|"),
  );
}

async function opened(source: string, look: (db: PatientDatabase, store: string) => void | Promise<void>): Promise<void> {
  const store = join(folder("medalign-store"), "out.medsdb");
  await convert(source, store);
  const db = PatientDatabase.open(store);
  try {
    await look(db, store);
  } finally {
    db.close();
  }
}

describe("the shape of MedAlign's sample", () => {
  it("becomes rows with times, codes, values, units, tables and visits", async () => {
    await opened(xml({ "EHR_77.xml": RECORD }), (db) => {
      expect(rowsOf(db, 77)).toEqual([
        "1950-04-09T00:00|MEDS_BIRTH||||person|",
        "1950-04-09T00:00|Race/Asian||||person|",
        "1950-04-09T00:00|Gender/MALE||||person|",
        "1950-04-09T00:00|Ethnicity/Not Hispanic or Latino||||person|",
        "2019-03-02T21:30|Visit/Emergency Room Visit||||visit_occurrence|1",
        "2019-03-02T21:30|ICD/K35.8||||condition_occurrence|1",
        "2019-03-02T21:35|LOINC/8867-4|101|||measurement|1",
        "2019-03-02T21:35|LOINC/8310-5|38.400001525878906|||measurement|1",
        "2019-03-02T21:35|LOINC/8478-0|88||mm Hg|measurement|1",
        "2019-03-02T21:35|LOINC/38214-3|7|||measurement|1",
        "2019-03-02T21:35|LOINC/8601-7||||measurement|1",
        "2019-03-02T21:35|LOINC/5778-6||amber||measurement|1",
        "2019-03-02T21:59|Note||Inflamed appendix.||note|1",
        "2019-03-02T22:05|LOINC/79103-8||||procedure_occurrence|1",
        "2019-03-02T22:05|SNOMED/268400002||||procedure_occurrence|1",
        "2019-03-02T22:10|Note/Emergency note||Pain in the right lower abdomen & fever.\n                Surgeons called.||note|1",
        "2019-03-03T00:15|RxNorm/1||||drug_exposure|1",
        "2019-03-03T00:20|LOINC/8867-4|96|||measurement|1",
        "2019-03-03T00:20|LOINC/8310-5|37|||measurement|1",
        "2019-03-03T00:20|LOINC/5778-6||yellow brown||measurement|1",
        "2019-03-20T11:00|Visit/OP||||visit_occurrence|2",
        "2019-03-20T11:05|LOINC/79103-8||||procedure_occurrence|2",
      ]);
      const described = Object.fromEntries(Array.from(db.codes, ({ code, description }) => [code, description]));
      expect(described).toMatchObject({
        "LOINC/8867-4": "Heart rate",
        "LOINC/8478-0": "Mean blood pressure",
        "LOINC/38214-3": "Pain severity [Score] Visual analog score",
        "LOINC/8601-7": "EKG impression",
        "LOINC/5778-6": "Color of Urine",
        "LOINC/79103-8": "CT abdomen W contrast",
        "SNOMED/268400002": "12 lead ECG",
        "RxNorm/1": "cefazolin 100 MG/ML Injectable Solution",
        "Note/Emergency note": "Emergency note",
        "Race/Asian": "Asian",
      });
    });
  });

  it("is read from folders below the source, and made again when a file there changes", async () => {
    const record = (code: string) =>
      `<record><visit type="V" start="03/02/2019 21:30"><day start="03/02/2019 21:30"><condition_occurrence start="03/02/2019 21:30"><code>[${code}] A</code></condition_occurrence></day></visit></record>`;
    const root = xml({
      "1.xml": record("A/1"),
      "files/ehrs/2.xml": record("A/2"),
      "files/ehrs/deeper/3.xml": "<record>",
      "files/.hidden/4.xml": "<record>",
      "__MACOSX/5.xml": "<record>",
    });
    const store = join(folder("medalign-store"), "out.medsdb");
    expect(await convert(root, store)).toMatchObject({ patients: 2 });
    expect(await inspect(root)).toMatchObject({ format: "medalign", files: 2 });
    writeFileSync(join(root, "files", "ehrs", "2.xml"), record("A/3"));
    await convert(root, store, { force: true });
    const db = PatientDatabase.open(store);
    expect(rowsOf(db, 2).map((row) => row.split("|")[1])).toEqual(["Visit/V", "A/3"]);
    db.close();
  });

  it("in an archive is an error that says to unpack it", async () => {
    const archive = zipped(xml({ "ehrs/1.xml": RECORD }));
    const store = join(folder("medalign-store"), "out.medsdb");
    expect(await rejected(convert(archive, store))).toMatchObject({
      code: "MEDS_NO_DATA",
      message: expect.stringMatching(/Unpack the archive/),
    });
  });

  it("is inspected, verified, reused while it is the same, and made again when it is not", async () => {
    const source = xml({ "77.xml": RECORD, "78.xml": RECORD.replace("38.4", "39") });
    expect(await inspect(source)).toMatchObject({ format: "medalign", files: 2, subjects: 2, rows: 44, problem: null });
    await opened(source, async (_, store) => {
      expect(await verify(store, source)).toEqual({ ok: true, differences: [] });
      expect((await convert(source, store, { reuse: true })).reused).toBe(true);
      writeFileSync(join(source, "78.xml"), RECORD);
      expect((await verify(store, source)).ok).toBe(false);
      expect((await convert(source, store, { reuse: true })).reused).toBe(false);
      expect(await verify(store, source)).toEqual({ ok: true, differences: [] });
    });
    const db = await PatientDatabase.from(source);
    expect(db.size).toBe(2);
    db.close();
  });

  it("has years of two digits, as code that reads it expects", async () => {
    await opened(xml({ "1.xml": RECORD.replaceAll("03/02/2019", "03/02/19").replaceAll("4/9/1950", "4/9/1950") }), (db) => {
      expect(rowsOf(db, 1)[4]).toMatch(/^2019-03-02T21:30/);
    });
  });
});

describe("LUMIA, which public code reads in MedAlign's release 1.3", () => {
  it("becomes rows with values, ends and ids", async () => {
    const text = `<eventstream person_id="5">
  <encounter start_timestamp="2020-01-01 08:00:00" end_timestamp="2020-01-03 09:00:00">
    <person><birthdate>1970-02-03</birthdate><age><days>18000</days><years>49</years></age>
      <demographics><ethnicity>NULL</ethnicity><gender>F</gender></demographics><payerplan></payerplan></person>
    <caresites/><providers/>
    <events>
      <entry timestamp="2020-01-01 08:00:00">
        <event type="visit" code="Visit/IP" name="Inpatient Visit" visit_id="12">start</event>
        <event type="measurement" code="LOINC/8867-4" name="Heart rate" unit="bpm" provider_id="3" care_site_id="NULL">85</event>
        <event type="note" code="LOINC/34133-9" name="Summary" note_id="9">Feels &lt;well&gt;.</event>
      </entry>
      <entry timestamp="2020-01-03 09:00:00"><event type="visit" code="Visit/IP" name="Inpatient Visit" visit_id="12">end</event></entry>
    </events>
  </encounter>
</eventstream>`;
    await opened(xml({ "5.xml": text }), (db) => {
      const events = [...db.get(5)!].map((event) => event.toObject());
      expect(events).toHaveLength(5);
      const [at, until] = [Date.UTC(2020, 0, 1, 8) * 1000, Date.UTC(2020, 0, 3, 9) * 1000];
      expect(events[2]).toMatchObject({ time: at, code: "Visit/IP", table: "visit", visit_id: 12n, end: until, text_value: null });
      expect(events[3]).toMatchObject({
        time: at,
        code: "LOINC/8867-4",
        numeric_value: 85,
        unit: "bpm",
        provider_id: "3",
        care_site_id: null,
        end: null,
      });
      expect(events[4]).toMatchObject({ code: "LOINC/34133-9", text_value: "Feels <well>.", note_id: "9" });
    });
  });
});

const DAMAGED: readonly (readonly [what: string, text: string, code: string, message: RegExp])[] = [
  ["is cut", RECORD.slice(0, 900), "MEDS_SOURCE_DAMAGED", /77\.xml: line 20: it is not well-formed XML/],
  ["closes another element", RECORD.replace("</day>", "</visit>"), "MEDS_SOURCE_DAMAGED", /77\.xml: line 35: it is not well-formed XML \(Unexpected close tag/],
  ["has an unknown entity", RECORD.replace("&amp;", "&bomb;"), "MEDS_SOURCE_DAMAGED", /line 29: it is not well-formed XML \(Invalid character entity/],
  ["declares entities", RECORD.replace("<record>", '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>\n<record>'), "MEDS_SOURCE_DAMAGED", /DOCTYPE/],
  ["has a control character", RECORD.replace("Surgeons", "Surge\u0001ons"), "MEDS_SOURCE_DAMAGED", /control character/],
  ["has a second record", `${RECORD}${RECORD.slice(RECORD.indexOf("<record>"))}`, "MEDS_SOURCE_DAMAGED", /the element record follows the end of the first element/],
  ["is not UTF-8", RECORD.replace("UTF-8", "ISO-8859-1"), "MEDS_SOURCE_DAMAGED", /line 1: its encoding is "ISO-8859-1"/],
  ["has a time that is none", RECORD.replace("03/03/2019 12:20 AM", "03/33/2019 12:20 AM"), "MEDS_SOURCE_DAMAGED", /line 40: the start "03\/33\/2019 12:20 AM" is not a time/],
  ["has a line without a code", RECORD.replace("[Visit/OP] ", ""), "MEDS_SOURCE_DAMAGED", /line 50: an element code does not begin with a code/],
  ["has text beside elements", RECORD.replace("<day start", "lost <day start"), "MEDS_SOURCE_DAMAGED", /text between elements/],
  ["has an element in a note", RECORD.replace("Inflamed", "<b/>Inflamed"), "MEDS_SOURCE_DAMAGED", /line 33: the element b is not expected in the element note/],
  ["is another XML", "<html><p>x</p></html>", "MEDS_SOURCE_DAMAGED", /the first element is html/],
  ["is empty", "", "MEDS_SOURCE_DAMAGED", /77\.xml: this file has no elements/],
  ["names another subject", RECORD.replace("<record>", '<record person_id="78">'), "MEDS_SCHEMA_CONFLICT", /has the subject 77, and its person_id is 78/],
]; // biome-ignore format: a table

describe("LUMIA's values that are too large", () => {
  it("for a float32 are texts, and ids of visits may be any int64", async () => {
    const event = (visit: string, text: string) => `<event type="measurement" code="A" name="a" visit_id="${visit}">${text}</event>`;
    const events = [event("9223372036854775807", "1e400"), event("-5", "2"), event("9223372036854775808", "3")];
    const source = xml({
      "7.xml": `<eventstream><encounter><entry timestamp="2020-01-01">${events.join("")}</entry></encounter></eventstream>`,
    });
    await opened(source, (db) => {
      const row = (value: string, text: string, visit: string) => `2020-01-01T00:00|A|${value}|${text}||measurement|${visit}`;
      expect(rowsOf(db, 7)).toEqual([row("", "1e400", "9223372036854775807"), row("2", "", "-5"), row("3", "", "")]);
    });
  });
});

describe("a file that", () => {
  it.each(DAMAGED)("%s is an error that says where", async (_, text, code, message) => {
    const source = xml({ "76.xml": RECORD, "77.xml": text });
    const store = join(folder("medalign-store"), "out.medsdb");
    await expect(convert(source, store)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(await inspect(source)).toMatchObject({ format: "medalign", problemCode: code });
    expect(readdirSync(join(store, "..")).filter((name) => !name.startsWith(".out.medsdb.lock"))).toEqual([]);
  });

  it("is cut anywhere is an error", async () => {
    const store = join(folder("medalign-store"), "out.medsdb");
    const end = RECORD.lastIndexOf("</record>") + 8;
    for (let length = end; length > 60; length -= 37)
      await expect(convert(xml({ "77.xml": RECORD.slice(0, length) }), store), String(length)).rejects.toMatchObject({
        code: "MEDS_SOURCE_DAMAGED",
      });
  });

  it("has no subject, or that of another file, is an error", async () => {
    const store = join(folder("medalign-store"), "out.medsdb");
    await expect(convert(xml({ "a.xml": RECORD }), store)).rejects.toMatchObject({ code: "MEDS_NULL_VALUE" });
    const twice = xml({ "77.xml": RECORD, "EHR_77.xml": RECORD });
    await expect(convert(twice, store)).rejects.toMatchObject({
      code: "MEDS_DUPLICATE_FILE",
      message: expect.stringContaining("EHR_77.xml"),
    });
  });

  it("is not read any more when the work is cancelled", async () => {
    const control = new AbortController();
    control.abort();
    const store = join(folder("medalign-store"), "out.medsdb");
    await expect(convert(xml({ "77.xml": RECORD }), store, { signal: control.signal })).rejects.toMatchObject({ code: "MEDS_CANCELLED" });
  });

  it("is not XML leaves a folder without a source as it was", async () => {
    const root = folder("none");
    writeFileSync(place(root, "a.txt"), "x");
    await expect(convert(root, `${root}.medsdb`)).rejects.toMatchObject({ code: "MEDS_NO_DATA" });
  });
});

const FACT = /^(MEDS_BIRTH|(Gender|Race|Ethnicity)\/)/i;
const TABLES: Readonly<Record<string, string>> = {
  condition: "condition_occurrence",
  procedure: "procedure_occurrence",
  visit: "visit_occurrence",
};

/** Numbers in one spelling: a text "18.0" becomes the number 18. */
const spelled = (word: string) => (/^-?\d+(\.\d+)?$/.test(word) ? String(Math.fround(Number(word))) : word);

/** All rows of patients as the format has them: minute, code, the whole line of the code, and the table where the source has one. */
function held(patients: Iterable<Patient>, isOwn: boolean, hasTables: boolean): string[] {
  const found: string[] = [];
  for (const patient of patients)
    for (const event of patient) {
      const { code, description, numericValue, unit } = event;
      // The person is in an element of its own.
      if (FACT.test(code)) continue;
      const type = hasTables ? (event.get("table") as string) : "";
      const table = TABLES[type] ?? type;
      const minute = event.date === null ? "" : event.date.toISOString().slice(0, 16);
      const [number, text] = [numericValue === null ? null : String(numericValue), event.get("text_value") as string | null];
      const line = [description, number, number !== null && text === number ? null : text, number === null ? null : unit];
      const words =
        table === "note"
          ? [isOwn ? (description ?? code) : code.replace(/^Note\//, ""), (text ?? number ?? "").trim()]
          : [code, line.filter((part) => part !== null).join(" ")];
      found.push(
        JSON.stringify([String(patient.subjectId), minute, table, ...words.map((word) => word.trim().split(/\s+/).map(spelled).join(" "))]),
      );
    }
  return found.sort();
}

/** Writes each patient of a store as XML, and converts the files again. */
async function again(patients: Iterable<Patient>, look: (back: PatientDatabase) => void): Promise<void> {
  const root = folder("written");
  for (const patient of patients) writeFileSync(join(root, `${patient.subjectId}.xml`), patient.toText({ format: "medalign-xml" }).bytes);
  await opened(root, look);
}

const AWKWARD: readonly RecordRow[] = [
  { time: "1960-01-02", code: "MEDS_BIRTH", table: "person" },
  { time: "1960-01-02", code: "Gender/F", table: "person" },
  { time: null, code: "STATIC//a", table: "observation", value: 3 },
  { time: "2019-01-01T00:00", code: "Visit/IP", table: "visit", visit: 7n, end: "2019-01-03T00:00" },
  { time: "2019-01-01T12:00", code: "LOINC/1", table: "measurement", value: 7.1, unit: "%", visit: 7n },
  { time: "2019-01-01T12:01", code: "LOINC/1", table: "measurement", value: -1e-9, unit: "mm Hg", visit: 7n },
  { time: "2019-01-01T12:01", code: "LOINC/1", table: "measurement", value: 3e38, visit: 7n },
  { time: "2019-01-01T23:59", code: "LOINC/2", table: "measurement", text: "a <b> & \"c\" ]]> d", visit: 7n },
  { time: "2019-01-01T23:59", code: "LOINC/2", table: "measurement", text: "other\nwords", visit: 7n },
  { time: "2019-02-01T10:00", code: "ICD/1", table: "condition" },
  { time: "2019-02-01T10:00", code: "NOTE//x[1]", table: "note", text: "First.\n\n  Second & <third>.  " },
  { time: "2019-02-01T10:00", code: "NOTE//y", table: "note", text: "" },
  { time: "2019-03-01T10:00", code: "RxNorm/1", table: "drug_exposure", value: 2, unit: "MG" },
]; // biome-ignore format: a table

describe("what our writer writes as lumia-xml", () => {
  it("comes back: awkward rows, with ends", async () => {
    const rows: RecordRow[] = [
      ...AWKWARD,
      { time: "2019-04-01T10:00:30", code: "RxNorm/2", table: "drug_exposure", end: "2019-04-02T00:00" },
      { time: "2019-04-01T11:00", code: "RxNorm/2", table: "drug_exposure", value: 5, unit: "MG", end: "2019-04-03T00:00" },
      { time: "2019-04-01T12:00", code: "LOINC/3", table: "measurement", value: 5, text: "about 5", note: 8n, provider: 9n, end: "2019-04-01T13:00" },
    ]; // biome-ignore format: a table
    const db = PatientDatabase.open(await recordStore(new Map([[1n, rows]]), { "LOINC/1": "Lab one" }));
    const shown = (of: PatientDatabase) =>
      [...of.get(1)!]
        .filter(({ code }) => !FACT.test(code))
        .map((event) => {
          const texts = ["text_value", "table", "end", "note_id", "provider_id"].map((name) => String(event.get(name) ?? "").trim());
          return [event.time, event.code, event.description, event.numericValue, event.unit, ...texts].map(String).join("|");
        })
        .sort();
    const root = folder("written");
    writeFileSync(join(root, "1.xml"), db.get(1)!.toText({ format: "lumia-xml" }).bytes);
    await opened(root, (back) => {
      expect(shown(back)).toEqual(shown(db));
      expect(back.get(1)!.birthTime).toEqual(db.get(1)!.birthTime);
    });
    db.close();
  });
});

describe("what our writer writes as medalign-xml", () => {
  it("comes back: awkward rows", async () => {
    const store = await recordStore(new Map([[1n, AWKWARD], [2n, AWKWARD.slice(0, 6)]]), { "LOINC/1": "Lab one", "ICD/1": "Disease", "Visit/IP": "Inpatient Visit" }); // biome-ignore format: one call
    const db = PatientDatabase.open(store);
    await again(db, (back) => {
      expect(held(back, false, true)).toEqual(held(db, true, true));
      const values = (of: PatientDatabase) =>
        [...of.get(1)!].filter(({ code }) => code === "LOINC/1").map((event) => [event.numericValue, event.get("unit")]);
      expect(values(back)).toEqual(values(db));
      expect(back.get(1)!.birthTime).toEqual(db.get(1)!.birthTime);
    });
    db.close();
  });

  const mimic = real("mimic-iv-demo-meds-0.0.1");
  it.skipIf(mimic === null)("comes back: MIMIC-IV's demo", { timeout: 300_000 }, async () => {
    const store = join(folder("mimic"), "mimic.medsdb");
    await convert(mimic!, store);
    const db = PatientDatabase.open(store);
    const some = [...db].slice(0, 30);
    await again(some, (back) => {
      // A difference of long lists takes minutes to show.
      const [found, wanted] = [held(back, false, false), held(some, true, false)];
      expect(found.find((row, i) => row !== wanted[i])).toBeUndefined();
      expect(found.length).toBe(wanted.length);
      // Where a code has no texts, nearly all numbers are numbers again: the only number of a code may be a part
      // of its description.
      const worded = new Set(some.flatMap((one) => [...one].filter((event) => event.get("text_value") !== null).map(({ code }) => code)));
      const numbers = (of: Iterable<Patient>) =>
        [...of].flatMap((one) => [...one].filter(({ code, numericValue }) => numericValue !== null && !worded.has(code))).length;
      expect(numbers(some)).toBeGreaterThan(10_000);
      expect(Math.abs(numbers(back) / numbers(some) - 1)).toBeLessThan(0.01);
    });
    db.close();
  });
});
