// Reads the mapping of images to patients, and the impressions of their studies.
import { dirname, isAbsolute, join } from "node:path";
import { fail } from "../support/errors.js";
import { CsvTable } from "../tables/csv.js";
import { failNull } from "../tables/parquet.js";
import type { Image, ImageReport } from "./image.js";

/** Names of columns; the first that a file has counts. */
const NAMES = {
  subjectId: ["person_id", "subject_id", "patient_id"],
  imageId: ["image_id"],
  studyUid: ["image_study_uid", "image_study_UID"],
  seriesUid: ["image_series_uid", "image_series_UID"],
  impressionId: ["impression_id"],
  path: ["nifti_path", "local_path", "path"],
} as const;
/** A study without the time of its procedure may have that of its note. */
const TIMES = ["procedure_DATETIME", "procedure_datetime", "procedure_time", "StudyTime", "time", "note_DATETIME", "note_datetime"];
const IMPRESSION = ["impressions", "impression"];

/** Where images and impressions are. */
export interface ImagePlaces {
  readonly folder: string | undefined;
  readonly impressions: string | undefined;
}

export async function readImages(
  mapping: string,
  { folder, impressions }: ImagePlaces,
): Promise<{ readonly images: readonly Image[]; readonly report: ImageReport }> {
  const table = await CsvTable.open(mapping);
  const texts = impressions === undefined ? new Map<string, string>() : await impressionsIn(impressions);
  const named = (member: keyof typeof NAMES) => NAMES[member].find((name) => table.has(name));
  const subject = named("subjectId") ?? failColumn(table, NAMES.subjectId);
  if (named("imageId") === undefined && named("seriesUid") === undefined) failColumn(table, [...NAMES.imageId, ...NAMES.seriesUid]);
  const times = TIMES.filter((name) => table.has(name));
  const used = new Set<string>();
  const images = Array.from({ length: table.size }, (_, row): Image => {
    const text = (member: keyof typeof NAMES): string | null => {
      const name = named(member);
      return name === undefined ? null : table.text(row, name)?.trim() || null;
    };
    const subjectId = table.integer(row, subject) ?? failNull(mapping, row, subject, "Every image must be of a patient. Correct the file.");
    const impressionId = text("impressionId");
    if (impressionId !== null) used.add(impressionId);
    const imageId = text("imageId");
    return {
      subjectId,
      imageId,
      studyUid: text("studyUid"),
      seriesUid: text("seriesUid"),
      impressionId,
      time: times.reduce<bigint | null>((found, name) => found ?? table.time(row, name), null),
      path: pathOf(text("path"), imageId, folder, mapping),
      impression: impressionId === null ? null : (texts.get(impressionId) ?? null),
      row: null,
    };
  });
  const without = (member: "time" | "path") => images.filter((image) => image[member] === null).length;
  const orphanImpressions = [...texts.keys()].filter((id) => !used.has(id)).length;
  return { images, report: { rows: table.size, withoutTime: without("time"), withoutPath: without("path"), orphanImpressions } };
}

/** The path in the mapping, from the folder of images or of the mapping; else INSPECT's `PE….nii.gz` in the folder. */
function pathOf(path: string | null, imageId: string | null, folder: string | undefined, mapping: string): string | null {
  if (path !== null) return isAbsolute(path) ? path : join(folder ?? dirname(mapping), path);
  if (folder === undefined || imageId === null) return null;
  return join(folder, /\.(nii(\.gz)?|dcm)$/i.test(imageId) ? imageId : `${imageId}.nii.gz`);
}

/** Impressions by the id of their study. */
async function impressionsIn(path: string): Promise<Map<string, string>> {
  const table = await CsvTable.open(path);
  const column = IMPRESSION.find((name) => table.has(name)) ?? failColumn(table, IMPRESSION);
  const found = new Map<string, string>();
  for (let row = 0; row < table.size; row += 1) {
    const id =
      table.text(row, "impression_id")?.trim() ??
      failNull(path, row, "impression_id", "Every impression must name its study. Correct the file.");
    const text = table.text(row, column);
    if (text === null) continue;
    const known = found.get(id);
    if (known !== undefined && known !== text)
      fail("MEDS_SCHEMA_CONFLICT", `${path}: row ${row}: the study ${id} has two impressions. Correct the file.`, path);
    found.set(id, text);
  }
  return found;
}

function failColumn(table: CsvTable, wanted: readonly string[]): never {
  const has = table.header.map((name) => JSON.stringify(name)).join(", ");
  return fail(
    "MEDS_MISSING_COLUMN",
    `${table.path}: there is no column ${wanted.map((name) => `"${name}"`).join(" or ")}. The columns of this file: ${has || "none"}. Rename the right one.`,
    table.path,
  );
}
