// Shows progress on stderr: a bar on a terminal, lines of JSON for programs, or nothing. stdout is for
// results.
import { SingleBar } from "cli-progress";
import type { Progress } from "../index.js";
import { bytes, number, seconds } from "./format.js";
import { interruptible } from "./report.js";

/** The values of `--progress`. */
export type How = "bar" | "json" | "none";

/** What the functions of the API take to show progress, and to be cancelled. */
export interface Watching {
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly signal: AbortSignal;
}

interface Watcher {
  readonly onProgress: Watching["onProgress"];
  readonly stop: () => void;
}

const NAMES: Readonly<Record<Progress["phase"], string>> = {
  start: "Starting",
  wait: "Waiting for another process",
  plan: "Reading the files",
  transform: "Transforming",
  measure: "Measuring",
  sort: "Sorting",
  write: "Writing",
  check: "Checking",
  finish: "Finishing",
};

/** Runs work that shows its progress. Ctrl-C and SIGTERM cancel it. */
export async function watched<T>(how: How, work: (watching: Watching) => Promise<T>): Promise<T> {
  const { onProgress, stop } = watch(how);
  try {
    return await interruptible((signal) => work({ onProgress, signal }));
  } finally {
    stop();
  }
}

function watch(how: How): Watcher {
  if (how === "json") return jsonLines();
  if (how === "bar" && process.stderr.isTTY === true) return bar();
  return { onProgress: undefined, stop: () => {} };
}

/** Estimates the seconds left in a phase from its pace so far; undefined while it is too early to say. */
class Pace {
  private phase: string | undefined;
  private began = 0;

  left({ phase, done, total }: Progress): number | undefined {
    const now = performance.now();
    if (phase !== this.phase) {
      this.phase = phase;
      this.began = now;
    }
    const elapsed = (now - this.began) / 1000;
    return done > 0 && total > 0 && elapsed > 0.2 ? (elapsed * Math.max(total - done, 0)) / done : undefined;
  }
}

function jsonLines(): Watcher {
  const pace = new Pace();
  const began = performance.now();
  return {
    onProgress: (progress) => {
      const eta = pace.left(progress);
      const line = { ...progress, seconds: (performance.now() - began) / 1000, eta: eta ?? null };
      process.stderr.write(`${JSON.stringify(line)}\n`);
    },
    stop: () => {},
  };
}

function bar(): Watcher {
  const pace = new Pace();
  const line = new SingleBar({
    format: "{name} {bar} {percentage} % {detail}",
    stream: process.stderr,
    barsize: 28,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    clearOnComplete: true,
    fps: 15,
  });
  line.start(1, 0, { name: NAMES.start, detail: "" });
  return {
    onProgress: (progress) => {
      const { phase, done, total } = progress;
      const left = pace.left(progress);
      const detail = [
        total > 0 ? `${number(Math.round(done))} of ${number(total)} rows` : "",
        progress.bytes > 0 ? bytes(progress.bytes) : "",
        left === undefined ? "" : `${seconds(left)} left`,
      ];
      line.setTotal(Math.max(total, 1));
      line.update(Math.min(done, Math.max(total, 1)), { name: NAMES[phase], detail: detail.filter((text) => text !== "").join(", ") });
    },
    stop: () => line.stop(),
  };
}
