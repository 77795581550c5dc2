// Checks format, lint, types and generated files. All checks run, and all failures are shown.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { nameCargoTarget, root, status, tool } from "./lib/run.mjs";

nameCargoTarget();

/**
 * Whether a committed, generated file is up to date. The build has just overwritten it, so git shows a
 * difference.
 */
const unchanged = (file) => () => status(["git", "diff", "--exit-code", "--stat", "--", file]);

const checks = {
  "rustfmt (cargo fmt --all)": () => status(["cargo", "fmt", "--all", "--check"]),
  clippy: () => status(["cargo", "clippy", "--release", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]),
  "biome (npm run fix)": () => status(tool("@biomejs/biome/bin/biome", "check", "--error-on-warnings")),
  "import circles (scripts/import-circles.mjs)": () => status([process.execPath, "scripts/import-circles.mjs"]),
  types: () => status(tool("typescript/bin/tsc", "-p", "tsconfig.json")),
  "native/binding.d.ts is up to date (commit it)": unchanged("native/binding.d.ts"),
  "index.d.ts matches the exports of src/ (npm run api)": () =>
    existsSync(join(root, "scripts/api.mjs")) ? status([process.execPath, "scripts/api.mjs", "--check"]) : 1,
  "THIRD-PARTY-LICENSES.md is up to date (npm run licences)": () => status([process.execPath, "scripts/licences.mjs", "--check"]),
  "package-lock.json is complete and names no registry (npm run lock)": () => status([process.execPath, "scripts/lock.mjs", "--check"]),
};

const failed = Object.entries(checks).filter(([name, check]) => {
  console.log(`check: ${name}`);
  return check() !== 0;
});
for (const [name] of failed) console.error(`check failed: ${name}`);
console.log(`${Object.keys(checks).length - failed.length} checks passed, ${failed.length} failed`);
process.exit(failed.length > 0 ? 1 : 0);
