/** A reference answer to an instruction. */
export interface InstructionResponse {
  /** Who wrote it, as the file names them: `Annotator_1`. Null where the file does not say it. */
  readonly annotator: string | null;
  readonly text: string;
  /** Where in the record the answer is, in the annotator's words; null where the file does not say it. */
  readonly evidence: string | null;
}

/** What a clinician asks about a patient's record. */
export interface Instruction {
  readonly id: string;
  readonly text: string;
  /** Null where the files do not say whose record it is about. */
  readonly subjectId: bigint | null;
  /**
   * Until when the record is known, in microseconds since 1970-01-01; null where the files do not say it: then
   * it is about the whole record.
   */
  readonly time: bigint | null;
  readonly category: string | null;
  /** Specialty of the clinician who wrote the instruction. */
  readonly specialty: string | null;
  readonly responses: readonly InstructionResponse[];
}

/** Names of columns, where a file has others than those that {@link Instructions.open} knows. */
export interface InstructionColumns {
  readonly id?: string | undefined;
  readonly text?: string | undefined;
  readonly subject?: string | undefined;
  readonly time?: string | undefined;
  readonly category?: string | undefined;
  readonly specialty?: string | undefined;
  readonly response?: string | undefined;
  readonly annotator?: string | undefined;
  readonly evidence?: string | undefined;
}

/** What was read. */
export interface InstructionReport {
  /** The files that have instructions or responses. */
  readonly files: readonly string[];
  /** Their rows. */
  readonly rows: number;
  /** Rows of an instruction that was read before, for example with the response of another model. */
  readonly repeated: number;
  /** Rows that are left out because `is_selected_ehr` says no. */
  readonly notSelected: number;
  /** Responses to instructions that no file has, which are left out. */
  readonly orphanResponses: number;
  /** Instructions that do not say whose record they are about, or until when it is known. */
  readonly withoutSubject: number;
  readonly withoutTime: number;
}
