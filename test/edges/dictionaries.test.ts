// Entry 0 of an integer dictionary is a value that the column does not have, and that readers which turn the dictionary into numbers (flechette, arquero) take.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Data, type Struct, tableFromIPC } from "apache-arrow";
import { convert, filter, PatientDatabase, verify } from "meds-reader";
import { describe, expect, it } from "vitest";
import { type SimpleRow, simple, writeSimple } from "../support/dataset.js";
import { folder } from "../support/folder.js";
import { roundTrip } from "../support/roundtrip.js";

const ROWS = 200;
const EXACT = 2n ** 53n - 1n;
const LEAST = -(2n ** 63n);

/** Columns by what they hold, and what is entry 0: the smallest absent integer within ±(2^53 - 1), found by hand. */
const KINDS: readonly [name: string, values: readonly (bigint | null)[], unused: bigint][] = [
  ["visit numbers", [20_000_000n, 20_000_001n], -EXACT],
  ["visit numbers and nulls", [20_000_000n, null, 20_000_001n], -EXACT],
  ["0 alone", [0n], -EXACT],
  ["both ends of exact numbers", [EXACT, -EXACT], 1n - EXACT],
  ["the first three of them, out of order", [2n - EXACT, -EXACT, 7n, 1n - EXACT], 3n - EXACT],
  ["a gap behind the first", [-EXACT, 2n - EXACT], 1n - EXACT],
  ["values below exact numbers", [LEAST, LEAST + 1n, -EXACT - 1n, null], -EXACT],
  ["such values, and the first exact one", [LEAST, -EXACT - 1n, -EXACT], 1n - EXACT],
  ["the greatest int64", [2n ** 63n - 1n, null], -EXACT],
];

function rows(values: readonly (bigint | null)[]) {
  const plain = Array.from({ length: ROWS }, (_, i): SimpleRow => [BigInt(1 + Math.floor(i / 50)), BigInt(i), `LAB//${i % 3}`, i]);
  return { plain, more: [{ name: "visit", type: simple.id, values: plain.map((_, i) => values[i % values.length]!) }] };
}

/** The dictionary of the column "visit", as apache-arrow reads it out of a shard. */
function entries(store: string): bigint[] {
  const events = tableFromIPC(readFileSync(join(store, "shards", "00000.arrow"))).getChild("events")!.data[0]!.children[0] as Data<Struct>;
  const at = events.type.children.findIndex(({ name }) => name === "visit");
  return [...(events.children[at]!.dictionary as Iterable<bigint>)];
}

describe("dictionaries of int64", () => {
  it.each(KINDS)("have an entry 0 that a number holds exactly: %s", async (_, values, unused) => {
    const { plain, more } = rows(values);
    const [source, store, kept] = [await writeSimple(folder("codes"), plain, {}, more), join(folder("s"), "s"), join(folder("k"), "k")];
    await convert(source, store);
    const present = [...new Set(values)].filter((value) => value !== null).sort((a, b) => (a < b ? -1 : 1));
    expect(entries(store)).toEqual([unused, ...present]);
    expect(await verify(store, source)).toEqual({ ok: true, differences: [] });
    const db = PatientDatabase.open(store);
    expect([...db].flatMap((patient) => Array.from(patient, (event) => event.get("visit")))).toEqual(more[0]!.values);
    db.close();
    await filter(store, kept, { ids: [1n, 2n] });
    expect(entries(kept)[0]).toBe(unused);
  });

  it("hold all values through every access path", async () => {
    for (const [, values] of KINDS) {
      const { plain, more } = rows(values);
      await roundTrip(plain, more);
    }
  });
});
