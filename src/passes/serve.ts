import { node } from "../support/node.js";
import { type Answer, type Question, sent } from "./messages.js";

/**
 * Answers the tasks of {@link Threads} in a worker thread, one after another. The arrays of a result are
 * transferred, not copied: results must not share buffers, except those of empty arrays, which are not
 * transferred.
 */
export function serve<T, R>(run: (task: T) => R | Promise<R>): void {
  const port = node.threads.parentPort!;
  port.on("message", async ({ task }: Question<T>) => {
    let answer: Answer<R>;
    try {
      answer = { kind: "done", result: await run(task) };
    } catch (thrown) {
      answer = { kind: "failed", error: sent(thrown) };
    }
    port.postMessage(answer, answer.kind === "done" ? buffersOf(answer.result) : []);
  });
}

/** The buffers of the typed arrays in a result and in its members. */
function buffersOf(result: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const add = (value: unknown, depth: number): void => {
    if (ArrayBuffer.isView(value)) {
      if (value.byteLength > 0) found.add(value.buffer as ArrayBuffer);
    } else if (depth > 0 && typeof value === "object" && value !== null) for (const member of Object.values(value)) add(member, depth - 1);
  };
  add(result, 2);
  return [...found];
}
