// One conversion in a process of its own: `node benches/convert.mjs SOURCE STORE OPTIONS-AS-JSON`.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { convert } from "../dist/index.js";

const [source, store, options = "{}"] = process.argv.slice(2);
rmSync(store, { recursive: true, force: true });
const began = performance.now();
const summary = await convert(source, store, JSON.parse(options));
const seconds = (performance.now() - began) / 1000;
const { fsyncSeconds, sourceBytes, storeBytes, patients, events } = summary;
// Linux counts the parent's memory into maxRSS, because the child was it before exec: VmHWM is this program's own.
const status = existsSync("/proc/self/status") ? /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8")) : null;
const peakBytes = Number(status?.[1] ?? process.resourceUsage().maxRSS) * 1024;
console.log(JSON.stringify({ seconds: seconds - fsyncSeconds, fsyncSeconds, peakBytes, sourceBytes, storeBytes, patients, events }));
