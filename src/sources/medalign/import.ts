// Converts a folder of XML files, one per patient, to a MEDS dataset. The files are read twice: first for the
// descriptions of codes, which only all lines of a code together show, then for the rows.
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Note } from "../../store/manifest.js";
import { type WorkOptions, writeTable } from "../../store/native.js";
import { fail } from "../../support/errors.js";
import { withIo } from "../../support/io.js";
import { MEDALIGN } from "../origin.js";
import { DatasetWriter, textColumn } from "./dataset.js";
import { Descriptions } from "./descriptions.js";
import { EventStreamReader } from "./eventstream.js";
import { RecordReader } from "./record.js";
import type { XmlRow } from "./row.js";
import { type Elements, readXml } from "./xml.js";

/** Readers by the name of the first element. */
const READERS = { record: RecordReader, eventstream: EventStreamReader } as const;

/** The result of an import. */
export interface Imported {
  readonly dataset: string;
  readonly notes: readonly Note[];
}

/** Converts files to a dataset in `work`, an empty folder that the caller removes. */
export async function importXml(
  files: readonly string[],
  work: string,
  origin: Promise<string> | string | undefined,
  { onProgress, signal }: WorkOptions,
): Promise<Imported> {
  const dataset = join(work, "meds");
  for (const name of ["data", "metadata"]) mkdirSync(join(dataset, name), { recursive: true });
  const bytesTotal = files.reduce((sum, file) => sum + withIo(file, () => statSync(file)).size, 0);
  const descriptions = new Descriptions();
  const subjects = new Map<bigint, string>();
  const empty: string[] = [];
  const roots = new Set<string>();
  const read = async (phase: "measure" | "sort", use: (file: string, heard: (more: number) => void) => Promise<void>): Promise<void> => {
    let bytes = 0;
    const heard = (more: number): void => {
      bytes += more;
    };
    for (const [done, file] of files.entries()) {
      onProgress?.({ phase, done, total: files.length, bytes, bytesTotal });
      await use(file, heard);
    }
  };
  await read("measure", async (file, heard) => {
    const { subject, root } = await readPatient(file, descriptions, null, { signal, heard });
    roots.add(root);
    const twin = subjects.get(subject);
    if (twin !== undefined)
      fail("MEDS_DUPLICATE_FILE", `${file}: this file has the same subject (${subject}) as ${twin}. Remove one of these files.`, file);
    subjects.set(subject, file);
  });
  descriptions.finish();
  const writer = new DatasetWriter(join(dataset, "data"), roots.has("eventstream"));
  await read("sort", async (file, heard) => {
    const rows: XmlRow[] = [];
    const { subject } = await readPatient(file, descriptions, rows, { signal, heard });
    if (rows.length === 0) empty.push(file);
    writer.add(subject, rows);
  });
  writer.end();
  const codes = [...descriptions].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  writeTable(join(dataset, "metadata", "codes.parquet"), [
    { name: "code", ...textColumn(codes.map(([code]) => code)) },
    { name: "description", ...textColumn(codes.map(([, description]) => description)) },
  ]);
  const about = { dataset_name: "", etl_name: "meds-reader medalign", meds_version: "0.4.0" };
  writeFileSync(join(dataset, "metadata", "dataset.json"), `${JSON.stringify(about, null, 2)}\n`);
  const kept = await origin;
  if (kept !== undefined) writeFileSync(join(dataset, "metadata", MEDALIGN.file), kept);
  const notes =
    empty.length === 0 ? [] : [{ kind: "skipped", message: `files without events, such as ${basename(empty[0]!)}`, count: empty.length }];
  return { dataset, notes };
}

/** Reads a file. `rows` gets its rows; null: only descriptions are learned. */
async function readPatient(
  file: string,
  descriptions: Descriptions,
  rows: XmlRow[] | null,
  options: Parameters<typeof readXml>[2],
): Promise<{ readonly subject: bigint; readonly root: string }> {
  let root: string | undefined;
  let given: string | undefined;
  await readXml(
    file,
    (damaged) => {
      let reader: Elements | undefined;
      return {
        open(name, attributes) {
          if (reader === undefined) {
            if (!Object.hasOwn(READERS, name)) damaged(`the first element is ${name}, and not record (MedAlign) or eventstream (LUMIA)`);
            root = name;
            given = attributes.person_id;
            reader = new READERS[name as keyof typeof READERS](descriptions, rows, damaged);
          }
          reader.open(name, attributes);
        },
        close: (name, text) => reader!.close(name, text),
      };
    },
    options,
  );
  if (root === undefined)
    return fail("MEDS_SOURCE_DAMAGED", `${file}: this file has no elements. Replace it with a complete copy, or remove it.`, file);
  return { subject: subjectOf(file, given), root };
}

/** The attribute `person_id`, or the name of the file: `124.xml` or `EHR_124.xml`. They must not contradict each other. */
function subjectOf(file: string, given: string | undefined): bigint {
  const named = /^(?:EHR_)?(\d+)\.xml$/i.exec(basename(file))?.[1];
  const text = given ?? named;
  if (text === undefined || !/^-?\d+$/.test(text) || BigInt.asIntN(64, BigInt(text)) !== BigInt(text))
    fail(
      "MEDS_NULL_VALUE",
      `${file}: this file does not say which patient it is of. Name it after the subject id (124.xml or EHR_124.xml), or add the attribute person_id to its first element.`,
      file,
    );
  if (given !== undefined && named !== undefined && BigInt(named) !== BigInt(given))
    fail(
      "MEDS_SCHEMA_CONFLICT",
      `${file}: the name of this file has the subject ${named}, and its person_id is ${given}. Correct one of them.`,
      file,
    );
  return BigInt(text);
}
