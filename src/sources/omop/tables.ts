// What each table of the OMOP CDM gives, as meds_etl 0.3.11 reads it (meds_etl/omop.py): data, no code.

/** A kind of event that the rows of a table give. */
export interface EventOf {
  /** The table of the CDM, as its files are named. */
  readonly table: string;
  /** What the column "table" of the events says, and how the table's own columns begin: meds_etl calls visit_occurrence "visit". */
  readonly name: string;
  /** A fixed code, for births and deaths. */
  readonly code?: string;
  /** The column of the standard concept; `…_source_concept_id`, where there is one, comes before it. */
  readonly concept?: string;
  /** What CDM 5.3 calls that column. */
  readonly older?: string;
  /** A detail of rows that give another event too: what is lost with it is the detail and not the row. */
  readonly detail?: true;
  /** Concept of rows that have neither. */
  readonly fallback?: number;
  /** Columns of the time that come before the usual ones. */
  readonly times?: readonly string[];
  /** Columns of values: a number, a text, a concept. The first that is not null counts. */
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

/** Tables that give events, each once. */
export const EVENT_TABLES: readonly string[] = [...new Set(EVENTS.map(({ table }) => table))];

/** Tables that say what concepts and the data set are. */
export const OTHER_TABLES = ["concept", "concept_relationship", "concept_ancestor", "cdm_source", "observation_period"] as const;

/** Where the time of an event may stand, the first that is not null counts. */
export function timesOf({ name, times = [] }: EventOf): readonly string[] {
  return [...times, `${name}_start_datetime`, `${name}_start_date`, `${name}_datetime`, `${name}_date`];
}

/** Tables of a vocabulary, which may come from beside the others. */
export const VOCABULARY_TABLES = ["concept", "concept_relationship", "concept_ancestor"] as const;
