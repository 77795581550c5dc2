// Failures as the command line tells them: one line on stderr, and an exit code.
import { MedsError, type Note } from "../index.js";
import { number } from "./format.js";

/** A text on one line, without characters that would steer a terminal. */
export function oneLine(text: string): string {
  return visible(text.replace(/\s+/g, " ").trim()).replace(/\.$/, "");
}

/** Control characters made visible: codes and texts are data, and must not move the cursor, ring the bell or turn the writing around. */
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

/** A note of what a person must see before all else: a table that loses more than a tenth of its rows. */
export const isDropped = ({ kind }: Note): boolean => kind === "dropped";

/** Prints such notes on stderr, where they are seen also if stdout goes to a file or a program; returns the others. */
export function warn(notes: readonly Note[]): Note[] {
  for (const { message } of notes.filter(isDropped)) process.stderr.write(`warning: ${visible(message)}.\n`);
  return notes.filter((note) => !isDropped(note));
}

/** Set by `interruptible` when a signal stopped the work. */
let stoppedBy: "SIGINT" | "SIGTERM" | undefined;

/** Tells an error and returns the exit code for it. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof MedsError)) {
    // A defect of ours: the stack is what its report needs.
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`MEDS_INTERNAL: ${oneLine(text)}. Please report this.\n`);
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
