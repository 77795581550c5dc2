// One conversion in a process of its own: `node benches/convert.mjs SOURCE STORE OPTIONS-AS-JSON`.
import { rmSync } from "node:fs";
import { convert } from "../dist/index.js";

const [source, store, options = "{}"] = process.argv.slice(2);
rmSync(store, { recursive: true, force: true });
const began = performance.now();
const summary = await convert(source, store, JSON.parse(options));
const seconds = (performance.now() - began) / 1000;
const { fsyncSeconds, sourceBytes, storeBytes, patients, events } = summary;
// maxRSS counts kilobytes, on macOS too: Node evens that out.
const peakBytes = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ seconds: seconds - fsyncSeconds, fsyncSeconds, peakBytes, sourceBytes, storeBytes, patients, events }));
