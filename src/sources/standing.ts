// The store that stands at a target already, and whether it is what its source would give now.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ConversionPlan } from "../convert.js";
import { MedsError } from "../errors.js";
import { indexBytes } from "../manifest.js";
import { runJob, type WorkOptions } from "../native.js";
import { ORIGIN } from "../omop/files.js";
import { Store } from "../store.js";

/**
 * The store at the target, open, where it was made from the source as it is now and has the index that is asked for; undefined where it is absent or
 * outdated. `origin` is that of OMOP tables.
 */
export async function standing(
  plan: ConversionPlan,
  origin: string | undefined,
  verify: boolean,
  signal: WorkOptions["signal"],
): Promise<Store | undefined> {
  let store: Store;
  try {
    store = new Store(plan.store, verify);
  } catch (error) {
    if (error instanceof MedsError && error.code === "MEDS_NOT_FOUND") return undefined;
    throw error;
  }
  try {
    // An index that nobody asked for is in nobody's way.
    const indexed = plan.index !== true || indexBytes(store.manifest) > 0;
    // The fingerprint of OMOP tables is that of what was made of them on the way: the store keeps what they were themselves.
    const same = async () =>
      origin === undefined
        ? store.manifest.fingerprint === (await runJob<string>("fingerprint", plan, { signal }))
        : origin === originIn(store);
    if (indexed && (await same())) return store;
  } catch (error) {
    store.close();
    throw error;
  }
  store.close();
  return undefined;
}

/** What the manifest of imported tables keeps of a conversion's options: whoever makes a store of a store adds what was done to it. */
const IMPORTED = ["columns", "exclude", "shardBytes", "version", "repair", "index", "imported"];

/** Of which OMOP tables a store was made, and how; undefined where it was made of something else, or holds a part of what they give. */
function originIn(store: Store): string | undefined {
  const { options } = store.manifest;
  const whole = options.imported === "omop" && Object.keys(options).every((name) => IMPORTED.includes(name));
  return whole ? keptOrigin(store) : undefined;
}

/** Of which OMOP tables the rows of a store come. */
export function keptOrigin({ path, manifest }: Store): string | undefined {
  const name = `metadata/${ORIGIN}`;
  return manifest.files.some((file) => file.path === name) ? readFileSync(join(path, name), "utf8") : undefined;
}
