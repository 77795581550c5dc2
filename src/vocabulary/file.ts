// Vocabularies and targets as JSON files. Writing is atomic; reading checks every member.
import { readFile, rm, writeFile } from "node:fs/promises";
import type { Store } from "../store/store.js";
import { pathOf } from "../support/arguments.js";
import { writtenAside } from "../support/atomic.js";
import { fail, MedsError } from "../support/errors.js";
import { node } from "../support/node.js";

/**
 * The store that something was fitted on. It is in a separate file beside the fitted one
 * (`NAME.provenance.json`), because the id of a store changes with every held-out patient and the fitted file
 * must not.
 */
export interface Provenance {
  /** Id of the vocabulary or of the tasks. */
  readonly of: string;
  /** Content id and fingerprint of the store: {@link Metadata.id}. */
  readonly store: string;
  readonly fingerprint: string;
}

/** The provenance of something that was fitted on a store. */
export function provenanceOf(of: string, { manifest }: Store): Provenance {
  return { of, store: manifest.id, fingerprint: manifest.fingerprint };
}

/** The text of a fitted file: one line per member, and a newline at the end. */
function textOfFitted(json: object): string {
  return `${JSON.stringify(json, null, 1)}\n`;
}

/** 32 hexadecimal digits that are equal for equal files. */
export function idOfFitted(json: object): string {
  return node.crypto.createHash("sha256").update(textOfFitted(json)).digest("hex").slice(0, 32);
}

/** Writes the fitted file, and its provenance beside it. */
export async function writeFitted(path: string, json: object, provenance: Provenance | null): Promise<void> {
  await replace(pathOf("path", path), textOfFitted(json));
  if (provenance === null) await rm(besideOf(path), { force: true });
  else await replace(besideOf(path), textOfFitted(provenance));
}

const replace = (path: string, text: string) => writtenAside(path, (part, durable) => writeFile(part, text, { flush: durable }));

const besideOf = (path: string) => `${path.replace(/\.json$/, "")}.provenance.json`;

/**
 * Reads the fitted file and its provenance, which is null if its file is missing or belongs to another fitted
 * file.
 */
export async function readFitted<T>(
  path: string,
  make: (members: Members) => T & { readonly id: string },
): Promise<{ readonly fitted: T; readonly provenance: Provenance | null }> {
  const fitted = make(membersOf(await parsed(pathOf("path", path)), path));
  const beside = await parsed(besideOf(path)).catch((error: unknown) => {
    if (error instanceof MedsError && error.code === "MEDS_NOT_FOUND") return null;
    throw error;
  });
  if (beside === null) return { fitted, provenance: null };
  const members = membersOf(beside, besideOf(path));
  const provenance = { of: members.text("of"), store: members.text("store"), fingerprint: members.text("fingerprint") };
  return { fitted, provenance: provenance.of === fitted.id ? provenance : null };
}

async function parsed(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") fail("MEDS_NOT_FOUND", `${path}: the file does not exist. Check the path.`, path);
    const what =
      code === "EISDIR"
        ? "this is a folder, not a file (EISDIR). Use the path of a file."
        : `the file cannot be read (${message}). Check the path and the disk.`;
    throw new MedsError("MEDS_IO", `${path}: ${what}`, { path, cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MedsError(
      "MEDS_FITTED_FILE",
      `${path}: the file is not complete JSON (${(cause as Error).message}). Fit again, or use another copy.`,
      {
        path,
        cause,
      },
    );
  }
}

const CHANGED = "The content was changed or damaged after fitting. Fit again, or use another copy.";

/** The members of a JSON object that fitting wrote. */
export function membersOf(value: unknown, path: string | undefined): Members {
  const where = path === undefined ? "" : `${path}: `;
  const broken = (name: string, what: string, remedy = CHANGED): never =>
    fail("MEDS_FITTED_FILE", `${where}\`${name}\` is not ${what}. ${remedy}`, path);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return fail("MEDS_FITTED_FILE", `${where}the content is not a JSON object. ${CHANGED}`, path);
  return new Members(value as Readonly<Record<string, unknown>>, broken, path);
}

/** Reads members, and throws `MEDS_FITTED_FILE` if one is not as fitting wrote it. */
export class Members {
  constructor(
    private readonly values: Readonly<Record<string, unknown>>,
    readonly broken: (name: string, what: string, remedy?: string) => never,
    private readonly path: string | undefined,
  ) {}

  private get(name: string): unknown {
    return Object.hasOwn(this.values, name) ? this.values[name] : undefined;
  }

  isNull(name: string): boolean {
    return this.get(name) === null;
  }

  text(name: string): string {
    const value = this.get(name);
    return typeof value === "string" ? value : this.broken(name, "a string");
  }

  one<W extends string>(name: string, words: readonly W[]): W {
    const value = this.get(name) as W;
    return words.includes(value) ? value : this.broken(name, `one of ${words.join(", ")}`);
  }

  flag(name: string): boolean {
    const value = this.get(name);
    return typeof value === "boolean" ? value : this.broken(name, "true or false");
  }

  count(name: string): number {
    const value = this.get(name) as number;
    return Number.isSafeInteger(value) && value >= 0 ? value : this.broken(name, "a whole number, 0 or more");
  }

  number(name: string): number {
    const value = this.get(name);
    return typeof value === "number" && Number.isFinite(value) ? value : this.broken(name, "a number");
  }

  texts(name: string): readonly string[] {
    const value = this.get(name);
    const isRight = Array.isArray(value) && value.every((item) => typeof item === "string");
    return isRight ? (value as string[]) : this.broken(name, "a list of strings");
  }

  /** Numbers, each greater than the one before it. */
  ascending(name: string): readonly number[] {
    const value = this.numbers(name);
    return value.every((item, i) => i === 0 || item > value[i - 1]!)
      ? value
      : this.broken(name, "a list of numbers, each greater than the one before it");
  }

  /** Numbers, each at least the one before it. */
  numbers(name: string): readonly number[] {
    const value = this.get(name);
    const isRight = Array.isArray(value) && value.every((item, i) => Number.isFinite(item) && (i === 0 || item >= value[i - 1]));
    return isRight ? (value as number[]) : this.broken(name, "a list of numbers, each at least the one before it");
  }

  isObject(name: string): boolean {
    const value = this.get(name);
    return typeof value === "object" && value !== null;
  }

  list(name: string): readonly unknown[] {
    const value = this.get(name);
    return Array.isArray(value) ? value : this.broken(name, "a list");
  }

  inner(name: string): Members {
    return membersOf(this.get(name), this.path);
  }

  /** Applies a function to the members of each object of a list. */
  each<T>(name: string, make: (members: Members) => T): readonly T[] {
    return this.list(name).map((item) => make(membersOf(item, this.path)));
  }

  /** Checks the name and the version of the format. */
  format(name: string, version: number): void {
    if (this.get("format") !== name) this.broken("format", JSON.stringify(name));
    if (this.get("version") !== version)
      this.broken("version", `${version}`, "Read it with the version of meds-reader that wrote it, or fit again.");
  }
}
