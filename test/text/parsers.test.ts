// 10,000 timelines with awkward text, as XML and JSON, read back by two parsers each. They give what was written into the source.
import { parseXml, type XmlElement } from "@rgrove/parse-xml";
import fc from "fast-check";
import { PatientDatabase, type TextFormat, texts, writeTexts } from "meds-reader";
import sax from "sax";
import { beforeAll, describe, expect, it } from "vitest";
import { duck } from "../support/dataset.js";
import { folder } from "../support/folder.js";
import { scaled } from "../support/property.js";
import { micros, type RecordRow, recordStore } from "../support/record.js";

const COUNT = scaled(10_000);

/** Texts that break what is written carelessly. Arrow has no lone surrogates. */
const words = fc
  .array(
    fc.constantFrom(
      "<",
      "&",
      "]]>",
      "<!--",
      '"',
      "'",
      "\0",
      "\u0007",
      "\u001b",
      "\ufffe",
      "\uffff",
      "\u0085",
      "\u2028",
      "\r",
      "\r\n",
      "\n",
      "\t",
      " ",
      "  ",
      "é",
      "日",
      "😀",
      "\u{10ffff}",
      "a",
      "&amp;",
      "\\u0041",
      "</event>",
      "{",
      "}",
      "\\",
      "/",
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => parts.join(""));
const row = fc.record({
  code: words.map((text) => `X//${text}`),
  value: fc.option(fc.constantFrom(0, -0.5, 7.1, 1e20, -1e-7, Number.NaN, Number.POSITIVE_INFINITY), { nil: null }),
  unit: fc.option(words, { nil: null }),
  text: fc.option(words, { nil: null }),
  table: fc.option(fc.constantFrom("measurement", "note", "drug_exposure", "odd <table>"), { nil: null }),
  minutes: fc.nat({ max: 100_000 }),
  visit: fc.option(fc.bigInt({ min: 1n, max: 3n }), { nil: null }),
});

/** The rows of each patient, in order of time. */
const source = new Map<bigint, RecordRow[]>();
let db: PatientDatabase;
beforeAll(async () => {
  const lists = fc.sample(fc.array(row, { minLength: 1, maxLength: 5 }), { numRuns: COUNT, seed: 7 });
  for (const [i, list] of lists.entries()) {
    const rows = list
      .sort((a, b) => a.minutes - b.minutes)
      .map(({ minutes, ...rest }) => ({ ...rest, time: BigInt(minutes) * 60_000_000n }));
    // Ids beyond 2^53, negative ones too.
    source.set(i % 2 === 0 ? 2n ** 60n + BigInt(i) : -BigInt(i), rows);
  }
  db = PatientDatabase.open(await recordStore(source));
  return () => db.close();
}, 120_000);

/** What XML and its parsers leave of a text. */
const inXml = (text: string) => text.replace(/[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
/** The number as both kinds of JSON, and JavaScript, read it. */
const number = (value: number | null | undefined) => (value == null ? null : Math.fround(value));

interface Element {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: Element[];
  text: string;
}

function bySax(xml: string): Element {
  const top: Element = { name: "", attributes: {}, children: [], text: "" };
  const open = [top];
  const parser = sax.parser(true);
  parser.onopentag = ({ name, attributes }) => {
    const element = { name, attributes: attributes as Record<string, string>, children: [], text: "" };
    open.at(-1)!.children.push(element);
    open.push(element);
  };
  parser.ontext = (text) => {
    open.at(-1)!.text += text;
  };
  parser.onclosetag = () => void open.pop();
  parser.onerror = (error) => {
    throw error;
  };
  parser.write(xml).close();
  return top.children[0]!;
}

function byParseXml(xml: string): Element {
  const of = (element: XmlElement): Element => ({
    name: element.name,
    attributes: { ...element.attributes },
    children: element.children.flatMap((child) => (child.type === "element" ? [of(child as XmlElement)] : [])),
    text: element.children.map((child) => (child.type === "text" ? (child as unknown as { text: string }).text : "")).join(""),
  });
  return of(parseXml(xml).root!);
}

const all = (element: Element, name: string): Element[] => [
  ...(element.name === name ? [element] : []),
  ...element.children.flatMap((child) => all(child, name)),
];
const parsers = [
  ["sax", bySax, (text: string) => text],
  // Between tags, this parser turns a carriage return into a line feed, although it is a reference (&#13;).
  ["@rgrove/parse-xml", byParseXml, (text: string) => text.replaceAll("\r", "\n")],
] as const;

async function written(format: TextFormat): Promise<Map<bigint, string>> {
  const found = new Map<bigint, string>();
  for await (const { subjectId, text } of texts(db, undefined, { format, threads: 1 })) found.set(subjectId, text);
  expect(found.size).toBe(COUNT);
  return found;
}

describe("lumia-xml", () => {
  it.each(parsers)("is read by %s as it was in the source", async (_, parse, content) => {
    for (const [id, xml] of await written("lumia-xml")) {
      const top = parse(xml);
      expect(top.attributes.person_id).toBe(String(id));
      const found = all(top, "entry").flatMap(({ attributes: { timestamp }, children }) =>
        children.map(({ attributes: { type, code, unit, text }, text: value }) => [
          `${timestamp!.replace(" ", "T")}Z`,
          type,
          code,
          unit ?? null,
          text ?? null,
          value,
        ]),
      );
      const expected = source.get(id)!.map(({ time, code, value, unit, text, table }) => {
        const shown = value == null ? null : String(value);
        return [
          new Date(Number(micros(time!) / 1000n)).toISOString().replace(".000", ""),
          inXml(table ?? "observation"),
          inXml(code),
          unit == null ? null : inXml(unit),
          shown !== null && text != null ? inXml(text) : null,
          shown ?? content(inXml(text ?? "")),
        ];
      });
      expect(found.sort(), xml).toEqual(expected.sort());
    }
  });
});

describe("medalign-xml", () => {
  it.each(parsers)("is read by %s, with all codes and notes", async (_, parse, content) => {
    for (const [id, xml] of await written("medalign-xml")) {
      const top = parse(xml);
      const notes = all(top, "note").map(({ text }) => text.replace(/^\n|\n {6}$/g, ""));
      const rows = source.get(id)!;
      const isNote = ({ table }: RecordRow) => table === "note";
      const shown = ({ value, text }: RecordRow) => content(inXml(text ?? (value == null ? "" : String(value))));
      expect(notes.sort(), xml).toEqual(rows.filter(isNote).map(shown).sort());
      const codes = all(top, "code").map(({ text }) => text);
      const left = rows.filter((one) => !isNote(one)).map(({ code }) => `[${content(inXml(code))}]`);
      expect(codes.length, xml).toBe(left.length);
      for (const code of left)
        expect(
          codes.some((text) => text.startsWith(code)),
          xml,
        ).toBe(true);
    }
  });
});

describe("jsonl", () => {
  const expected = ({ time, code, value, unit, text, table }: RecordRow) => ({
    time: new Date(Number(micros(time!) / 1000n)).toISOString().replace(".000Z", ""),
    code,
    type: table ?? "observation",
    numeric_value: number(value),
    unit: unit ?? null,
    text_value: text ?? null,
  });

  it("is read by JSON.parse as it was in the source", async () => {
    for (const [id, line] of await written("jsonl")) {
      const events = (JSON.parse(line) as { events: Record<string, string | number>[] }).events;
      const found = events.map(({ time, code, type, numeric_value: value, unit = null, text_value: text = null }) => ({
        time,
        code,
        type,
        numeric_value: value === undefined ? null : Math.fround(Number(value)),
        unit,
        text_value: text,
      }));
      expect(found).toEqual(source.get(id)!.map(expected));
    }
  });

  it("is read by DuckDB as it was in the source", async () => {
    const file = `${folder("jsonl")}/events.jsonl`;
    await writeTexts(texts(db, undefined, { format: "jsonl-events", threads: 1 }), file);
    const columns =
      "{ subject_id: 'BIGINT', time: 'VARCHAR', code: 'VARCHAR', type: 'VARCHAR', numeric_value: 'DOUBLE', unit: 'VARCHAR', text_value: 'VARCHAR' }";
    const result = await (await duck()).runAndReadAll(
      `SELECT * FROM read_json('${file}', format = 'newline_delimited', columns = ${columns})`,
    );
    const found = new Map<bigint, object[]>();
    for (const { subject_id: id, numeric_value: value, ...rest } of result.getRowObjects() as Record<string, unknown>[]) {
      const { time, code, type, unit, text_value } = rest;
      const one = { time, code, type, numeric_value: number(value as number | null), unit, text_value };
      found.set(id as bigint, [...(found.get(id as bigint) ?? []), one]);
    }
    expect(found.size).toBe(COUNT);
    for (const [id, rows] of source) expect(found.get(id)).toEqual(rows.map(expected));
  });
});
