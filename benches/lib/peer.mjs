// Python with the peers in a venv of its own below .cache/, made on demand.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const answers = (python, ...args) => spawnSync(python, args).status === 0;

/** A Python for the loaders, or a sentence that says why there is none. What is not installed in it, its loaders report. */
export function peersPython(root, { install = true } = {}) {
  const given = process.env.MEDS_PEER_PYTHON;
  if (given) return answers(given, "--version") ? { python: given } : { reason: `MEDS_PEER_PYTHON=${given} does not run` };
  const system = ["python3", "python"].find((name) => answers(name, "--version"));
  if (!install) return system === undefined ? { reason: "there is no python3" } : { python: system };
  const venv = join(root, ".cache", "peer");
  const python = join(venv, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  const requirements = join(root, "benches", "requirements.txt");
  const wanted = readFileSync(requirements, "utf8");
  const stamp = join(venv, "requirements.txt");
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return { python };
  if (system === undefined) return { reason: "there is no python3" };
  console.error("bench: making .cache/peer (a Python venv with the peers) …");
  const run = (program, ...args) => spawnSync(program, args, { stdio: ["ignore", 2, 2] }).status === 0;
  if (!run(system, "-m", "venv", venv)) return { reason: "python3 -m venv failed" };
  const pip = (...args) => run(python, "-m", "pip", "install", "--quiet", ...args);
  if (!pip("-r", requirements)) {
    // One that does not install must not keep the others away.
    for (const [line] of wanted.matchAll(/^[\w-]+==\S+$/gm)) pip(line);
  }
  writeFileSync(stamp, wanted);
  return { python };
}

/** A Python that has meds_reader, or a sentence that says why there is none. */
export function peerPython(root) {
  const found = peersPython(root);
  if (found.reason) return found;
  return answers(found.python, "-c", "import meds_reader") ? found : { reason: `${found.python} has no meds_reader` };
}

/** The peer's version as requirements.txt pins it. */
export const peerVersion = (root) => /meds_reader==(\S+)/.exec(readFileSync(join(root, "benches", "requirements.txt"), "utf8"))[1];
