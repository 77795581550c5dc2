import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// The tests read the package as its users do: the compiled dist/, under its own name.
const entry = fileURLToPath(new URL("./dist/index.js", import.meta.url));
// They remember hashes of files as their users do, in a folder of their own.
const cache = mkdtempSync(join(tmpdir(), "meds-reader-test-cache-"));
// What several test files read is made once.
const shared = mkdtempSync(join(tmpdir(), "meds-reader-test-shared-"));
process.on("exit", () => {
  for (const folder of [cache, shared]) rmSync(folder, { recursive: true, force: true });
});

export default defineConfig({
  resolve: { alias: [{ find: /^meds-reader$/, replacement: entry }] },
  test: {
    include: ["test/**/*.test.ts"],
    env: { MEDS_READER_CACHE: cache, MEDS_TEST_SHARED: shared },
    pool: "forks", // a native add-on, and tests that map and unmap gigabytes
    isolate: false, // a process for each file would start Node, load the package and compile it again
    setupFiles: ["test/support/fresh.ts"],
    maxWorkers: availableParallelism(), // by default vitest leaves one processor free: half of two
    testTimeout: 60_000,
    hookTimeout: 120_000,
    server: { deps: { external: [/\/dist\//, /\/native\//] } }, // run as Node runs them, not transformed
  },
});
