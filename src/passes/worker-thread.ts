import type { MessagePort } from "node:worker_threads";
import type { Task } from "./messages.js";
import { Opened } from "./opener.js";
import type { Link } from "./outbox.js";
import { serve } from "./serve.js";
import { work } from "./work.js";

/** Runs the tasks of passes in a worker thread. The store is opened once. */
export function servePasses(): void {
  const opened = new Opened();
  serve(async ({ port, ...share }: Task): Promise<boolean> => {
    // Not after an error: the function may have left anything.
    let isClean = false;
    const link = linkOf(port, (clean) => {
      isClean = clean;
    });
    await work(opened, share, link);
    port.close();
    return isClean;
  });
}

function linkOf(port: MessagePort, tell: (isClean: boolean) => void): Link {
  const before = resources();
  let resume = () => {};
  port.on("message", () => resume());
  return {
    isRemote: true,
    send: (message, transfer = []) => port.postMessage(message, transfer),
    more: () =>
      new Promise((resolve) => {
        resume = resolve;
      }),
    settled: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      const isClean = [...resources()].every(([name, count]) => count <= (before.get(name) ?? 0));
      tell(isClean);
      return isClean;
    },
  };
}

/** What keeps the thread's event loop busy, by kind. Ports of the thread itself do not count. */
function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) if (name !== "MessagePort") counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
