import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { failIo } from "../io.js";

/** TEMPORARY until the merge. */
export async function withWorkFolder<T>(
  target: string,
  temp: string | undefined,
  kind: string,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const store = resolve(target);
  let beside = temp === undefined ? dirname(store) : resolve(temp);
  let work: string;
  try {
    if (temp !== undefined) mkdirSync(beside, { recursive: true });
    while (!existsSync(beside)) beside = dirname(beside);
    work = mkdtempSync(join(beside, `.${basename(store)}.${kind}-`));
  } catch (error) {
    return failIo(beside, error);
  }
  try {
    return await use(work);
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 3 });
  }
}
