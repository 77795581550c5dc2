// How far from the limit: the same scan in Rust and in C++, each native operation beside the reading of its columns, the cost of a call over the
// boundary, and the machine's memory.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { bandwidth, example, rustScan } from "./rust.mjs";

/** Measures the floor of a store; `{ reason }` where there is no Rust to do it with. */
export async function measureFloor(root, store) {
  try {
    return {
      bandwidth: (await bandwidth(root)).gigabytesPerSecond,
      scan: { 1: (await rustScan(root, store, 1)).nanosPerEvent, 2: (await rustScan(root, store, 2)).nanosPerEvent },
      operations: lines(example(root, "floor"), [store]),
      boundary: lines(process.execPath, [join(root, "benches", "addon", "boundary.mjs"), store]).at(-1),
    };
  } catch (error) {
    return { reason: error.message };
  }
}

/** What a program prints, a line of JSON each. */
function lines(program, args) {
  const { status, stdout, error } = spawnSync(program, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw error ?? new Error(`${program} ended with ${status}`);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}
