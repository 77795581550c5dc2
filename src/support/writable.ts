import { createWriteStream } from "node:fs";
import type { Writable } from "node:stream";
import { expected, pathOf } from "./arguments.js";
import { writtenAside } from "./atomic.js";
import { MedsError } from "./errors.js";
import { node } from "./node.js";
import { isError } from "./realm.js";
import type { AbortSignalLike } from "./signal.js";

/**
 * A writable stream of Node: of a file, `process.stdout`, a socket. Declared by its members, so that these
 * types do not depend on the types of Node.
 */
export interface WritableLike {
  write(chunk: Uint8Array): boolean;
  end(): unknown;
}

/** The path of a file or a writable stream, or an error that names the argument. */
export function targetOf(name: string, to: string | WritableLike): string | Writable {
  if (typeof to === "string") return pathOf(name, to);
  const isStream = ["write", "on"].every((member) => typeof (to as unknown as Record<string, unknown> | null)?.[member] === "function");
  return isStream ? (to as Writable) : expected(name, to, "the path of a file, or a writable stream");
}

/**
 * Writes pieces to a file, which is complete or does not exist, or to a stream. The signal also ends it
 * where the reader of the stream takes nothing: MEDS_CANCELLED with the sentence `cancelled`. A stream that
 * is closed too early is MEDS_IO.
 */
export async function writePieces(
  pieces: AsyncIterable<Uint8Array>,
  to: string | Writable,
  signal: AbortSignalLike | undefined,
  cancelled: string,
): Promise<void> {
  // Node's pipeline would wait for ever for a stream that has ended.
  if (typeof to !== "string" && (to.destroyed || to.writableEnded)) failClosed();
  const own = new AbortController();
  const stop = () => own.abort();
  const into = (stream: Writable, end: boolean) =>
    node.streams.promises.pipeline(node.streams.Readable.from(pieces), stream, { end, signal: own.signal });
  signal?.addEventListener("abort", stop, { once: true });
  try {
    if (typeof to === "string")
      await writtenAside(to, async (part, durable) => {
        const file = createWriteStream(part, { flush: durable });
        const closed = new Promise<void>((resolve) => file.once("close", () => resolve()));
        // After an error the file may still be opened: only then can it be removed.
        await into(file, true).finally(() => closed);
      });
    // stdout stays open: a process has only one.
    else await into(to, (to as unknown) !== process.stdout);
  } catch (error) {
    if (own.signal.aborted) throw new MedsError("MEDS_CANCELLED", cancelled, { cause: signal?.reason });
    // Not an error that the program gave to destroy(): that one is its own.
    if (isError(error) && /^ERR_STREAM_/.test((error as NodeJS.ErrnoException).code ?? "")) failClosed(error);
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

function failClosed(cause?: unknown): never {
  throw new MedsError(
    "MEDS_IO",
    "The stream was destroyed or ended before everything was written to it. Pass a stream that stays open until the promise settles.",
    { cause },
  );
}
