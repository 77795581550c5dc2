// What a worker and the thread that waits for it tell each other.
import type { MessagePort } from "node:worker_threads";
import type { LabelRow } from "../labels/labels.js";
import { MedsError, type MedsErrorCode } from "../support/errors.js";
import type { ModuleFunction } from "./module.js";
import type { ReaderPlan } from "./reader.js";

/** A run of patients, and what is to be done with them. */
export interface Task {
  /** The store, and the id of its content: slots mean other patients in any other. */
  readonly path: string;
  readonly id: string;
  readonly chunk: number;
  readonly chunks: number;
  readonly slots: Uint32Array;
  /** Their shards that the pass reads in order. */
  readonly scanned: readonly number[];
  /** The caller's function; null where a reader does without. */
  readonly module: ModuleFunction | null;
  readonly args: unknown;
  /** What the function returns: a result or many (`stream`), or one (`value`). */
  readonly mode: "stream" | "value";
  /** Of each slot its labels, where patients are read with labels. */
  readonly labels: readonly (readonly LabelRow[])[] | null;
  /** Who asks the function of each patient by itself; null where it gets all of them. */
  readonly reader: ReaderPlan | null;
  /** Where results go, and where {@link MORE} comes from. */
  readonly port: MessagePort;
}

/** The reader has begun on some results: as many may follow. */
export const MORE = "more";

/** Batches of results that may be on the way or waiting; then the worker waits. */
export const CREDIT = 4;

/** What a worker sends. */
export type Message =
  | { readonly kind: "results"; readonly results: readonly unknown[] }
  | { readonly kind: "end" }
  | { readonly kind: "error"; readonly stage: "store" | "load" | "run"; readonly subject: bigint | null; readonly error: SentError };

/** What goes wrong with the store, or with files of ours: the caller's function has no part in it. */
export class OwnFault extends Error {
  override readonly name = "OwnFault";

  constructor(readonly fault: unknown) {
    super("a fault of the store", { cause: fault });
  }
}

/** Something thrown, as it crosses between threads. */
export interface SentError {
  /** An error of this package, another error, or a value that was thrown and is none. */
  readonly kind: "meds" | "error" | "value";
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly path: string | undefined;
  readonly cause: SentError | null;
}

/** Causes that are told: an error may name itself as its cause. */
const DEPTH = 8;

/** Something thrown, ready to be sent. The structured clone would lose the class and the code. */
export function sent(error: unknown, depth = 0): SentError {
  if (!(error instanceof Error)) {
    const message = describe(error);
    return { kind: "value", name: "", message, stack: undefined, code: undefined, path: undefined, cause: null };
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const path = "path" in error && typeof error.path === "string" ? error.path : undefined;
  const { name, message, stack } = error;
  const cause = error.cause === undefined || depth === DEPTH ? null : sent(error.cause, depth + 1);
  return { kind: error instanceof MedsError ? "meds" : "error", name: String(name), message: String(message), stack, code, path, cause };
}

function describe(value: unknown): string {
  try {
    return String(value);
  } catch {
    return typeof value; // an object without a way to become text
  }
}

/** What was thrown in the worker: an error of the same name, message, stack, code and causes. */
export function received({ kind, name, message, stack, code, path, cause }: SentError): unknown {
  if (kind === "value") return message;
  const options = cause === null ? {} : { cause: received(cause) };
  if (kind === "meds") return withStack(new MedsError(code as MedsErrorCode, message, { path, ...options }), stack);
  const error = withStack(new Error(message, options), stack);
  error.name = name;
  return code === undefined ? error : Object.assign(error, { code });
}

function withStack<E extends Error>(error: E, stack: string | undefined): E {
  if (stack !== undefined) error.stack = stack;
  return error;
}
