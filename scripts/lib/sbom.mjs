// The software bill of materials: npm's own, and the crates of the binding. The same commit makes the same bytes.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { crates } from "./linked.mjs";
import { fail, npmCommand, root } from "./run.mjs";

const reference = (name, version) => `pkg:cargo/${name}@${version.replaceAll("+", "%2B")}`;

/** CycloneDX 1.5 as JSON. `name` and `version` are those of package.json. */
export function sbom(name, version) {
  const omit = ["dev", "optional", "peer"].map((kind) => `--omit=${kind}`);
  const [npm, ...args] = npmCommand("sbom", ...omit, "--package-lock-only", "--sbom-format=cyclonedx", "--sbom-type=library");
  const done = spawnSync(npm, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  if (done.status !== 0) fail(`npm sbom failed: ${done.error?.message ?? done.stderr}`);
  const { serialNumber: _, ...bom } = JSON.parse(done.stdout);
  // npm names the package by its folder, and says when it ran.
  delete bom.metadata.timestamp;
  bom.metadata.component.name = name;
  const linked = crates();
  const keys = new Map(linked.map((crate) => [`${crate.name} ${crate.version}`, reference(crate.name, crate.version)]));
  bom.components.push(
    ...linked.map((crate) => ({
      "bom-ref": reference(crate.name, crate.version),
      type: "library",
      name: crate.name,
      version: crate.version,
      scope: "required",
      purl: reference(crate.name, crate.version),
      hashes: [{ alg: "SHA-256", content: crate.sha256 }],
      licenses: [{ expression: crate.license }],
    })),
  );
  bom.dependencies.push(
    ...linked.map((crate) => ({
      ref: reference(crate.name, crate.version),
      dependsOn: crate.needs.map((key) => keys.get(key)).sort(),
    })),
  );
  // Our crates are a part of the package.
  const own = bom.dependencies.find(({ ref }) => ref === `${name}@${version}`);
  own.dependsOn.push(...linked.filter(({ direct }) => direct).map((crate) => reference(crate.name, crate.version)));
  const digest = createHash("sha256").update(JSON.stringify(bom)).digest("hex");
  const uuid = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
  return `${JSON.stringify({ ...bom, serialNumber: `urn:uuid:${uuid}` }, null, 2)}\n`;
}
