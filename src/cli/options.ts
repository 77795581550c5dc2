// The options that several commands share, and their types.
import { Option } from "commander";
import { countWithin, sizeWithin } from "./arguments.js";
import type { How } from "./progress.js";

/** Options of commands that take time. */
export interface WorkOptions {
  readonly threads: number;
  readonly progress: How;
  readonly json?: boolean;
}

/** Options of commands that write a store. */
export interface StoreOptions extends WorkOptions {
  readonly force?: boolean;
  readonly memory?: number;
  readonly shardBytes?: number;
}

/** Options for OMOP tables. */
export interface OmopOptions {
  readonly vocabulary?: readonly string[];
  readonly keepUnmapped?: boolean;
  readonly conceptIds?: boolean;
  readonly skipBadRows?: boolean;
}

export const jsonOption = () => new Option("--json", "print only JSON on stdout");
export const threadsOption = () =>
  new Option("--threads <n>", "number of threads, at most 1024").argParser(countWithin(0, 1024)).default(0, "0, one per processor");
export const progressOption = () =>
  new Option("--progress <how>", "how to show progress on stderr: bar (only on a terminal), json (one JSON object per line), or none")
    .choices(["bar", "json", "none"])
    .default("bar");

export const forceOption = () => new Option("--force", "replace the store if it exists");
export const memoryOption = (what = "memory limit, at least 64MiB") =>
  new Option("--memory <size>", `${what} (default: 512MiB)`).argParser(sizeWithin("64MiB", "1024TiB"));
export const shardBytesOption = (usual: string) =>
  new Option("--shard-bytes <size>", `size of a shard (one file of the store), 1KiB to 2GiB (default: ${usual})`).argParser(
    sizeWithin("1KiB", "2GiB"),
  );
export const tempOption = (what = "folder for temporary files (default: next to the store)") => new Option("--temp <folder>", what);

export const vocabularyOption = () =>
  new Option(
    "--vocabulary <paths...>",
    "OMOP: vocabularies to read besides the tables: folders of Athena downloads, or files of concepts. For each concept, the first path that contains it counts. Put this option last, because it takes all paths that follow",
  );
export const keepUnmappedOption = () =>
  new Option("--keep-unmapped", "OMOP: keep rows whose concept is 0 or not in the vocabulary. Their code is UNMAPPED/TABLE/SOURCE_VALUE");
export const conceptIdsOption = () =>
  new Option(
    "--concept-ids",
    "OMOP: use concept ids such as OMOP/320128 as codes. This needs no vocabulary. The column source_value contains the source's own name of the code",
  );
export const skipBadRowsOption = () =>
  new Option("--skip-bad-rows", "OMOP in CSV: skip and count rows that have more or fewer fields than the header, instead of failing");
