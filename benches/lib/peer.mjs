// The Python package meds_reader in a venv of its own below .cache/, made on demand.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A Python that has the peer, or a sentence that says why there is none. */
export function peerPython(root) {
  const given = process.env.MEDS_PEER_PYTHON;
  if (given) return has(given) ? { python: given } : { reason: `MEDS_PEER_PYTHON=${given} has no meds_reader` };
  const venv = join(root, ".cache", "peer");
  const python = join(venv, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  if (existsSync(python) && has(python)) return { python };
  const system = ["python3", "python"].find((name) => spawnSync(name, ["--version"]).status === 0);
  if (system === undefined) return { reason: "there is no python3" };
  console.error("bench: making .cache/peer (a Python venv with meds_reader) …");
  const made = spawnSync(system, ["-m", "venv", venv], { stdio: ["ignore", 2, 2] });
  if (made.status !== 0) return { reason: "python3 -m venv failed" };
  const installed = spawnSync(python, ["-m", "pip", "install", "--quiet", "-r", join(root, "benches", "requirements.txt")], {
    stdio: ["ignore", 2, 2],
  });
  if (installed.status !== 0 || !has(python)) return { reason: "pip could not install benches/requirements.txt" };
  return { python };
}

const has = (python) => spawnSync(python, ["-c", "import meds_reader"]).status === 0;

/** The peer's version as requirements.txt pins it. */
export const peerVersion = (root) => /meds_reader==(\S+)/.exec(readFileSync(join(root, "benches", "requirements.txt"), "utf8"))[1];
