// A program whose types are checked: see docs/runtimes.md.
import { type Batch, Labels, loader, type MapFunction, MedsError, type Patient, PatientDatabase, samples } from "meds-reader";

const lengths: MapFunction<number, { most: number }> = (patients, { most }) => Array.from(patients, ({ length }) => Math.min(length, most));

export async function program(path: string): Promise<number> {
  const db: PatientDatabase = await PatientDatabase.from(path);
  const patient: Patient | undefined = db.at(0);
  const times: BigInt64Array | undefined = patient?.until(new Date(0)).times;
  const labels: Labels = Labels.from([{ subjectId: 1n, predictionTime: "2012-05-17", booleanValue: true }]);
  let rows = times?.length ?? 0;
  for await (const batch of loader(samples(db, labels, { maxLength: 8 }), { batchSize: 2, fields: ["code", "time"] })) {
    const { code }: Pick<Batch<"code" | "time">, "code"> = batch;
    rows += code.length;
  }
  try {
    for await (const length of db.map(lengths, { args: { most: 3 } })) rows += length;
    const { columns } = await db.select({ codes: /^LAB/, columns: ["subject_id", "numeric_value"] });
    rows += columns.subject_id.length;
  } catch (error) {
    if (error instanceof MedsError && error.code === "MEDS_CANCELLED") return rows;
    throw error;
  }
  return rows;
}
