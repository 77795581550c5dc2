// A small store of hand-made patients in two shards, with one column of every kind of storage.
import { join } from "node:path";
import { convert } from "meds-reader";
import { type SimpleRow, simple, simpleFile, writeFiles, writeJson, writeSplits } from "./dataset.js";
import { folder } from "./folder.js";

/** Subject ids in storage order. */
export const IDS = [7n, -3n, 9007199254740993n, 0n, -(2n ** 63n), 2n ** 63n - 1n] as const;
/** 2020-01-01 in microseconds. */
export const T0 = 1_577_836_800_000_000n;
/** Rows of the first patient: two static ones, then ten, two at each time. */
export const ROWS = 12;

/** Rows of patient `p`: `p === 5` has static ones only. */
function rows(p: number): SimpleRow[] {
  const id = IDS[p]!;
  const statics: SimpleRow[] = [
    [id, null, "GENDER//F"],
    [id, null, "RACE//Ω"],
  ];
  if (p === 5) return statics;
  const timed = Array.from({ length: ROWS - 2 }, (_, i): SimpleRow => {
    const code = i === 0 ? "MEDS_BIRTH" : i === 9 ? "MEDS_DEATH//hospital" : ["LAB//a", "LAB//b", "DX//1"][i % 3]!;
    return [id, T0 + BigInt(Math.floor(i / 2)) * 1000n, code, i % 3 === 0 ? i / 2 : null];
  });
  return [...statics, ...timed];
}

/** Writes the source and the store; returns both paths. */
export async function clinic(shardBytes = 1024): Promise<{ source: string; store: string }> {
  const source = join(folder("clinic"), "clinic");
  const all = IDS.flatMap((_, p) => rows(p));
  const column = (name: string, type: (typeof simple)[keyof typeof simple], value: (i: number) => string | number | boolean | null) => ({
    name,
    type,
    values: all.map((_, i) => value(i)),
  });
  await writeFiles(source, [
    simpleFile("train/0.parquet", all, {}, [
      column("unit", simple.text, (i) => (i % 2 === 0 ? ["mg/dL", "mmol/L"][i % 4 === 0 ? 0 : 1]! : null)),
      column("note", simple.text, (i) => (i % 5 === 0 ? `note ${i} é` : null)),
      column("dose", simple.double, (i) => (i % 6 === 0 ? i + 0.5 : null)),
      column("given", simple.bool, (i) => i % 2 === 0),
    ]),
  ]);
  writeSplits(source, new Map(IDS.slice(0, 5).map((id, i) => [id, i < 3 ? "train" : "held_out"])));
  writeJson(source, "dataset.json", { dataset_name: "clinic" });
  const store = `${source}.medsdb`;
  await convert(source, store, { shardBytes });
  return { source, store };
}
