// Opens the database in the thread that reads it. The room of the database registers how, so that passes do
// not import it.
import type { Store } from "../store/store.js";
import type { Int64 } from "../store/values/vector.js";
import { fail } from "../support/errors.js";
import type { Patient } from "../timeline/patient.js";
import type { Work } from "./messages.js";

/** The database that a worker reads. */
export interface OpenDatabase {
  readonly _store: Store;
  at(slot: number): Patient | undefined;
  close(): void;
}

/** Opens a database. */
type Opener = (path: string, options: { readonly int64: Int64 }) => OpenDatabase;

let open: Opener | undefined;

/** Registers how a database is opened. */
export function opensWith(opener: Opener): void {
  open = opener;
}

function isSame(store: Store, { path, id, int64 }: Pick<Work, "path" | "id" | "int64">): boolean {
  return store.live && store.path === path && store.manifest.id === id && store.int64 === int64;
}

/** A database that this thread opens when it is first read, and keeps. */
export class Opened {
  private db: OpenDatabase | undefined;

  /** The database. It must have this content id: the same slots are other patients in another store. */
  of({ path, id, int64 }: Pick<Work, "path" | "id" | "int64">): OpenDatabase {
    // The function of an earlier pass may have closed it.
    if (this.db === undefined || !isSame(this.db._store, { path, id, int64 })) {
      this.close();
      this.db = open!(path, { int64 });
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
