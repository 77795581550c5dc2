// The messages between the main thread and its worker threads: of passes and of loaders.

import type { MessagePort } from "node:worker_threads";
import type { Int64 } from "../store/values/vector.js";
import { MedsError, type MedsErrorCode } from "../support/errors.js";
import type { ModuleFunction } from "../support/module.js";
import { isError } from "../support/realm.js";
import type { Chunks } from "./chunks.js";
import type { InlineFunction } from "./inline.js";
import type { LabelPlan } from "./label-slots.js";
import type { ReaderPlan } from "./reader.js";

/** From the main thread to a worker. */
export interface Question<T> {
  readonly kind: "task";
  readonly task: T;
}

/** From a worker to the main thread: one per task, in the order of the tasks. */
export type Answer<R> = { readonly kind: "done"; readonly result: R } | { readonly kind: "failed"; readonly error: SentError };

/** The function of a pass. */
export type PassFunction = ModuleFunction | InlineFunction;

/** What all workers of a pass do: plain data. */
export interface Work {
  /** Path and content id of the store: the same slots are other patients in another store. */
  readonly path: string;
  readonly id: string;
  /** As the store was opened: see {@link OpenOptions.int64}. */
  readonly int64: Int64;
  readonly chunks: Chunks;
  /** The shards that the pass reads sequentially. */
  readonly scanned: readonly number[];
  /** The caller's function; null where a reader does not call one. */
  readonly run: PassFunction | null;
  readonly args: unknown;
  /** `stream`: the function may return many results; `value`: it returns one. */
  readonly mode: "stream" | "value";
  /** Whether the function is called once per worker or once per chunk. */
  readonly per: "worker" | "chunk";
  /** Whether results are read in the order of the chunks. */
  readonly ordered: boolean;
  /** The labels of the patients; null where patients are read without labels. */
  readonly labels: LabelPlan | null;
  /** The reader that calls the function for each patient; null where the function receives all patients. */
  readonly reader: ReaderPlan | null;
}

/** The task of one worker of a pass. */
export interface Task {
  readonly work: Work;
  readonly worker: number;
  readonly workers: number;
  /** The words of the pass's board. */
  readonly words: Int32Array;
  /** Results go to this port, and {@link MORE} arrives from it. */
  readonly port: MessagePort;
}

/** The main thread has read a message of results for which the worker waited. */
export const MORE = "more";

/** From a worker of a pass. `chunk` is the last one that the worker has taken, -1 for none. */
export type Message =
  | { readonly kind: "results"; readonly chunk: number; readonly results: readonly unknown[] }
  | { readonly kind: "left" }
  /** Nothing of the pass is left in the thread: {@link Link.settled}. How long the worker read patients. */
  | { readonly kind: "end"; readonly isClean: boolean; readonly millis: number }
  | {
      readonly kind: "error";
      readonly chunk: number;
      readonly stage: "store" | "load" | "run";
      readonly subject: bigint | null;
      readonly error: SentError;
    };

/** A fault of the store or of our own files, not of the caller's function. */
export class OwnFault extends Error {
  override readonly name = "OwnFault";

  constructor(readonly fault: unknown) {
    super("a fault of the store", { cause: fault });
  }
}

/** A thrown value in a form that can be sent between threads. */
export interface SentError {
  /** An error of this package, another error, or a thrown value that is not an error. */
  readonly kind: "meds" | "error" | "value";
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
  readonly path: string | undefined;
  readonly cause: SentError | null;
}

/** Maximum length of the chain of causes: an error may name itself as its cause. */
const DEPTH = 8;

/** Converts a thrown value for sending. A structured clone would lose the class and the code. */
export function sent(error: unknown, depth = 0): SentError {
  if (!isError(error)) {
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
    return typeof value; // an object that cannot be converted to a string
  }
}

/** Restores the value that the worker threw: an error of the same name, message, stack, code and causes. */
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
