// Loaded first (--import) by a Node.js that qemu runs.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import process from "node:process";

// The system cannot start this program by itself: child processes are started by a script, which starts qemu.
process.execPath = process.env.MEDS_NODE;

// qemu looks below the root for what is opened, but not for what existsSync asks for: the loader of musl.
const { existsSync } = fs;
fs.existsSync = (path) => existsSync(/^\/lib\/ld-musl-/.test(path) ? `${process.env.MEDS_ROOT}${path}` : path);
syncBuiltinESMExports();
