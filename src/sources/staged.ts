// A source that is not a MEDS dataset becomes one for as long as a conversion, or a comparison with its store, takes.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Imported, type ImportOptions, importOmop } from "./omop/import.js";
import { type Form, withTables } from "./tables.js";
import { withWorkFolder } from "./workfolder.js";

/** Imports OMOP tables into a temporary folder beside the store, or in `temp`; hands it over, and removes it whatever happens. */
export function staged<T>(
  { source, form }: { readonly source: string; readonly form: Form },
  store: string,
  temp: string | undefined,
  options: ImportOptions,
  use: (imported: Imported) => Promise<T>,
): Promise<T> {
  return withWorkFolder(store, temp, "omop", (work) =>
    withTables(source, form, options.vocabulary, work, options, async (root, vocabulary) => {
      const importing = join(work, "import");
      mkdirSync(importing);
      return use(await importOmop(root, importing, { ...options, vocabulary }));
    }),
  );
}
