// Loaded first (--import) by a Node.js that qemu runs: the system cannot start this program by itself, so
// child processes are started by the script that MEDS_NODE names, which starts qemu.
import process from "node:process";

process.execPath = process.env.MEDS_NODE;
