// Child processes, for tests that may crash the process or kill it.
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How a child ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `test/support/NAME` with this Node. `files`: the most files it may have open at a time. */
export function start(
  name: string,
  args: readonly string[],
  options: { readonly node?: readonly string[]; readonly files?: number } = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const command = [process.execPath, ...(options.node ?? []), script, ...args];
  // Node raises its limit of open files to the hard limit, which this sets.
  const limited = options.files === undefined ? command : ["/bin/sh", "-c", `ulimit -n ${options.files} && exec "$0" "$@"`, ...command];
  const child = spawn(limited[0]!, limited.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout!.on("data", (data) => {
    stdout += data;
  });
  child.stderr!.on("data", (data) => {
    stderr += data;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, ended };
}

/** Runs `test/support/NAME` to its end. A process that hangs is killed, and the result has its signal. */
export async function run(
  name: string,
  args: readonly string[],
  options: { readonly node?: readonly string[]; readonly files?: number; readonly timeout?: number } = {},
): Promise<Ended> {
  const { child, ended } = start(name, args, options);
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeout ?? 60_000);
  const end = await ended;
  clearTimeout(timer);
  return end;
}
