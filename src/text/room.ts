// Fits a text whose tokens only the whole text shows: that of a format of the caller's own.
import { MedsError } from "../support/errors.js";

/** A text that was written with some room for its sections. */
export interface Attempt {
  readonly tokens: number;
  /** Nothing is left out. */
  readonly isWhole: boolean;
}

/** Texts that are written to find the longest one that fits, at most. */
const MOST = 16;

/**
 * A long text of at most `budget` tokens. The tokens of its sections are those of Markdown, and the text may have more or
 * fewer: so the room for sections is searched for. Ends with a text that fits and fills the budget but for a fiftieth.
 *
 * @param write Writes the text with room for some tokens of sections; throws `MEDS_BUDGET` where the required ones have none.
 * @param failed Throws the error where even the shortest text has too many tokens.
 */
export function longest<A extends Attempt>(budget: number, write: (room: number) => A, failed: (tokens: number) => never): A {
  let best: A | null = null;
  // There is no room for required sections at `low`, or the text fits; at `high` it does not.
  let [low, high, room] = [-1, Number.POSITIVE_INFINITY, budget];
  let failure: unknown = null;
  const attempt = (size: number): A | null => {
    try {
      return write(size);
    } catch (error) {
      if (!isBudget(error)) throw error;
      failure = error;
      return null;
    }
  };
  for (let i = 0; i < MOST && room > low && room < high; i += 1) {
    const made = attempt(room);
    if (made !== null && made.tokens > budget) high = room;
    else {
      low = room;
      best = made ?? best;
      if (made !== null && (made.isWhole || budget - made.tokens <= budget / 50)) return made;
    }
    // By the tokens so far, and in the middle where that does not end.
    const near = made === null ? 2 * room : Math.floor((room * budget) / Math.max(1, made.tokens));
    const middle = high === Number.POSITIVE_INFINITY ? 2 * room + 1 : Math.floor((low + high) / 2);
    room = i % 2 === 0 && near > low && near < high ? Math.min(near, 4 * room + 1) : middle;
  }
  if (best !== null) return best;
  if (failure !== null) throw failure;
  const least = write(0);
  return least.tokens <= budget ? least : failed(least.tokens);
}

/** Whether required sections had no room. */
export function isBudget(error: unknown): boolean {
  return error instanceof MedsError && error.code === "MEDS_BUDGET";
}
