// The store that stands at a target already, and whether it is what its source would give now.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ConversionPlan } from "../operations/convert.js";
import { indexBytes } from "../store/manifest.js";
import { runJob, type WorkOptions } from "../store/native.js";
import { Store } from "../store/store.js";
import { MedsError } from "../support/errors.js";
import { ORIGIN, type Origin } from "./omop/origin.js";

/**
 * The store at the target, open, where it was made from the source as it is now and has the index that is asked for; undefined where it is absent or
 * outdated. `origin` is that of OMOP tables.
 */
export async function standing(
  plan: ConversionPlan,
  origin: Origin | undefined,
  verify: boolean,
  work: WorkOptions,
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
    const { fingerprint, times } = store.manifest;
    const same = () =>
      origin === undefined ? runJob<boolean>("current", { plan, fingerprint, times }, work) : isOf(store, origin, plan.trustTimes === true);
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

/**
 * Does a store contain what OMOP tables give now, and all of it? The fingerprint is that of what was made of the tables on the way: the store keeps what
 * they were themselves.
 */
async function isOf(store: Store, origin: Origin, trustTimes: boolean): Promise<boolean> {
  const { options, times } = store.manifest;
  if (options.imported !== "omop" || !Object.keys(options).every((name) => IMPORTED.includes(name))) return false;
  if (trustTimes && times === (await origin.times())) return true;
  return keptOrigin(store) === (await origin.contents());
}

/** Of which OMOP tables the rows of a store come. */
export function keptOrigin({ path, manifest }: Store): string | undefined {
  const name = `metadata/${ORIGIN}`;
  return manifest.files.some((file) => file.path === name) ? readFileSync(join(path, name), "utf8") : undefined;
}
