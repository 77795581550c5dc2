// The events of each table of the OMOP CDM, as meds_etl 0.3.11 reads them (meds_etl/omop.py): data, not code.

/** A kind of event that comes from the rows of a table. */
export interface EventOf {
  /** The table of the CDM, as in the names of its files. */
  readonly table: string;
  /**
   * The value of the column "table" of the events, and the prefix of the table's own columns: "visit" for
   * visit_occurrence, as in meds_etl.
   */
  readonly name: string;
  /** A fixed code, for births and deaths. */
  readonly code?: string;
  /** The column of the standard concept. `…_source_concept_id` takes precedence if it exists. */
  readonly concept?: string;
  /** The name of that column in CDM 5.3. */
  readonly older?: string;
  /** A detail of rows that also become another event. If its code is missing, only the detail is lost. */
  readonly detail?: true;
  /** The concept of rows that have neither. */
  readonly fallback?: number;
  /** Columns of the time that take precedence over the usual ones. */
  readonly times?: readonly string[];
  /** Columns of values: a number, a text, a concept. The first one that is not null counts. */
  readonly number?: string;
  readonly text?: string;
  readonly valueConcept?: string;
}

export const EVENTS: readonly EventOf[] = [
  { table: "person", name: "person", code: "MEDS_BIRTH" },
  { table: "person", name: "person", concept: "gender_concept_id", detail: true },
  { table: "person", name: "person", concept: "race_concept_id", detail: true },
  { table: "person", name: "person", concept: "ethnicity_concept_id", detail: true },
  { table: "drug_exposure", name: "drug_exposure", concept: "drug_concept_id" },
  { table: "visit_occurrence", name: "visit", concept: "visit_concept_id", fallback: 8 },
  {
    table: "visit_occurrence",
    name: "visit",
    concept: "discharged_to_concept_id",
    older: "discharge_to_concept_id",
    detail: true,
    times: ["visit_end_datetime", "visit_end_date"],
  },
  { table: "condition_occurrence", name: "condition", concept: "condition_concept_id" },
  { table: "death", name: "death", code: "MEDS_DEATH" },
  { table: "procedure_occurrence", name: "procedure", concept: "procedure_concept_id" },
  { table: "device_exposure", name: "device_exposure", concept: "device_concept_id" },
  {
    table: "measurement",
    name: "measurement",
    concept: "measurement_concept_id",
    number: "value_as_number",
    text: "value_source_value",
    valueConcept: "value_as_concept_id",
  },
  {
    table: "observation",
    name: "observation",
    concept: "observation_concept_id",
    number: "value_as_number",
    text: "value_as_string",
    valueConcept: "value_as_concept_id",
  },
  { table: "note", name: "note", concept: "note_class_concept_id", fallback: 46_235_038, text: "note_text" },
  { table: "visit_detail", name: "visit_detail", concept: "visit_detail_concept_id", fallback: 4_203_722 },
];

/** The name of a kind of event in counts: its table and the column of its concept. */
export const nameOf = ({ table, concept }: EventOf): string => (concept === undefined ? table : `${table}.${concept}`);

/** Tables that contain events, each once. */
export const EVENT_TABLES: readonly string[] = [...new Set(EVENTS.map(({ table }) => table))];

/** Tables that describe concepts and the dataset. */
export const OTHER_TABLES = ["concept", "concept_relationship", "concept_ancestor", "cdm_source", "observation_period"] as const;

/** The columns with the time of an event. The first one that is not null counts. */
export function timesOf({ name, times = [] }: EventOf): readonly string[] {
  return [...times, `${name}_start_datetime`, `${name}_start_date`, `${name}_datetime`, `${name}_date`];
}

/** Tables of a vocabulary, which may also come from outside the source. */
export const VOCABULARY_TABLES = ["concept", "concept_relationship", "concept_ancestor"] as const;
