// Converts a source until the conversion ends or the process is killed: `node convert-child.mjs SOURCE STORE
// OPTIONS`. Prints "started" first, and the result last.
import { convert } from "../../dist/index.js";

const [source, store, options] = process.argv.slice(2);
console.log("started");
const { reused, events } = await convert(source, store, JSON.parse(options));
console.log(JSON.stringify({ reused, events, peak: process.resourceUsage().maxRSS * 1024 }));
