import type { Store } from "../store/store.js";
import { failGiven } from "../support/arguments.js";
import type { Patient } from "../timeline/patient.js";
import { type LabelCodes, membersOf } from "./codes.js";
import { rowsWith } from "./times.js";

/**
 * Until when a patient is observed: the last row (`last_event`, the default), the first row with a death code (`death`), or the last row with some
 * codes of an end of observation. Where a patient has no such row, the last row.
 */
export type FollowUp = "last_event" | "death" | { readonly until: LabelCodes };

/** {@link FollowUp} of one store; null for the last row. */
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
    return failGiven("followUp", followUp, '"last_event", "death" or { until: codes }');
  return { codes: membersOf("followUp.until", store.codes, followUp.until), first: false };
}

/** The time until which a patient is observed. Asked only of patients that have a row with a time. */
export function followedUntil(plan: FollowUpPlan, patient: Patient): bigint {
  const { times, length } = patient;
  const row = plan === null ? undefined : rowsWith(plan.codes, patient).at(plan.first ? 0 : -1);
  return times[row ?? length - 1]!;
}
