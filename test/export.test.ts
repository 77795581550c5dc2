// exportC(): a shard in the hands of other native code, a C++ add-on that knows nothing of ours but the Arrow C Data Interface.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { MedsError, PatientDatabase } from "meds-reader";
import { describe, expect, it } from "vitest";
import { build } from "../benches/addon/build.mjs";
import { generated } from "./support/generated.js";

const { reason } = build();
const child = fileURLToPath(new URL("./support/export-child.mjs", import.meta.url));

describe("exportC()", () => {
  it.skipIf(reason !== undefined)(`is imported, scanned and released by C++, once and in any order (${reason ?? "built"})`, () => {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, ["--expose-gc", child, generated.store], { encoding: "utf8" });
    expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: "" });
    expect(JSON.parse(stdout).rows).toBeGreaterThan(0);
  });

  it("refuses shards that are not there, and closed stores", () => {
    const db = PatientDatabase.open(generated.store);
    for (const shard of [-1, 0.5, db.shardCount, Number.NaN, 2 ** 32])
      expect(() => db.exportC(shard)).toThrow(expect.objectContaining({ code: "MEDS_OUT_OF_RANGE" }));
    const kept = db.exportC(0);
    expect(kept.schema > 0n && kept.array > 0n).toBe(true);
    db.close();
    expect(() => db.exportC(0)).toThrow(MedsError);
    kept.release();
  });
});
