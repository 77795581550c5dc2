// The patients that --split and --ids choose.
import { type Cohort, type PatientDatabase, readSubjectIds } from "../index.js";

/** `skipsUnknown`: leave out ids that are not in the store. Otherwise they are an error. */
export async function cohortOf(
  db: PatientDatabase,
  { split, ids }: { readonly split?: string; readonly ids?: string },
  skipsUnknown = false,
): Promise<Cohort> {
  const whole: Cohort = split === undefined ? db : db.split(split);
  if (ids === undefined) return whole;
  const listed = [...(await readSubjectIds(ids))];
  const chosen = db.subset(skipsUnknown ? listed.filter((id) => db.has(id)) : listed).subjectIds;
  return whole.subset([...chosen].filter((id) => whole.has(id)));
}
