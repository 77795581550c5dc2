// A store and label tasks in EHRSHOT's layout, in which one code says whether labels are true.
import { join } from "node:path";
import { convert, PatientDatabase } from "meds-reader";
import { type SimpleRow, writeSimple, writeSplits } from "./dataset.js";
import { benchmark, type Row, splitOf } from "./ehrshot.js";
import { folder } from "./folder.js";

/** Subjects 1 to 80, and one that has labels but no rows in the store. */
export const IDS = Array.from({ length: 80 }, (_, i) => i + 1);
export const ABSENT = 999;
const DAY = 86_400_000_000n;
const START = 1_388_534_400_000_000n; // 2014-01-01

/** Whether the label of a subject is true, which the code SIGNAL says. */
export const isTrue = (id: number): boolean => Math.floor(id / 4) % 3 === 0;
const time = (id: number) => `2015-01-${String((id % 28) + 1).padStart(2, "0")}T10:20:31`;

/** The tasks: their name, and the value of each subject's label. */
export const TASKS: Readonly<Record<string, (id: number) => number>> = {
  chexpert: (id) => (isTrue(id) ? 0b00000100000001 : 0b10000000000000),
  guo_icu: (id) => Number(isTrue(id)),
  lab_anemia: (id) => (isTrue(id) ? 1 + (id % 3) : 0),
};

/** Writes all of it. */
export async function ward(): Promise<{ db: PatientDatabase; labels: string; splits: string }> {
  const root = folder("ward");
  const source = join(root, "source");
  const rows = IDS.flatMap((id): SimpleRow[] => {
    const codes = ["VISIT", id % 2 === 0 ? "LAB//a" : "LAB//b", ...(isTrue(id) ? ["SIGNAL"] : []), ...(id % 5 === 0 ? ["LAB//c"] : [])];
    return codes.map((code, i) => [BigInt(id), START + BigInt(i) * DAY, code]);
  });
  await writeSimple(source, rows);
  const names = { train: "train", val: "tuning", test: "held_out" };
  writeSplits(source, new Map(IDS.map((id) => [BigInt(id), names[splitOf(id)]])));
  await convert(source, `${source}.medsdb`);
  let splits = "";
  for (const [task, value] of Object.entries(TASKS)) {
    const all = [...IDS, ABSENT].map((id): Row => ({ id, time: time(id), value: value(id) }));
    splits = benchmark(task, all, root).splits;
  }
  return { db: PatientDatabase.open(`${source}.medsdb`), labels: join(root, "benchmark"), splits };
}
