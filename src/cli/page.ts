// Long text for people: through a pager on a terminal, as it is elsewhere. Lines are made as they are read,
// so the first screen appears at once and memory stays bounded.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";

/** Bytes that are written at a time. */
const CHUNK = 1 << 16;

/** What a pager that cannot run has read at most: a pipe holds less. */
const UNREAD = 1 << 20;

/** The size of the terminal; null where stdout is not one. COLUMNS and LINES come first, as in `man`. */
export function screen(): { readonly columns: number; readonly rows: number } | null {
  if (process.stdout.isTTY !== true) return null;
  const size = (name: string, own: number | undefined, usual: number) =>
    /^[1-9]\d{0,5}$/.test(process.env[name] ?? "") ? Number(process.env[name]) : own || usual;
  return { columns: size("COLUMNS", process.stdout.columns, 80), rows: size("LINES", process.stdout.rows, 24) };
}

interface Pager {
  readonly command: string;
  readonly args: readonly string[];
  /** A command of the user is a line for the shell. */
  readonly shell: boolean;
}

/** The pagers to try, in order; none where the user wants none. `--no-pager` is `wanted` = false. */
export function pagers(wanted: boolean, env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): readonly Pager[] {
  const own = env.PAGER?.trim();
  if (!wanted || (env.NO_PAGER ?? "") !== "" || own === "" || own === "cat" || env.TERM === "dumb") return [];
  if (own !== undefined) return [{ command: own, args: [], shell: true }];
  const less = { command: "less", args: ["-FRX"], shell: false };
  // more.com of Windows does not know UTF-8.
  return platform === "win32" ? [less] : [less, { command: "more", args: [], shell: false }];
}

/**
 * Writes lines to stdout, through a pager if stdout is a terminal and they do not fit on it. A reader that
 * stops early is not an error.
 */
export async function page(lines: Iterable<string>, wanted: boolean): Promise<void> {
  const size = screen();
  const choice = size === null ? [] : pagers(wanted);
  const rest = lines[Symbol.iterator]();
  const head: string[] = [];
  if (size !== null && choice.length > 0) {
    // One row is for the prompt of the shell.
    while (head.length < size.rows) {
      const next = rest.next();
      if (next.done === true) return send(text(head), process.stdout);
      head.push(next.value);
    }
    for (const pager of choice) if (await paged(pager, head, rest)) return;
  }
  await send(text(chained(head, rest)), process.stdout);
}

function* text(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`;
}

function* chained(head: readonly string[], rest: Iterator<string>): Generator<string> {
  yield* head;
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value;
}

/**
 * Shows lines in a pager until the user leaves it. False if the pager cannot run: then `head` has all lines
 * that were taken from `rest` for it.
 */
async function paged({ command, args, shell }: Pager, head: string[], rest: Iterator<string>): Promise<boolean> {
  // Ctrl-C is for the pager: it stops a search there, or the pager itself.
  const ignore = () => {};
  process.on("SIGINT", ignore);
  try {
    const env = { LESS: "FRX", LV: "-c", ...process.env };
    const child = spawn(command, args, { shell, env, stdio: ["pipe", "inherit", "inherit"] });
    const end = ended(child);
    // A pager that is left early closes its pipe.
    child.stdin.on("error", ignore);
    let unread = 0;
    const kept = function* () {
      yield* text(head);
      for (let next = rest.next(); next.done !== true; next = rest.next()) {
        if (unread <= UNREAD) head.push(next.value);
        unread += next.value.length;
        yield `${next.value}\n`;
      }
    };
    await send(kept(), child.stdin);
    child.stdin.end();
    return !((await end) && unread <= UNREAD);
  } finally {
    process.off("SIGINT", ignore);
  }
}

/** Resolves when a process ends: to true where its program was not found or could not be run. */
function ended(child: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    child.on("error", () => resolve(true));
    // A shell says 126 and 127; cmd.exe says 9009, or 1 for both.
    child.on("close", (code) => resolve(code === 126 || code === 127 || code === 9009));
  });
}

/** Writes texts to a stream, and waits for it where it is slower. Ends early where the stream is closed. */
export async function send(texts: Iterable<string>, to: Writable): Promise<void> {
  let chunk = "";
  for (const part of texts) {
    chunk += part;
    if (chunk.length < CHUNK) continue;
    if (!to.write(chunk)) await drained(to);
    chunk = "";
    if (to.destroyed) return;
  }
  if (chunk !== "" && !to.write(chunk)) await drained(to);
}

async function drained(to: Writable): Promise<void> {
  const stop = new AbortController();
  const until = (event: string) => once(to, event, { signal: stop.signal }).catch(() => {});
  await Promise.race([until("drain"), until("close")]);
  stop.abort();
}
