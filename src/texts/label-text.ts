import type { Instruction } from "../instructions/instruction.js";
import type { LabelRow } from "../labels/labels.js";
import { TimelineText, type WrittenText } from "../text/text.js";

/** The text of a label, or of a patient: {@link texts} returns it. */
export class LabelText extends TimelineText {
  /** The prediction time of the label, in microseconds since 1970-01-01; null without labels. */
  readonly predictionTime: bigint | null;
  /** Null without labels. */
  readonly label: LabelRow | null;

  /** The instruction that the text is for; null for other texts. */
  readonly instruction: Instruction | null;

  /** @internal */
  constructor(subjectId: bigint, cutoff: bigint | null, label: LabelRow | null, instruction: Instruction | null, written: WrittenText) {
    super(subjectId, cutoff, written);
    this.predictionTime = label?.predictionTime ?? null;
    this.label = label;
    this.instruction = instruction;
  }
}
