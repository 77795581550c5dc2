/** An image series of a patient. No file is opened: the path is only named. */
export interface Image {
  readonly subjectId: bigint;
  /** Null where neither the mapping nor the record says it, as for the other ids. */
  readonly imageId: string | null;
  readonly studyUid: string | null;
  readonly seriesUid: string | null;
  readonly impressionId: string | null;
  /** Microseconds since 1970-01-01: of the row in the record, else of the mapping. Null where neither has one. */
  readonly time: bigint | null;
  /** The file (NIfTI) or folder (DICOM); null where no path is known. It may not exist. */
  readonly path: string | null;
  /** What the radiologist concluded. It is written after the image, so it is not known at its time. */
  readonly impression: string | null;
  /** The row of the timeline that records the image; null where none does. */
  readonly row: number | null;
}

/** What was read. */
export interface ImageReport {
  /** Rows of the mapping. */
  readonly rows: number;
  readonly withoutTime: number;
  readonly withoutPath: number;
  /** Impressions of studies that the mapping does not have. */
  readonly orphanImpressions: number;
}
