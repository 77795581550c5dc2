// What a source's fingerprint costs: `node benches/fingerprint.mjs SOURCE [STORE]` (a MEDS folder; a scratch
// store, which is replaced).
//
// Against a plain sequential read of the same files, in turns, the best of several: with the files in the
// system's cache, and without (asked of it by dd's `nocache`). "Remembered": nothing has changed since they
// were hashed. Then, where MEDS_BASE is the folder of another build, whole conversions by both, in turns.
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const native = join(here, "..", "native");
const binding = createRequire(import.meta.url)(
  join(
    native,
    readdirSync(native).find((name) => name.endsWith(".node")),
  ),
);
const [source, store = join(mkdtempSync(join(tmpdir(), "meds-reader-fingerprint-")), "s.medsdb")] = process.argv.slice(2);
const ROUNDS = Number(process.env.ROUNDS ?? 7);
const hashes = mkdtempSync(join(tmpdir(), "meds-reader-hashes-"));
const paths = readdirSync(source, { recursive: true, encoding: "utf8" })
  .map((name) => join(source, name))
  .filter((path) => /[/\\](data|metadata)[/\\]/.test(path) && statSync(path).isFile());
const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);

function readAll() {
  const held = Buffer.allocUnsafe(1 << 20);
  for (const path of paths) {
    const file = openSync(path);
    while (readSync(file, held) > 0);
    closeSync(file);
  }
}

const plan = (memory, threads) => JSON.stringify({ plan: { source, store, hashes: memory, threads }, fingerprint: "", times: null });
const fingerprint = (memory, threads) => new binding.Job("current", plan(memory, threads)).run();
const forget = () => paths.forEach((path) => void spawnSync("dd", [`if=${path}`, "iflag=nocache", "count=0", "status=none"]));

const ways = {
  "plain sequential read": readAll,
  "fingerprint, one thread": () => fingerprint(undefined, 1),
  "fingerprint, all threads": () => fingerprint(undefined, 0),
  "fingerprint, remembered": () => fingerprint(hashes, 0),
};

/** Runs all ways in turns. Returns the best seconds of each. */
async function timed(ways, rounds, before = () => {}) {
  const best = Object.fromEntries(Object.keys(ways).map((name) => [name, Number.POSITIVE_INFINITY]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, way] of Object.entries(ways)) {
      before();
      const began = performance.now();
      await way();
      best[name] = Math.min(best[name], (performance.now() - began) / 1000);
    }
  }
  return best;
}

function print(title, best) {
  console.log(title);
  const plain = best["plain sequential read"];
  for (const [name, seconds] of Object.entries(best)) {
    const rate = name.endsWith("remembered") ? "" : `, ${(bytes / seconds / 1e9).toFixed(2)} GB/s`;
    console.log(`  ${name}: ${seconds.toFixed(4)} s${rate}, ${(seconds / plain).toFixed(2)} of a plain read`);
  }
}

/** Seconds of a conversion by a build, as the build itself measures it. */
function convert(build) {
  rmSync(store, { recursive: true, force: true });
  const main = join(build, "dist", "cli", "main.js");
  const env = { ...process.env, MEDS_READER_CACHE: "off" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "convert", source, store, "--json", "--progress", "none"], {
    encoding: "utf8",
    env,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout).seconds;
}

try {
  console.log(`${paths.length} files, ${(bytes / 1e6).toFixed(0)} MB`);
  await fingerprint(hashes, 0);
  if (readdirSync(hashes).length === 0) throw new Error("The source was written within the last two seconds. Run this once more.");
  print("files in the system's cache", await timed(ways, ROUNDS));
  const { "fingerprint, remembered": _, ...reading } = ways;
  print("files not in the system's cache", await timed(reading, Math.min(ROUNDS, 3), forget));
  const { MEDS_BASE: base } = process.env;
  if (base !== undefined) {
    const builds = { [base]: [], "this build": [] };
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [name, seconds] of Object.entries(builds)) seconds.push(convert(name === base ? base : join(here, "..")));
    for (const [name, seconds] of Object.entries(builds))
      console.log(`conversion by ${name}: best ${Math.min(...seconds).toFixed(2)} s of ${seconds.map((s) => s.toFixed(2)).join(" ")}`);
  }
  console.log(
    `load of the machine: ${loadavg()
      .map((load) => load.toFixed(2))
      .join(" ")}`,
  );
} finally {
  rmSync(hashes, { recursive: true, force: true });
}
