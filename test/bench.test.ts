// The benchmark harness: that it compares before it times, and says what it leaves out. No time is judged.
import { spawn } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generate } from "meds-reader";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { folder, place } from "./support/folder.js";
import { full } from "./support/property.js";

const benches = fileURLToPath(new URL("../benches/", import.meta.url));

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function node(script: string, ...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

const root = folder("bench");
const source = join(root, "source");
const out = join(root, "out.json");
const bench = (...args: string[]) =>
  node(join(benches, "bench.mjs"), "--data", source, "--cache", join(root, "cache"), "--no-install", "--quick", "--rounds", "1", ...args);

interface Results {
  readonly loaders: { key: string; absent?: string }[];
  readonly data: { figures: { workload: string; loader: string; samples: number[][] }[]; conversion: object[]; failures: object[] }[];
}
const results = () => JSON.parse(readFileSync(out, "utf8")) as Results;

/** A folder with one more loader. */
function loader(name: string, text: string): string {
  const path = place(root, name, `${name}.mjs`);
  writeFileSync(path, text);
  return join(root, name);
}

beforeAll(async () => {
  await generate(source, { preset: "demo", seed: 3 });
});

// Minutes on a slow machine, and no user of the package runs it.
describe.skipIf(!full)("npm run bench", () => {
  it("measures our loaders and the peers that are installed, on a dataset of one's own", async () => {
    const { code, stdout, stderr } = await bench("--peers", "ours,hyparquet,duckdb-parquet", "--out", out);
    expect(stderr).toContain("written to");
    expect(code).toBe(0);
    const [data] = results().data;
    expect(data?.failures).toEqual([]);
    expect(data?.conversion.length).toBeGreaterThan(0);
    const of = (workload: string) => data?.figures.filter((figure) => figure.workload === workload).map((figure) => figure.loader);
    for (const workload of ["open", "timeline", "columns", "window256", "code", "scan", "counts"]) {
      expect(of(workload), workload).toEqual(expect.arrayContaining(["ours-arrays", "ours-objects", "hyparquet", "duckdb-parquet"]));
    }
    expect(of("los")).toEqual([]); // the task is of MIMIC-IV's columns
    for (const { samples } of data?.figures ?? []) {
      expect(samples.flat().length).toBeGreaterThan(0);
      expect(samples.flat().every((nanos) => nanos > 0)).toBe(true);
    }
    expect(stdout).toContain("Quick run");
    expect(stdout).toContain("### Where we lose");
  }, 300_000);

  it("catches a loader that answers wrongly, before any figure", async () => {
    const wrong = `import ours from ${JSON.stringify(join(benches, "loaders", "ours-arrays.mjs"))};
      export default { ...ours, title: "wrong", prepare: undefined, open: ({ store }) => ours.open({ form: store }), workloads: (db, plan) => ({
        timeline(count) { const sum = ours.workloads(db, plan).timeline(count); return { ...sum, total: sum.total + 1 }; },
      }) };`;
    const target = join(root, "wrong.json");
    const ran = await bench("--peers", "ours-arrays,wrong", "--loaders", loader("wrong", wrong), "--only", "timeline", "--out", target);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toBe("");
    expect(ran.stderr).toMatch(/wrong differs from the reference in total: .* No figure is printed/);
    expect(existsSync(target)).toBe(false);
  }, 120_000);

  it("names a peer that is absent, and one that fails, with the reason", async () => {
    const absent = loader("absent", 'import "a-package-that-is-not-installed"; export default {};');
    const failing = `export default { title: "failing", version: "1", reads: "-", threads: 1, open: () => ({}),
      workloads: () => ({ timeline() { throw new Error("cannot do it"); } }) };`;
    writeFileSync(join(absent, "failing.mjs"), failing);
    const ran = await bench("--peers", "ours-arrays,absent,failing", "--loaders", absent, "--only", "timeline", "--out", out);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain("absent is absent: ");
    expect(results().loaders.find(({ key }) => key === "absent")?.absent).toContain("a-package-that-is-not-installed");
    expect(ran.stdout).toMatch(/absent: .*a-package-that-is-not-installed/);
    expect(ran.stdout).toMatch(/\| failing \| timeline \| cannot do it \|/);
  }, 120_000);

  it.skipIf(process.platform === "win32")(
    "lists workloads and loaders, and installs nothing",
    async () => {
      // A checkout of its own, without packages and without Python venvs, whose npm and python3 write down what they are asked.
      const fresh = join(root, "checkout");
      for (const name of ["benches", "src", "dist", "native", "scripts"])
        cpSync(join(benches, "..", name), join(fresh, name), { recursive: true, filter: (path) => !path.includes("node_modules") });
      copyFileSync(join(benches, "..", "package.json"), join(fresh, "package.json"));
      symlinkSync(join(benches, "..", "node_modules"), join(fresh, "node_modules"), "junction");
      const asked = join(root, "asked");
      mkdirSync(join(root, "bin"));
      for (const name of ["npm", "python", "python3"])
        writeFileSync(join(root, "bin", name), `#!/bin/sh\necho "${name} $*" >> "${asked}"\n`, { mode: 0o755 });
      vi.stubEnv("PATH", `${join(root, "bin")}${delimiter}${process.env.PATH}`);
      for (const name of ["MEDS_PEER_PYTHON", "MEDS_TORCH_PYTHON"]) vi.stubEnv(name, "");
      const before = readdirSync(fresh).concat(readdirSync(join(fresh, "benches")));
      const { code, stdout, stderr } = await node(join(fresh, "benches", "bench.mjs"), "--list");
      const json = await node(join(fresh, "benches", "bench.mjs"), "--list", "--json");
      vi.unstubAllEnvs();
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toMatch(/^ {2}timeline +random patient, whole timeline/m);
      expect(stdout).toMatch(/^ {2}ours-arrays +meds-reader, typed arrays/m);
      expect(stdout).toMatch(/^ {2}polars\.py +absent: /m);
      expect(stdout).toMatch(/^A list installs nothing\./m);
      expect(JSON.parse(json.stdout).loaders.map(({ key }: { key: string }) => key)).toContain("polars.py");
      expect(readdirSync(fresh).concat(readdirSync(join(fresh, "benches")))).toEqual(before);
      const programs = readFileSync(asked, "utf8").trim().split("\n");
      for (const one of programs) expect(one).toMatch(/^python3? (--version|\S+\.py.*|-\S+ \S+\.py.*)$/);
    },
    60_000,
  );

  it("installs large requirements of a loader's own only where the loader is named", async () => {
    vi.stubEnv("MEDS_TORCH_PYTHON", "");
    const { peersPython, requirementsOf } = await import(join(benches, "lib", "peer.mjs"));
    const requirements = requirementsOf(join(benches, "loaders", "meds-torch-data.py"));
    expect(requirements).toBe("requirements-torch.txt");
    expect(requirementsOf(join(benches, "loaders", "polars.py"))).toBe("requirements.txt");
    place(root, "fresh", "benches", requirements);
    copyFileSync(join(benches, requirements), join(root, "fresh", "benches", requirements));
    expect(peersPython(join(root, "fresh"), { requirements }).reason).toMatch(/only where --peers names the loader; or MEDS_TORCH_PYTHON/);
    vi.stubEnv("MEDS_TORCH_PYTHON", process.execPath);
    expect(peersPython(join(root, "fresh"), { requirements })).toEqual({ python: process.execPath });
    vi.unstubAllEnvs();
  });

  it("refuses unknown loaders, workloads and data", async () => {
    expect(await bench("--only", "nothing")).toMatchObject({ code: 2, stdout: "" });
    expect(await node(join(benches, "bench.mjs"), "--data", join(root, "nowhere"), "--peers", "none")).toMatchObject({ code: 2 });
    expect(await node(join(benches, "bench.mjs"), "--rounds", "0")).toMatchObject({ code: 2 });
  });
});

describe("npm run bench:report", () => {
  it("writes tables, charts and the document's section from a results file", async () => {
    const file = join(root, "fixture.json");
    copyFileSync(fileURLToPath(new URL("./support/bench.json", import.meta.url)), file);
    const readme = join(root, "performance.md");
    writeFileSync(readme, "# before\n\n<!-- bench:begin -->\nold\n<!-- bench:end -->\n\nafter\n");
    const { code, stderr } = await node(join(benches, "report.mjs"), file, "--page", readme, "--no-install");
    expect(stderr).not.toContain("Error");
    expect(code).toBe(0);
    const text = readFileSync(join(root, "fixture.md"), "utf8");
    expect(text).toContain("| meds-reader, typed arrays | 100 µs | 90.0 µs – 110 µs | 1.00x | 200 |");
    // Ten items at 20 ms for one round, ours on the same ten at 120 µs each.
    expect(text).toMatch(/\| slow peer \| 2\.00 ms \| one run \| 16\.7x \| 10 \|/);
    const section = readFileSync(readme, "utf8");
    expect(section).toMatch(/^# before\n\n<!-- bench:begin -->\n/);
    expect(section).toMatch(/<!-- bench:end -->\n\nafter\n$/);
    expect(section).not.toContain("old\n");
    expect(section).toContain("Absent in this run: gone.py (no such module).");
    expect(section).toMatch(/Where we lose: tiny[\s\S]*\| disk \| 30\.0 MB \| the Parquet files 10\.0 MB \| 3\.00x \|/);
    expect(section).not.toMatch(/undefined|NaN/);
    if (!stderr.includes("no charts")) expect(readFileSync(join(root, "fixture-tiny-timeline.svg"), "utf8")).toMatch(/logarithmic scale/);
  }, 60_000);
});
