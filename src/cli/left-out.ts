// What is left out of the output, in words.
import type { InstructionReport, InstructionTimelines, Labels, SampleReport } from "../index.js";
import { plural } from "./format.js";

type Count = readonly [count: number, noun: string, about: string];

/** "left out: 2 labels of other patients, 1 label of …"; nothing where all counts are 0. */
function leftOut(counts: readonly Count[]): string[] {
  const parts = counts.filter(([count]) => count > 0).map(([count, noun, about]) => `${plural(count, noun)} ${about}`);
  return parts.length === 0 ? [] : [`left out: ${parts.join(", ")}`];
}

/** Labels that are no samples, and those that their files have without a time. */
export function labelsLeftOut(
  { unknownLabels, unknownSubjects, otherSplit, noSplit }: SampleReport,
  labels: Pick<Labels, "leftOut"> | undefined,
): string[] {
  const { withoutStudy, withoutTime } = labels?.leftOut ?? { withoutStudy: 0, withoutTime: 0 };
  return leftOut([
    [withoutTime, "label", "of studies without a time"],
    [withoutStudy, "label", "of studies that the table of studies does not have"],
    [unknownLabels, "label", `of ${plural(unknownSubjects, "subject")} outside the store`],
    [otherSplit, "label", "of other patients"],
    [noSplit, "label", "of subjects in no split"],
  ]);
}

/** Instructions, and what belongs to them in their files; and those of the others that have no time. */
export function instructionsLeftOut(
  { notSelected, orphanResponses }: InstructionReport,
  timelines: Iterable<{ readonly instruction: { readonly time: bigint | null } }> & Pick<InstructionTimelines, "absent">,
): string[] {
  const { absent } = timelines;
  const nameless = absent.filter(({ subjectId }) => subjectId === null).length;
  let timeless = 0;
  for (const { instruction } of timelines) if (instruction.time === null) timeless += 1;
  return [
    ...leftOut([
      [nameless, "instruction", "without a patient"],
      [absent.length - nameless, "instruction", "about other patients"],
      [notSelected, "row", "that is_selected_ehr excludes"],
      [orphanResponses, "response", "to no instruction"],
    ]),
    ...(timeless === 0 ? [] : [`${plural(timeless, "instruction")} without a time: as of the last row`]),
  ];
}
