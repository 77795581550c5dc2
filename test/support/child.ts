// Programs of their own: what might crash the process, or is to be killed, runs in one.
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** How a child ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `test/support/NAME` under this Node. */
export function start(
  name: string,
  args: readonly string[],
  options: { readonly node?: readonly string[] } = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const script = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, [...(options.node ?? []), script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
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

/** Runs `test/support/NAME` to its end; one that hangs is killed and told by its signal. */
export async function run(
  name: string,
  args: readonly string[],
  options: { readonly node?: readonly string[]; readonly timeout?: number } = {},
): Promise<Ended> {
  const { child, ended } = start(name, args, options);
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeout ?? 60_000);
  const end = await ended;
  clearTimeout(timer);
  return end;
}
