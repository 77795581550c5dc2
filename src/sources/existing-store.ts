// The store that is at a target already.
import { indexBytes } from "../store/manifest.js";
import { Metadata } from "../store/metadata.js";
import { Store } from "../store/store.js";
import type { Int64 } from "../store/values/vector.js";
import { MedsError } from "../support/errors.js";
import type { ConversionPlan } from "./plan.js";
import type { Fingerprint } from "./source.js";

/** An open store, with the metadata of the time when it was opened. */
export interface ExistingStore {
  readonly store: Store;
  readonly metadata: Metadata;
}

/**
 * The store at the target of a plan, open, where it matches the source and has the index that the plan wants;
 * undefined where it is absent or outdated.
 *
 * @throws MedsError what opening a store throws, but `MEDS_NOT_FOUND`.
 */
export async function existingStore(
  plan: ConversionPlan,
  fingerprint: Fingerprint,
  verify: boolean,
  int64?: Int64,
): Promise<ExistingStore | undefined> {
  let store: Store;
  try {
    store = new Store(plan.store, verify, int64);
  } catch (error) {
    if (error instanceof MedsError && error.code === "MEDS_NOT_FOUND") return undefined;
    throw error;
  }
  try {
    // Read now: during the comparison another store may replace this one, with metadata of its own.
    const metadata = attempted(() => new Metadata(store));
    // A store with an index also serves plans without one.
    const isIndexed = plan.index !== true || indexBytes(store.manifest) > 0;
    if (isIndexed && (await fingerprint.matches(store))) return { store, metadata: metadata() };
  } catch (error) {
    store.close();
    throw error;
  }
  store.close();
  return undefined;
}

/** Reads now. An error is thrown only where the result is used: an outdated store may be damaged. */
function attempted<T>(read: () => T): () => T {
  try {
    const result = read();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
