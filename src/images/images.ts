import { expected, namesIn, optionsOf, pathOf } from "../support/arguments.js";
import { shownAs } from "../support/inspect.js";
import { lazy } from "../support/lazy.js";
import { microsOf, type TimeLike } from "../support/time.js";
import { Timeline } from "../timeline/timeline.js";
import type { Image, ImageReport } from "./image.js";

const imageFiles = lazy(() => import("./files.js"));

/** Where images are, and what is known of them. */
export interface OpenImagesOptions {
  /** The folder of the images: paths of the mapping are below it. Without paths, an image is `FOLDER/ID.nii.gz`. */
  readonly folder?: string | undefined;
  /** A CSV or TSV file of impressions: `impression_id` and `impressions`. */
  readonly impressions?: string | undefined;
}

/** Which images {@link Images.of} returns. */
export interface ImagesOfOptions {
  /** Only images up to and including this time. */
  readonly until?: TimeLike | undefined;
}

/**
 * The images of patients, by a table that maps them. It names files and never opens one.
 *
 * Source of the definitions: INSPECT (github.com/som-shahlab/INSPECT_public; arXiv 2311.10798). Its files are under a
 * data use agreement and were not at hand: what is known of them is from public code.
 *
 * @example
 * ```ts
 * import { writeFileSync } from "node:fs";
 * import { Images, PatientDatabase } from "meds-reader";
 *
 * const db = PatientDatabase.open("demo.medsdb");
 * const patient = db.at(0)!;
 * writeFileSync("study_mapping.tsv", `impression_id\timage_id\tperson_id\tprocedure_DATETIME\n1\tPE1\t${patient.subjectId}\t2020-01-01\n`);
 * const images = await Images.open("study_mapping.tsv", { folder: "CTPA" });
 * for (const { imageId, time, path } of images.of(patient)) console.log(imageId, time, path);
 * db.close();
 * ```
 */
export class Images implements Iterable<Image> {
  readonly report: ImageReport;
  private readonly all: readonly Image[];
  private readonly bySubject = new Map<bigint, Image[]>();

  /** @internal */
  constructor(all: readonly Image[], report: ImageReport) {
    this.all = all;
    this.report = report;
    for (const image of all) {
      const own = this.bySubject.get(image.subjectId);
      if (own === undefined) this.bySubject.set(image.subjectId, [image]);
      else own.push(image);
    }
  }

  /**
   * Reads a mapping in CSV or TSV, a row per image.
   *
   * Columns that public code reads from INSPECT's `study_mapping_20250611.tsv`: `person_id`, `impression_id`, `image_id`
   * (the image is `CTPA/ID.nii.gz`), `procedure_DATETIME`, and `note_DATETIME` where that is empty; from
   * `impressions_20250611.tsv`: `impression_id`, `impressions`. Columns that other code of the same group reads:
   * `image_study_uid`, `image_series_uid`, `nifti_path`, `local_path`. Assumed: `path`, `subject_id`, `patient_id`,
   * `procedure_time`, `StudyTime`, `time`, `impression`.
   *
   * @throws MedsError `MEDS_NOT_FOUND`; `MEDS_MISSING_COLUMN`; `MEDS_NULL_VALUE` for a row without a patient;
   * `MEDS_COLUMN_TYPE` for a time or patient that is not one; `MEDS_SCHEMA_CONFLICT` for two impressions of one study;
   * `MEDS_SOURCE_DAMAGED`.
   */
  static async open(mapping: string, options?: OpenImagesOptions): Promise<Images> {
    const { folder, impressions } = optionsOf(options) ?? {};
    namesIn("Images.open", options ?? {}, ["folder", "impressions"]);
    const path = pathOf("mapping", mapping);
    const places = {
      folder: folder === undefined ? undefined : pathOf("folder", folder),
      impressions: impressions === undefined ? undefined : pathOf("impressions", impressions),
    };
    const { readImages } = await imageFiles();
    const { images, report } = await readImages(path, places);
    return new Images(images, report);
  }

  /** Number of images in the mapping. */
  get size(): number {
    return this.all.length;
  }

  /** The images of the mapping, in its order. */
  [Symbol.iterator](): IterableIterator<Image> {
    return this.all[Symbol.iterator]();
  }

  /**
   * The images of a patient, in order of time; those without a time come last. Rows of the timeline with an
   * `image_series_uid` are images too: they are joined to the mapping by this id, and their time counts.
   *
   * A window of a patient has the images up to the time of its last row, and none whose time is not known.
   *
   * @throws MedsError `MEDS_CLOSED`; `MEDS_INVALID_ARGUMENT`.
   */
  of<S extends object>(timeline: Timeline<S>, options?: ImagesOfOptions): Image[] {
    if (!(timeline instanceof Timeline)) expected("The first argument of Images.of", timeline, "a patient or a timeline");
    const { until } = optionsOf(options) ?? {};
    namesIn("Images.of", options ?? {}, ["until"]);
    // A schema of the caller need not name the columns of images.
    const line = (until === undefined ? timeline : timeline.until(until)) as unknown as Timeline;
    const last = until === undefined ? timeline._asOf() : microsOf(until);
    const recorded = recordedIn(line, this.bySubject.get(line.subjectId) ?? []);
    const series = new Set(recorded.map(({ seriesUid }) => seriesUid));
    const mapped = (this.bySubject.get(line.subjectId) ?? []).filter(
      ({ seriesUid, time }) => (seriesUid === null || !series.has(seriesUid)) && (last === null || (time !== null && time <= last)),
    );
    return [...recorded, ...mapped].sort(byTime);
  }

  /** @internal What `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return shownAs("Images", { size: this.size, subjects: this.bySubject.size });
  }
}

/** The images that rows of a timeline record, with what the mapping says of them. */
function recordedIn(line: Timeline, mapped: readonly Image[]): Image[] {
  const names = new Set(line._shard.store.columns.map(({ name }) => name));
  if (!names.has("image_series_uid")) return [];
  const series = line.column("image_series_uid");
  const study = names.has("image_study_uid") ? line.column("image_study_uid") : null;
  const found: Image[] = [];
  for (let row = 0; row < line.length; row += 1) {
    const seriesUid = textOf(series.at(row));
    if (seriesUid === null) continue;
    const known = mapped.find((image) => image.seriesUid === seriesUid);
    const { imageId = null, impressionId = null, path = null, impression = null } = known ?? {};
    const studyUid = textOf(study?.at(row)) ?? known?.studyUid ?? null;
    const time = line.at(row)!.timeMicros ?? known?.time ?? null;
    found.push({ subjectId: line.subjectId, imageId, studyUid, seriesUid, impressionId, time, path, impression, row });
  }
  return found;
}

const textOf = (value: unknown): string | null => (value === null || value === undefined || value === "" ? null : String(value));

function byTime(a: Image, b: Image): number {
  if (a.time === b.time) return 0;
  if (a.time === null || b.time === null) return a.time === null ? 1 : -1;
  return a.time < b.time ? -1 : 1;
}
