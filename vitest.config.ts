import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

// The tests read the package as its users do: the compiled dist/, under its own name.
const entry = fileURLToPath(new URL("./dist/index.js", import.meta.url));

export default defineConfig({
  resolve: { alias: [{ find: /^meds-reader$/, replacement: entry }] },
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks", // a native add-on, and tests that map and unmap gigabytes
    testTimeout: 60_000,
    hookTimeout: 120_000,
    server: { deps: { external: [/\/dist\//, /\/native\//] } }, // run as Node runs them, not transformed
  },
});
