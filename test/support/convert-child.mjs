// Converts until it is done or killed. `node convert-child.mjs SOURCE STORE OPTIONS`; says "started" first, and what it did last.
import { convert } from "../../dist/index.js";

const [source, store, options] = process.argv.slice(2);
console.log("started");
const { reused, events } = await convert(source, store, JSON.parse(options));
console.log(JSON.stringify({ reused, events, peak: process.resourceUsage().maxRSS * 1024 }));
