// Child processes: every measurement runs in one of its own, times itself and prints JSON as its last line.
import { spawn } from "node:child_process";

/** Runs a program to its end and returns the JSON of its last line, with the seconds until its output came. */
export function measure(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"], ...options });
    let text = "";
    let millis = Number.NaN;
    child.stdout.on("data", (data) => {
      text += data;
      millis = performance.now() - began;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0) return reject(new Error(`${command} ${args.join(" ")} ended with ${code}`));
      resolve({ ...JSON.parse(text.trim().split("\n").at(-1)), wallMillis: millis });
    });
  });
}

/** The middle one of some values. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
