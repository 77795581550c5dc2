// The config of test/realms.test.ts: the compiled package, as Node runs it, in a context of its own.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: [{ find: /^meds-reader$/, replacement: fileURLToPath(new URL("../../../dist/index.js", import.meta.url)) }] },
  test: {
    include: ["*.spec.mjs"],
    maxWorkers: 1,
    testTimeout: 60_000,
    server: { deps: { external: [/\/dist\//, /\/native\//] } },
  },
});
