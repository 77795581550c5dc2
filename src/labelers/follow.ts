import type { Store } from "../store/store.js";
import { expected, namesIn } from "../support/arguments.js";
import type { Patient } from "../timeline/patient.js";
import { type LabelCodes, membersOf } from "./codes.js";
import { rowsWith } from "./times.js";

/**
 * The end of a patient's observation: the last row (`last_event`, the default), the first row with a death
 * code (`death`), or the last row with a code that ends observation (`until`). Without such a row it is the
 * last row.
 */
export type FollowUp = "last_event" | "death" | { readonly until: LabelCodes };

/** {@link FollowUp} of one store; null: the last row. */
export type FollowUpPlan = { readonly codes: Uint8Array; readonly first: boolean } | null;

export function followUpPlan(store: Store, followUp: FollowUp | undefined): FollowUpPlan {
  if (followUp === undefined || followUp === "last_event") return null;
  if (followUp === "death") {
    const codes = new Uint8Array(store.codes.size + 1);
    const ranges = store.deathCodes;
    for (let at = 0; at < ranges.length; at += 2) codes.fill(1, ranges[at], ranges[at + 1]);
    return { codes, first: true };
  }
  if (typeof followUp !== "object" || followUp === null || !("until" in followUp))
    return expected("followUp", followUp, '"last_event", "death" or { until: codes }');
  namesIn("`followUp`", followUp, ["until"]);
  return { codes: membersOf("followUp.until", store.codes, followUp.until), first: false };
}

/** The time of the end of observation. Only for patients that have a row with a time. */
export function followedUntil(plan: FollowUpPlan, patient: Patient): bigint {
  const { times, length } = patient;
  const row = plan === null ? undefined : rowsWith(plan.codes, patient).at(plan.first ? 0 : -1);
  return times[row ?? length - 1]!;
}
