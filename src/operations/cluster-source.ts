// A source that is imported first: its dataset stays in the work folder, where all machines read it.
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fail } from "../support/errors.js";
import { withIo } from "../support/io.js";
import type { Conversion } from "./ensure-store.js";

/** The work folder of a store, where none is named: the native side has the same rule. */
export function clusterWork(store: string): string {
  const target = resolve(store);
  return join(dirname(target), `.${basename(target)}.cluster`);
}

/** Imports the source, and calls `run` with the options of a conversion of the dataset. */
export function staged<T>({ source, plan, work, strict }: Conversion, folder: string, run: (convert: object) => Promise<T>): Promise<T> {
  const { memory, threads } = plan;
  if (existsSync(folder))
    fail(
      "MEDS_STORE_EXISTS",
      `${folder}: this folder has an import already. Take the steps of its plan, or remove it with \`cluster cancel\`.`,
      folder,
    );
  const fingerprint = source.fingerprint(plan, work);
  const importing = source.staged({ store: folder, temp: undefined, memory, threads, work, strict, fingerprint }, async (dataset) => {
    const path = join(folder, "source");
    try {
      withIo(folder, () => {
        mkdirSync(folder, { recursive: true });
        renameSync(dataset.path, path);
      });
      return await run({ ...plan, ...dataset.plan, source: path });
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  });
  return importing.finally(() => fingerprint.end());
}
