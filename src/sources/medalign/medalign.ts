// A folder of XML files, one per patient, as a source. The files may be in folders below it.
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { runJob, type WorkOptions } from "../../store/native.js";
import { MedsError } from "../../support/errors.js";
import { withIo } from "../../support/io.js";
import type { Inspection } from "../inspection.js";
import { FORGOTTEN, MEDALIGN, namedFiles, OriginFingerprint, storeOptions } from "../origin.js";
import type { ConversionPlan } from "../plan.js";
import type { Dataset, ImportedPlan, Source, Staging } from "../source.js";
import { withWorkFolder } from "../workfolder.js";
import { importXml } from "./import.js";

/** Folders below the source that may contain its files: deeper ones belong to something else. */
const DEPTH = 2;

/** The XML files in a folder and in the folders below it, in order of their paths; none for a file. Hidden names are not read. */
export function xmlFiles(path: string): string[] {
  const root = resolve(path);
  return withIo(path, () => statSync(root)).isDirectory() ? filesBelow(root, DEPTH).sort() : [];
}

function filesBelow(folder: string, depth: number): string[] {
  const entries = withIo(folder, () => readdirSync(folder, { withFileTypes: true })).filter(({ name }) => /^[^._]/.test(name));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return depth > 0 ? filesBelow(path, depth - 1) : [];
    return /\.xml$/i.test(entry.name) ? [path] : [];
  });
}

/** MedAlign's XML. It becomes a MEDS dataset before the native side reads it. */
export class MedalignSource implements Source {
  readonly kind = "medalign";

  /** `origin` is kept in the imported dataset where the files have no fingerprint: that of a store to compare with. */
  constructor(
    readonly path: string,
    private readonly origin?: string,
  ) {}

  get bytes(): number {
    return xmlFiles(this.path).reduce((sum, file) => sum + withIo(file, () => statSync(file)).size, 0);
  }

  /** The same files with the origin of a store that was made from them. */
  madeAs(origin: string | undefined): MedalignSource {
    return new MedalignSource(this.path, origin);
  }

  fingerprint(plan: ConversionPlan, { signal }: WorkOptions): OriginFingerprint {
    const { hashes, threads } = plan;
    const root = resolve(this.path);
    const files = () => [{ root, files: namedFiles(root, xmlFiles(root)) }];
    const parts = { source: root, files, options: storeOptions(plan), hashing: { hashes, threads, signal } };
    return new OriginFingerprint(MEDALIGN, parts, plan.trustTimes === true);
  }

  async staged<T>({ fingerprint, ...staging }: Staging, use: (dataset: Dataset) => Promise<T>): Promise<T> {
    if (!(fingerprint instanceof OriginFingerprint)) return this.imported(staging, this.origin, use);
    return fingerprint.guard(use, (origin, guarded) => this.imported(staging, origin, guarded));
  }

  /** What is in the files. Temporary files are beside `target`. */
  async inspect(target: string, threads: number | undefined, work: WorkOptions): Promise<Inspection> {
    const files = xmlFiles(this.path);
    const about = { path: this.path, format: "medalign", version: null, tables: [], files: files.length, bytes: this.bytes } as const;
    try {
      return await withWorkFolder(target, undefined, "inspect", async (folder) => {
        const { dataset, notes } = await importXml(files, folder, undefined, work);
        const found = await runJob<Inspection>("inspect", { source: dataset, store: false, threads }, work);
        return { ...found, ...about, notes: [...notes, ...found.notes] };
      });
    } catch (error) {
      if (!(error instanceof MedsError && /^MEDS_(SOURCE_DAMAGED|NULL_VALUE|SCHEMA_CONFLICT|DUPLICATE_FILE)$/.test(error.code)))
        throw error;
      const none = { rows: null, subjects: null, columns: [], notes: [], prefixes: null };
      return { ...about, ...none, problem: error.message, problemCode: error.code };
    }
  }

  private imported<T>(
    { store, temp, work }: Omit<Staging, "fingerprint">,
    origin: Promise<string> | string | undefined,
    use: (dataset: Dataset) => Promise<T>,
  ): Promise<T> {
    return withWorkFolder(store, temp, MEDALIGN.name, async (folder) => {
      const { dataset, notes } = await importXml(xmlFiles(this.path), folder, origin, work);
      const plan: ImportedPlan = { source: dataset, provenance: { notes, made: { imported: "medalign" } } };
      return use({ path: dataset, plan: { ...FORGOTTEN, ...plan } });
    });
  }
}
