// Pythons with the peers, in venvs of their own below .cache/, made on demand.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const answers = (python, ...args) => spawnSync(python, args).status === 0;

/** What most loaders share. */
export const REQUIREMENTS = "requirements.txt";

/** The requirements that a loader in Python needs: it may name a file of its own in benches/, whose pins need not go with the others'. */
export const requirementsOf = (file) =>
  /^REQUIREMENTS = "(requirements-[a-z]+\.txt)"$/m.exec(readFileSync(file, "utf8"))?.[1] ?? REQUIREMENTS;

/** The requirements of tests: one environment below .cache/ each. */
export const TEST_REQUIREMENTS = [
  "requirements.txt",
  "requirements-etl.txt",
  "requirements-writers.txt",
  "requirements-transforms.txt",
  "requirements-score.txt",
];

/** The name of an environment: of its folder below .cache/, and in the variable that names its Python. */
export const environmentOf = (requirements) => /-([a-z]+)\.txt$/.exec(requirements)?.[1] ?? "peer";

/**
 * A Python for some requirements, or a sentence that says why there is none. What is not installed in it, who needs it reports.
 * requirements.txt: the venv .cache/peer, or MEDS_PEER_PYTHON; requirements-torch.txt: .cache/torch, or MEDS_TORCH_PYTHON; requirements-etl.txt and
 * requirements-writers.txt, which tests ask for: .cache/etl and .cache/writers, or MEDS_ETL_PYTHON and MEDS_WRITERS_PYTHON. `named`: they were asked for by name; else others than the first, which may be large, are not installed.
 */
export function peersPython(root, { install = true, requirements = REQUIREMENTS, named = false } = {}) {
  const name = environmentOf(requirements);
  const variable = `MEDS_${name.toUpperCase()}_PYTHON`;
  const given = process.env[variable];
  if (given) return answers(given, "--version") ? { python: given } : { reason: `${variable}=${given} does not run` };
  const system = ["python3", "python"].find((name) => answers(name, "--version"));
  const venv = join(root, ".cache", name);
  const python = join(venv, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
  if (!install && existsSync(python)) return { python };
  if (!install) return system === undefined ? { reason: "there is no python3" } : { python: system };
  const wanted = readFileSync(join(root, "benches", requirements), "utf8");
  const stamp = join(venv, "requirements.txt");
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return { python };
  if (!named && requirements !== REQUIREMENTS)
    return { reason: `${requirements} is installed only where --peers names the loader; or ${variable} names a Python that has it` };
  if (system === undefined) return { reason: "there is no python3" };
  console.error(`meds-reader: making .cache/${name} (a Python venv with benches/${requirements}) …`);
  const run = (program, ...args) => spawnSync(program, args, { stdio: ["ignore", 2, 2] }).status === 0;
  if (!run(system, "-m", "venv", venv)) return { reason: "python3 -m venv failed" };
  const pip = (...args) => run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", ...args);
  if (!pip("-r", join(root, "benches", requirements))) {
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
export const peerVersion = (root) => /meds_reader==(\S+)/.exec(readFileSync(join(root, "benches", REQUIREMENTS), "utf8"))[1];
