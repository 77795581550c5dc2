// Runs all tests and prints their sum in the last line: `N passed, N failed, N skipped`.
// Arguments are passed to vitest (file names, -t NAME). `--no-rust` skips the tests of cargo.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { peersPython } from "../benches/lib/peer.mjs";
import { nameCargoTarget, root, tool } from "./lib/run.mjs";

nameCargoTarget();

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

async function rust() {
  const { code, text } = await run(["cargo", "test", "--release", "--workspace", "--locked", "--no-fail-fast"]);
  const results = [...text.matchAll(/^test result: .*? (\d+) passed; (\d+) failed; (\d+) ignored/gm)];
  for (const [, passed, failed, ignored] of results) add(Number(passed), Number(failed), Number(ignored));
  // A crate that does not compile, or a test program that crashes, reports no failed test. It counts as one.
  if (code !== 0 && results.every((result) => result[2] === "0")) add(0, 1, 0);
}

/**
 * Installs the Python programs with which tests compare. Without Python or these programs the tests are
 * skipped.
 */
function python() {
  for (const requirements of ["requirements.txt", "requirements-etl.txt", "requirements-writers.txt", "requirements-transforms.txt"]) {
    const { reason } = peersPython(root, { requirements, named: true });
    if (reason !== undefined) console.error(`meds-reader: tests that require benches/${requirements} will be skipped: ${reason}.`);
  }
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
  }
  // A file that cannot be loaded, or an error outside of a test.
  if (code !== 0 && total.failed === before) add(0, 1, 0);
  rmSync(folder, { recursive: true, force: true });
}

const args = process.argv.slice(2);
if (!args.includes("--no-rust")) await rust();
python();
await vitest(args.filter((arg) => arg !== "--no-rust"));
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);
