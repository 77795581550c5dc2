// Runs the tests and prints their sum in the last line: `N passed, N failed, N skipped`. Before it, what was left out and the time.
// `npm test` requires Node and Rust only, and installs nothing. `npm run test:all` (`--all`) first makes the Python environments with which tests
// compare, and tries all cases. Other arguments are passed to vitest (file names, -t NAME). `--no-rust` skips the tests of cargo.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join, relative } from "node:path";
import { peersPython, TEST_REQUIREMENTS } from "../benches/lib/peer.mjs";
import { nameCargoTarget, root, tool } from "./lib/run.mjs";

nameCargoTarget();

const args = process.argv.slice(2);
const all = args.includes("--all");
if (all) process.env.MEDS_TEST_FULL = "1";

const total = { passed: 0, failed: 0, skipped: 0 };
const add = (passed, failed, skipped) => {
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
};

/** Runs a program, shows its output, and returns its exit code and its stdout. */
function run([command, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (data) => {
      text += data;
      process.stdout.write(data);
    });
    child.on("error", (error) => resolve({ code: 1, text: `${command}: ${error.message}` }));
    child.on("close", (code) => resolve({ code: code ?? 1, text }));
  });
}

/**
 * The tests of these crates compile Arrow's and Parquet's generic code again: without optimization in a tenth of
 * the time. What they link is the same as in the binding.
 */
const UNOPTIMIZED = ["convert", "generate", "query"].flatMap((name) => ["--config", `profile.release.package.meds-${name}.opt-level=0`]);

async function rust() {
  // The examples are programs, not tests: only test:all links them. No crate has tests in its documentation.
  // The feature compares casts with those of the Arrow library, which takes long to compile.
  const targets = all ? ["--tests", "--examples", "--features", "meds-convert/oracle"] : ["--tests"];
  const args = ["--release", "--workspace", "--locked", "--no-fail-fast", ...targets, ...UNOPTIMIZED];
  const { code, text } = await run(["cargo", "test", ...args]);
  const results = [...text.matchAll(/^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored/gm)];
  for (const [, passed, failed, ignored] of results) add(Number(passed), Number(failed), Number(ignored));
  // A crate that does not compile, or a test program that crashes, reports no failed test. It counts as one.
  if (code !== 0 && results.every((result) => result[2] === "0")) add(0, 1, 0);
}

/** Installs the Python programs with which tests compare. Where this fails, these tests are skipped. */
function python() {
  for (const requirements of TEST_REQUIREMENTS) {
    const { reason } = peersPython(root, { requirements, named: true });
    if (reason !== undefined) console.error(`meds-reader: tests that require benches/${requirements} will be skipped: ${reason}.`);
  }
}

/** What the run left out, and how to run it. `results` has vitest's result of each file. */
function leftOut(results) {
  const skipped = results
    .map(({ name, assertionResults }) => [
      relative(root, name),
      assertionResults.filter(({ status }) => status !== "passed" && status !== "failed"),
    ])
    .filter(([, tests]) => tests.length > 0);
  const lines = all
    ? []
    : [
        "most random cases, and slow tests of what a faster one finds too: npm run test:all runs all of them, and the programs of npm run bench",
      ];
  // What is neither made nor named is the system's Python, which has no path.
  const absent = TEST_REQUIREMENTS.filter((requirements) => !isAbsolute(peersPython(root, { requirements, install: false }).python ?? ""));
  if (absent.length > 0 && !all)
    lines.push(
      `tests that compare with Python programs (${absent.map((name) => `benches/${name}`).join(", ")}): npm run test:all installs these below .cache/, 1.1 GB`,
    );
  const data = process.env.MEDS_REAL_DATA ?? join(root, "..", "shared", "data");
  if (!existsSync(data)) lines.push(`tests with data that is not part of the project: MEDS_REAL_DATA=FOLDER npm test (now ${data})`);
  if (skipped.length > 0) lines.push(`skipped: ${skipped.map(([name, tests]) => `${name} (${tests.length})`).join(", ")}`);
  if (lines.length > 0) console.log(`Left out:\n${lines.map((line) => `  ${line}`).join("\n")}`);
}

async function vitest(args) {
  const folder = mkdtempSync(join(tmpdir(), "meds-reader-test-"));
  const report = join(folder, "report.json");
  const { code } = await run(
    tool("vitest/vitest.mjs", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...args),
  );
  const before = total.failed;
  if (existsSync(report)) {
    const result = JSON.parse(readFileSync(report, "utf8"));
    add(result.numPassedTests, result.numFailedTests, result.numPendingTests + result.numTodoTests);
    leftOut(result.testResults);
  }
  // A file that cannot be loaded, or an error outside of a test.
  if (code !== 0 && total.failed === before) add(0, 1, 0);
  rmSync(folder, { recursive: true, force: true });
}

if (!args.includes("--no-rust")) await rust();
if (all) python();
await vitest(args.filter((arg) => arg !== "--no-rust" && arg !== "--all"));
console.log(`${Math.round(performance.now() / 1000)} s`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
