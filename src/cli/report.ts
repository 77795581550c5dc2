// Reports errors and notes: an error is one line on stderr and an exit code.
import { MedsError, type Note } from "../index.js";
import { number } from "./format.js";

/** A text on one line, without control characters. */
export function oneLine(text: string): string {
  return visible(text.replace(/\s+/g, " ").trim()).replace(/\.$/, "");
}

/**
 * Escapes control characters: codes and texts are data, and must not control the terminal or the direction of
 * text.
 */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A note on one line. */
export function noted({ kind, message, count }: Note): string {
  return `${kind}: ${visible(message)} (${number(count)})`;
}

/** The notes that a user must see first: a table loses more than a tenth of its rows. */
export const isDropped = ({ kind }: Note): boolean => kind === "dropped";

/**
 * Prints these notes on stderr, so that they are seen even if stdout goes to a file. Returns the other notes.
 */
export function warn(notes: readonly Note[]): Note[] {
  for (const { message } of notes.filter(isDropped)) process.stderr.write(`warning: ${visible(message)}.\n`);
  return notes.filter((note) => !isDropped(note));
}

/** The signal that stopped the work, set by `interruptible`. */
let stoppedBy: "SIGINT" | "SIGTERM" | undefined;

/** Prints an error and returns its exit code. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof MedsError)) {
    // A bug in this package: a report needs the stack trace.
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`MEDS_INTERNAL: Internal error in meds-reader: ${oneLine(text)}. Please report it with this line.\n`);
    return 1;
  }
  process.stderr.write(`${error.code}: ${oneLine(error.message)}.\n`);
  if (error.code === "MEDS_CANCELLED" && stoppedBy !== undefined) return stoppedBy === "SIGINT" ? 130 : 143;
  return 1;
}

/** Runs work that Ctrl-C (or SIGTERM) cancels cleanly; a second one ends the process at once. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (signal: "SIGINT" | "SIGTERM") => {
    if (stoppedBy !== undefined) process.exit(signal === "SIGINT" ? 130 : 143);
    stoppedBy = signal;
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
