// The command line as a user's shell runs it, its output through pipes.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll } from "vitest";
import { full } from "../support/property.js";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `meds-reader` with arguments. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): { child: ChildProcess; done: Promise<Result> } {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  const done = new Promise<Result>((resolve, reject) => {
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, done };
}

/** Runs `meds-reader` to its end: with test:all in a process of its own, otherwise in one for the test file. */
export function meds(...args: string[]): Promise<Result> {
  if (full) return start(args).done;
  const result = last.then(() => answered(args));
  last = result.catch(() => {});
  return result;
}

let last: Promise<unknown> = Promise.resolve();
let shared: { readonly child: ChildProcess; readonly lines: AsyncIterator<string> } | undefined;
afterAll(() => shared?.child.kill());

async function answered(args: readonly string[]): Promise<Result> {
  if (shared === undefined) {
    const script = fileURLToPath(new URL("../support/commands-child.mjs", import.meta.url));
    const child = spawn(process.execPath, [script, main], { stdio: ["pipe", "pipe", "inherit"] });
    shared = { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  }
  shared.child.stdin!.write(`${JSON.stringify(args)}\n`);
  const { done, value } = await shared.lines.next();
  if (done) throw new Error(`meds-reader ${args.join(" ")} ended its process (${shared.child.exitCode ?? shared.child.signalCode}).`);
  return JSON.parse(value) as Result;
}

/** Whether this machine has the program `script`, which runs a command on a terminal. */
export const TERMINAL = spawnSync("script", ["-qec", "true", "/dev/null"]).status === 0;

/** Runs `meds-reader` on a terminal of 80 columns and 24 rows, or of another size. */
export function terminal(command: string, env: NodeJS.ProcessEnv = {}, [columns, rows] = [80, 24]): { code: number | null; text: string } {
  const { COLUMNS: _, LINES: __, PAGER: ___, NO_PAGER: ____, ...own } = process.env;
  // bash sets COLUMNS and LINES after stty.
  const set = ["COLUMNS", "LINES"].map((name) => (env[name] === undefined ? `unset ${name}` : `export ${name}=${env[name]}`));
  const line = [`stty cols ${columns} rows ${rows}`, ...set, `exec "${process.execPath}" "${main}" ${command}`].join("; ");
  const { status, stdout } = spawnSync("script", ["-qec", line, "/dev/null"], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...own, TERM: "xterm", NO_COLOR: "", ...env },
  });
  return { code: status, text: stdout.replaceAll("\r\n", "\n") };
}

/** A folder that is deleted after the file's tests. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "meds-reader-cli-"));
  afterAll(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Rows of a query by DuckDB: a reader and writer of Parquet that shares no code with ours. */
export async function duckdb(query: string): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(query)).getRowObjects();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
