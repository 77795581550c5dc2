// Opens the database in the thread that reads it. The room of the database registers how, so that passes do
// not import it.
import type { Store } from "../store/store.js";
import { fail } from "../support/errors.js";
import type { Patient } from "../timeline/patient.js";

/** The database that a worker reads. */
export interface OpenDatabase {
  readonly _store: Store;
  at(slot: number): Patient | undefined;
  close(): void;
}

let open: ((path: string) => OpenDatabase) | undefined;

/** Registers how a database is opened. */
export function opensWith(opener: (path: string) => OpenDatabase): void {
  open = opener;
}

/** A database that this thread opens when it is first read, and keeps. */
export class Opened {
  private db: OpenDatabase | undefined;

  /** The database. It must have this content id: the same slots are other patients in another store. */
  of(path: string, id: string): OpenDatabase {
    // The function of an earlier pass may have closed it.
    if (this.db?._store.live !== true || this.db._store.path !== path || this.db._store.manifest.id !== id) {
      this.close();
      this.db = open!(path);
    }
    if (this.db._store.manifest.id !== id)
      fail("MEDS_STORE_REPLACED", `${path}: the store was replaced after it was opened. Open it again, then start again.`, path);
    return this.db;
  }

  close(): void {
    this.db?.close();
    this.db = undefined;
  }
}
