import { readFile, rename, writeFile } from "node:fs/promises";
import { Command } from "commander";
import { type CodeAggregates, MedsError, mergeResults, type PackedResult, PatientDatabase, packResult, unpackResult } from "../index.js";
import { count, shards, texts } from "./arguments.js";
import { chosen } from "./codes.js";
import { colour, json, number, plural, print, table } from "./format.js";
import { jsonOption, threadsOption } from "./options.js";
import { visible } from "./report.js";

interface Options {
  readonly codes?: readonly string[];
  readonly split?: string;
  readonly shards?: readonly number[];
  readonly part?: string;
  readonly merge?: readonly string[];
  readonly limit: number;
  readonly threads: number;
  readonly json?: boolean;
}

/** The statistics of some shards, as a file. */
interface Part {
  readonly format: typeof FORMAT;
  /** The store's id, and what was asked. Only parts that agree in these are merged. */
  readonly store: string;
  readonly codes: readonly string[] | null;
  readonly split: string | null;
  readonly shards: readonly number[];
  readonly result: PackedResult;
}

const FORMAT = "meds-reader part 1";

/** `meds-reader aggregate STORE`. */
export function aggregateCommand(): Command {
  return new Command("aggregate")
    .summary("statistics of the values of each code")
    .description(
      "Prints for each code how many events and patients have it, and the mean, standard deviation (of a population), minimum and maximum of its values. Sums are exact. Several machines can each aggregate some shards of the store, and one merges their parts: the result is the same to the last bit.",
    )
    .argument("<store>", "the store's folder")
    .option("--codes <code>", 'only this code, or codes with a prefix, such as "LAB//*"; can be repeated', texts)
    .option("--split <name>", "only the patients of this split")
    .option(
      "--shards <list>",
      "only these shards, such as 0-3 or 0,2,5-7, counted from 0 (meds-reader info says how many there are)",
      shards,
    )
    .option("--part <file>", "write the statistics as a part to this file (- for stdout), to merge it with those of other shards")
    .option(
      "--merge <files...>",
      "read the parts in these files instead of the store's events. Put this option last, because it takes all paths that follow",
    )
    .option("--limit <n>", "at most this many codes, those with the most events; 0 for all", count, 50)
    .addOption(threadsOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Examples:
  meds-reader aggregate mimic.medsdb --codes "LAB//*" --split train
  meds-reader aggregate mimic.medsdb --limit 0 --threads 4 --json
  meds-reader aggregate mimic.medsdb --shards 0-3 --part a.json     on one machine
  meds-reader aggregate mimic.medsdb --shards 4-7 --part b.json     on another
  meds-reader aggregate mimic.medsdb --merge a.json b.json`,
    )
    .action(run);
}

async function run(store: string, options: Options, command: Command): Promise<void> {
  const asks = options.shards ?? options.codes ?? options.split;
  if (options.merge !== undefined && asks !== undefined)
    command.error(
      "error: --merge reads parts, whose shards, codes and split are chosen already: use it without --shards, --codes and --split",
    );
  const db = PatientDatabase.open(store);
  try {
    const part = options.merge === undefined ? await aggregated(db, options) : await merged(db, options.merge);
    if (options.part === "-") print(JSON.stringify(part.packed()));
    else if (options.part !== undefined) await write(options.part, JSON.stringify(part.packed()));
    else show(db, part, options);
  } finally {
    db.close();
  }
}

/** Statistics, and what they are of. */
interface Found {
  readonly shards: readonly number[];
  readonly result: CodeAggregates;
  packed(): Part;
}

async function aggregated(db: PatientDatabase, { codes, split, threads, shards = allOf(db) }: Options): Promise<Found> {
  const cohort = (split === undefined ? db : db.split(split)).shards(shards);
  const result = await cohort.aggregateCodes({ threads, codes: codes && chosen(db, codes) });
  return found(db, { codes: codes ?? null, split: split ?? null }, shards, result);
}

function allOf(db: PatientDatabase): number[] {
  return Array.from({ length: db.metadata.shards }, (_, shard) => shard);
}

function found(db: PatientDatabase, asked: Pick<Part, "codes" | "split">, shards: readonly number[], result: CodeAggregates): Found {
  const sorted = [...new Set(shards)].sort((a, b) => a - b);
  return {
    shards: sorted,
    result,
    packed: () => ({ format: FORMAT, store: db.metadata.id, ...asked, shards: sorted, result: packResult(result) }),
  };
}

async function merged(db: PatientDatabase, paths: readonly string[]): Promise<Found> {
  const parts = await Promise.all(paths.map(async (path) => [path, await read(db, path)] as const));
  const [first, one] = parts[0]!;
  const asked = ({ codes, split }: Part) => JSON.stringify([codes, split]);
  const from = new Map<number, string>();
  for (const [path, part] of parts) {
    if (asked(part) !== asked(one))
      fail(path, `it has other codes or another split than ${first}. Merge parts that were made with the same options.`);
    for (const shard of part.shards) {
      const before = from.get(shard);
      if (before !== undefined) fail(path, `shard ${shard} is in ${before} too. Merge each shard once.`);
      from.set(shard, path);
    }
  }
  const results = parts.map(([path, { result }]) => unpacked(db, path, result));
  return found(db, { codes: one.codes, split: one.split }, [...from.keys()], mergeResults(results));
}

async function read(db: PatientDatabase, path: string): Promise<Part> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code === "ENOENT" ? "MEDS_NOT_FOUND" : "MEDS_IO";
    throw new MedsError(code, `${path}: the part cannot be read (${(cause as Error).message}). Check the path.`, { path, cause });
  }
  const part = parsed(text);
  const isList = Array.isArray(part?.shards) && part.shards.every((shard) => allOf(db).includes(shard));
  if (part?.format !== FORMAT || !isList)
    fail(path, "it is not a part of this store. Write it with meds-reader aggregate STORE --part FILE.");
  if (part.store !== db.metadata.id) fail(path, `it is of another store than ${db.path}. Merge the parts of one store.`);
  return part;
}

function parsed(text: string): Part | null {
  try {
    return JSON.parse(text) as Part | null;
  } catch {
    return null;
  }
}

function unpacked(db: PatientDatabase, path: string, packed: PackedResult): CodeAggregates {
  try {
    const result = unpackResult<CodeAggregates>(packed);
    if (packed.kind === "codeAggregates" && result.events.length === db.codes.size + 1) return result;
  } catch {
    // Said below.
  }
  return fail(path, "its result is damaged. Write the part again.");
}

function fail(path: string, what: string): never {
  throw new MedsError("MEDS_INVALID_ARGUMENT", `${path}: ${what}`, { path });
}

async function write(path: string, text: string): Promise<void> {
  try {
    // A part is complete or not there, because another machine may wait for it.
    await writeFile(`${path}.part`, `${text}\n`);
    await rename(`${path}.part`, path);
  } catch (cause) {
    throw new MedsError("MEDS_IO", `${path}: the part cannot be written (${(cause as Error).message}). Check the folder.`, { path, cause });
  }
}

function show(db: PatientDatabase, { shards, result }: Found, options: Options): void {
  const { events, patients, valueCount, sum, mean, std, min, max } = result;
  const ids = Array.from(events.keys()).filter((id) => events[id]! > 0);
  ids.sort((a, b) => events[b]! - events[a]! || a - b);
  const shown = options.limit === 0 ? ids : ids.slice(0, options.limit);
  const figure = (array: Float64Array, id: number) => (valueCount[id] === 0 ? null : array[id]!);
  if (options.json === true) {
    const codes = shown.map((id) => ({
      code: db.codes.strings[id]!,
      events: events[id]!,
      patients: patients[id]!,
      values: valueCount[id]!,
      sum: figure(sum, id),
      mean: figure(mean, id),
      std: figure(std, id),
      min: figure(min, id),
      max: figure(max, id),
    }));
    print(json({ shards, of: db.metadata.shards, codes }));
    return;
  }
  const short = (array: Float64Array, id: number) => (valueCount[id] === 0 ? "" : String(Number(array[id]!.toPrecision(6))));
  const cells = shown.map((id) => [
    ...[events[id]!, patients[id]!, valueCount[id]!].map(number),
    ...[mean, std, min, max].map((array) => short(array, id)),
    visible(db.codes.strings[id]!),
  ]);
  const [head, ...body] = table([["events", "patients", "values", "mean", "std", "min", "max", "code"], ...cells], [0, 1, 2, 3, 4, 5, 6]);
  const more = ids.length - shown.length;
  const rest = more === 0 ? [] : ["", `${plural(more, "more code")} (--limit 0 shows all)`];
  const whole = db.metadata.shards;
  const some = shards.length === whole ? [] : ["", `Of ${shards.length} of ${plural(whole, "shard")}.`];
  print([colour.bold(head!), ...body, ...rest, ...some]);
}
