// OMOP tables as a source: in a folder, in an archive of one, or in a DuckDB database.
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { WorkOptions } from "../../store/native.js";
import { withIo } from "../../support/io.js";
import type { Inspection } from "../inspection.js";
import { FORGOTTEN, namedFiles, OMOP, type OriginFiles, OriginFingerprint, storeOptions } from "../origin.js";
import type { ConversionPlan } from "../plan.js";
import type { Dataset, ImportedPlan, Source, Staging } from "../source.js";
import { withWorkFolder } from "../workfolder.js";
import { withTables } from "./archive.js";
import { type FoundTables, findTables } from "./files.js";
import { importOmop } from "./import.js";
import { inspectOmop } from "./inspect.js";
import type { GivenOmop } from "./options.js";
import { vocabularyFiles } from "./vocabulary.js";

/** Where the tables are. */
export type Form = "folder" | "archive" | "database";

/** OMOP tables. They become a MEDS dataset before the native side reads them. */
export class OmopSource implements Source {
  readonly kind = "omop";
  private found: FoundTables | undefined;

  /** `origin` is kept in the imported dataset where the tables have no fingerprint: that of a store to compare with. */
  constructor(
    readonly path: string,
    private readonly form: Form,
    private readonly options: GivenOmop,
    private readonly origin?: string,
  ) {}

  /** Bytes of the tables' files, or of the archive or database. */
  get bytes(): number {
    if (this.form !== "folder") return withIo(this.path, () => statSync(this.path)).size;
    return [...this.tables().tables.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The same tables with the options of a store that was made from them. */
  madeAs(options: GivenOmop, origin: string | undefined): OmopSource {
    return new OmopSource(this.path, this.form, options, origin);
  }

  /** Options that do not change the contents of a store are left out. */
  fingerprint(plan: ConversionPlan, { signal }: WorkOptions): OriginFingerprint {
    const { hashes, threads } = plan;
    const { vocabulary, ...codes } = this.options;
    const files = (anew: boolean) => [this.originFiles(anew), ...vocabulary.map((path) => vocabularyOriginFiles(resolve(path)))] as const;
    const options = { ...storeOptions(plan), ...codes };
    const parts = { source: resolve(this.path), files, options, hashing: { hashes, threads, signal } };
    return new OriginFingerprint(OMOP, parts, plan.trustTimes === true);
  }

  /** Imports the tables into a temporary folder, which is removed afterwards. */
  async staged<T>({ fingerprint, ...staging }: Staging, use: (dataset: Dataset) => Promise<T>): Promise<T> {
    if (!(fingerprint instanceof OriginFingerprint)) return this.imported(staging, this.origin, use);
    return fingerprint.guard(use, (origin, guarded) => this.imported(staging, origin, guarded));
  }

  private imported<T>(
    { store, temp, memory, threads, work, strict }: Omit<Staging, "fingerprint">,
    origin: Promise<string> | string | undefined,
    use: (dataset: Dataset) => Promise<T>,
  ): Promise<T> {
    const { path, form, options } = this;
    return withWorkFolder(store, temp, "omop", (folder) =>
      withTables(path, form, options.vocabulary, folder, work, async (root, vocabulary) => {
        const importing = join(folder, "import");
        mkdirSync(importing);
        const tables = form === "folder" ? this.tables() : undefined;
        const all = { ...work, memory, threads, ...options, vocabulary, strict, origin, tables };
        const { dataset, notes } = await importOmop(root, importing, all);
        const plan: ImportedPlan = { source: dataset, provenance: { notes, made: { imported: "omop" } } };
        return use({ path: dataset, plan: { ...FORGOTTEN, ...plan } });
      }),
    );
  }

  /** What is in the tables. Temporary files are beside `target`. */
  inspect(
    target: string,
    limits: { readonly threads?: number | undefined; readonly memory?: number | undefined },
    work: WorkOptions,
  ): Promise<Inspection> {
    const { path, form, options } = this;
    return withWorkFolder(target, undefined, "inspect", (folder) =>
      withTables(path, form, options.vocabulary, folder, work, async (root, vocabulary, renamed) => {
        const found = await inspectOmop(root, join(folder, "import"), { ...limits, ...work, ...options, vocabulary });
        return { ...found, path, problem: found.problem === null ? null : renamed(found.problem) };
      }),
    );
  }

  /** The tables of a folder, which are looked for once. */
  private tables(): FoundTables {
    this.found ??= this.findTables();
    return this.found;
  }

  private findTables(): FoundTables {
    return withIo(this.path, () => findTables(resolve(this.path)));
  }

  /** The files of the tables, as they were found first or as they are now. */
  private originFiles(anew: boolean): OriginFiles {
    const root = resolve(this.path);
    if (this.form !== "folder") return singleFile(root);
    const { tables } = anew ? this.findTables() : this.tables();
    return {
      root,
      files: namedFiles(
        root,
        [...tables.values()].flatMap((table) => table.paths),
      ),
    };
  }
}

function vocabularyOriginFiles(path: string): OriginFiles {
  if (withIo(path, () => statSync(path)).isFile()) return singleFile(path);
  const paths = vocabularyFiles(path).flatMap((table) => table.paths);
  // The folder may be that of the tables, so its root needs a name of its own.
  return { root: join(path, "vocabulary"), files: namedFiles(path, paths) };
}

/**
 * A file, whose name does not count. The last rows of a database that was not closed are in a file beside it.
 */
function singleFile(path: string): OriginFiles {
  const log = `${path}.wal`;
  return { root: path, files: [["", path], ...(existsSync(log) ? [[".wal", log] as const] : [])] };
}
