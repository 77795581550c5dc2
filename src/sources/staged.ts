// A source that is no MEDS dataset becomes one for as long as a conversion takes.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { failIo } from "../io.js";
import { type Imported, type ImportOptions, importOmop } from "../omop/import.js";

/** Imports an OMOP folder into a temporary folder, hands it over, and removes it whatever happens. */
export async function staged<T>(
  source: string,
  store: string,
  temp: string | undefined,
  options: ImportOptions,
  use: (imported: Imported) => Promise<T>,
): Promise<T> {
  const work = workFolder(resolve(store), temp);
  try {
    return await use(await importOmop(resolve(source), work, options));
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A new folder: in `temp`, or beside the store, or as near to it as a folder stands. */
function workFolder(store: string, temp: string | undefined): string {
  let beside = temp === undefined ? dirname(store) : resolve(temp);
  try {
    if (temp !== undefined) mkdirSync(beside, { recursive: true });
    while (!existsSync(beside)) beside = dirname(beside);
    return mkdtempSync(join(beside, `.${basename(store)}.omop-`));
  } catch (error) {
    return failIo(beside, error);
  }
}
