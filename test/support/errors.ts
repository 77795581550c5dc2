// The errors of calls and promises.
import { MedsError } from "meds-reader";

/** The error that a call throws. Fails if the call throws none. */
export function thrown(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error("the call threw nothing");
}

/** The code of the MedsError that a call throws. Rethrows other errors. */
export function codeOf(call: () => unknown): string {
  const error = thrown(call);
  if (error instanceof MedsError) return error.code;
  throw error;
}

/** The MedsError that a promise rejects with. */
export async function rejected(promise: Promise<unknown>): Promise<MedsError> {
  const result = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (result === null) throw new Error("the promise was fulfilled");
  if (result instanceof MedsError) return result;
  throw result;
}
