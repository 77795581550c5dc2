// A source that is no MEDS dataset becomes one for as long as a conversion, or a comparison with its store, takes.
import { resolve } from "node:path";
import { type Imported, type ImportOptions, importOmop } from "../omop/import.js";
import { withWorkFolder } from "./workfolder.js";

/** Imports an OMOP folder into a temporary folder beside the store, or in `temp`; hands it over, and removes it whatever happens. */
export function staged<T>(
  source: string,
  store: string,
  temp: string | undefined,
  options: ImportOptions,
  use: (imported: Imported) => Promise<T>,
): Promise<T> {
  return withWorkFolder(store, temp, "omop", async (work) => use(await importOmop(resolve(source), work, options)));
}
