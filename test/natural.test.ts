// The harness of the natural programs: that their answers are right, that a wrong one fails, and that it says what a build lacks. No time is judged.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { convert, generate, PatientDatabase } from "meds-reader";
import { beforeAll, describe, expect, it } from "vitest";
import { folder, place } from "./support/folder.js";
import { full } from "./support/property.js";

const natural = fileURLToPath(new URL("../benches/natural.mjs", import.meta.url));
const root = folder("natural");
const source = join(root, "source");
const out = join(root, "out.json");

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: string[]): Promise<Ran> {
  // Without a Python: the peers' answers are compared by `npm run bench:natural`.
  const env = { ...process.env, MEDS_PEER_PYTHON: join(root, "no-python") };
  const options = ["--data", source, "--cache", join(root, "cache"), "--quick", "--out", out, ...args];
  const child = spawn(process.execPath, [natural, ...options], { stdio: ["ignore", "pipe", "pipe"], env });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

interface Entry {
  readonly question: string;
  readonly answer: Record<string, number | string>;
  readonly results: readonly { readonly name: string; readonly wall: number; readonly cpu: number; readonly first: number }[];
  readonly left: readonly string[];
}
const report = () => (JSON.parse(readFileSync(out, "utf8")) as { report: Entry[] }).report;

/** A folder of programs with one more. */
function program(name: string, path: string, text: string): string {
  const file = place(root, name, path);
  writeFileSync(file, text);
  return join(root, name);
}

beforeAll(async () => {
  await generate(source, { preset: "demo", seed: 5 });
  await convert(source, join(root, "store.medsdb"));
});

describe("npm run bench:natural", () => {
  // The tests below find a fault of the harness; the programs themselves are measured with `npm run bench:natural`.
  it.runIf(full)(
    "runs each program of the questions and prints figures; the answers are those of the rows themselves",
    async () => {
      const { code, stdout, stderr } = await run("--only", "codes-per-year,sum-of-labs,empty-pass,event-time");
      expect(stderr).toMatch(/without the peers: MEDS_PEER_PYTHON=\S+ does not run/);
      expect(stdout).toContain("(codes-per-year)");
      expect(code).toBe(0);
      const db = PatientDatabase.open(join(root, "store.medsdb"));
      const cells = new Map<string, number>();
      let total = 0;
      for (const patient of db) {
        for (const { code, timeMicros, numericValue } of patient) {
          if (code.startsWith("LAB//")) total += numericValue ?? 0;
          if (timeMicros === null) continue;
          const key = `${code}\t${new Date(Number(timeMicros) / 1000).toISOString().slice(0, 4)}`;
          cells.set(key, (cells.get(key) ?? 0) + 1);
        }
      }
      db.close();
      const lines = Array.from(cells, ([key, count]) => Buffer.from(`${key}\t${count}\n`)).sort(Buffer.compare);
      const digest = createHash("sha256").update(Buffer.concat(lines)).digest("hex");
      const of = (question: string) => report().find((entry) => entry.question === question);
      expect(lines.length).toBeGreaterThan(100);
      expect(of("codes-per-year")?.answer).toEqual({ rows: lines.length, digest });
      expect(of("sum-of-labs")?.answer.total).toBeCloseTo(total, 6);
      for (const { results, question } of report()) {
        expect(results.length, question).toBeGreaterThan(1);
        for (const { name, wall, cpu, first } of results)
          expect(
            [wall, cpu, first].every((seconds) => seconds >= 0),
            name,
          ).toBe(true);
      }
      expect(of("codes-per-year")?.results.map(({ name }) => name)).toEqual(expect.arrayContaining(["port-module", "port-here", "arrays"]));
    },
    300_000,
  );

  it("fails where one answer differs, and names both programs", async () => {
    const programs = program("wrong", "event-time/wrong.mjs", "export const needs = []; export const run = () => ({ before: -1 });");
    const { code, stderr } = await run("--only", "event-time", "--programs", programs);
    expect(code).toBe(1);
    expect(stderr).toMatch(/event-time, source: wrong does not answer as date: before is \d+ and -1/);
  }, 120_000);

  it("fails where a program fails, and still measures the others", async () => {
    const programs = program(
      "failing",
      "event-time/failing.mjs",
      'export const needs = []; export function run() { throw new Error("no luck"); }',
    );
    const { code, stderr } = await run("--only", "event-time", "--programs", programs);
    expect(code).toBe(1);
    expect(stderr).toContain("no luck");
    expect(stderr).toContain("event-time, source: failing failed");
    expect(report()[0]?.results.map(({ name }) => name)).toEqual(expect.arrayContaining(["date", "time"]));
  }, 120_000);

  it("says what a build lacks, and runs what the build has, also of another folder", async () => {
    const text = 'export const needs = ["Event.date", "Event.swim", "Nowhere.at"]; export function run() {}';
    const programs = program("needy", "event-time/needy.mjs", text);
    const { code, stdout } = await run("--only", "event-time", "--programs", programs, "--base", join(dirname(natural), ".."));
    expect(code).toBe(0);
    expect(stdout).toContain("needy: not in this build: Event.swim, Nowhere.at\n");
    expect(stdout).toContain("base:needy: not in this build: Event.swim, Nowhere.at\n");
    expect(report()[0]?.results.map(({ name }) => name)).toEqual(["date", "base:date", "time", "base:time"]);
  }, 120_000);

  it("refuses unknown questions and data", async () => {
    expect(await run("--only", "nothing")).toMatchObject({ code: 2, stdout: "" });
    expect(await run("--data", join(root, "nowhere"))).toMatchObject({ code: 2 });
    expect(await run("--rounds", "0")).toMatchObject({ code: 2 });
  });
});
