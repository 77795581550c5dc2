// A loader's process, seen from the harness: requests one at a time, as lines of JSON.
import { spawn } from "node:child_process";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const host = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));

export class Child {
  #child;
  #waiting = [];
  #end;
  #gone; // why the process ended

  /** `python`: the program for loaders in Python. */
  constructor(file, { python }) {
    this.key = basename(file).replace(/\.(mjs|py)$/, file.endsWith(".py") ? ".py" : "");
    const [program, args] = file.endsWith(".py") ? [python, [host("host.py"), file]] : [process.execPath, [host("host.mjs"), file]];
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    let talk = "";
    this.#child.stderr.on("data", (data) => {
      talk = (talk + data).slice(-2000);
    });
    this.#child.stdin.on("error", () => {}); // the process has ended, which is reported below
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#waiting.shift()?.resolve(JSON.parse(line)));
    this.#end = new Promise((resolve) => {
      const ended = (why) => {
        this.#gone = why;
        for (const { reject } of this.#waiting.splice(0)) reject(new Error(why));
        resolve();
      };
      this.#child.on("error", (error) => ended(error.message));
      this.#child.on("close", (code, signal) => ended(`the process ended with ${signal ?? code}${talk ? `: ${talk.trim()}` : ""}`));
    });
  }

  /** The reply to a request; rejects with the loader's own message. */
  async ask(command, request = {}) {
    const reply = await new Promise((resolve, reject) => {
      if (this.#gone !== undefined) return reject(new Error(this.#gone));
      this.#waiting.push({ resolve, reject });
      this.#child.stdin.write(`${JSON.stringify({ do: command, ...request })}\n`);
    });
    if (reply.error !== undefined) throw new Error(reply.error);
    return reply;
  }

  async close() {
    const timer = setTimeout(() => this.#child.kill(), 10_000);
    await this.ask("close").catch(() => {});
    await this.#end;
    clearTimeout(timer);
  }
}

/** One request in a process that does nothing else. */
export async function once(file, options, command, request) {
  const child = new Child(file, options);
  try {
    return await child.ask(command, request);
  } finally {
    await child.close();
  }
}
