// `npm run pack:local`: what the tarballs contain, and that their bytes repeat. installed.test.ts installs them.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { folder } from "../support/folder.js";
import { platform } from "../support/package.js";

const project = fileURLToPath(new URL("../..", import.meta.url));
const root = folder("pack");
const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));
const { version } = json(project, "package.json");
const platforms: Record<string, { os: string; cpu: string; libc?: string }> = json(project, "platforms.json");

function pack(place: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(project, "scripts", "pack.mjs"), join(root, place), ...args], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** Unpacks a tarball as `node_modules/NAME`. */
function unpack(name: string): string {
  const place = join(root, "node_modules", name);
  mkdirSync(place, { recursive: true });
  expect(spawnSync("tar", ["xzf", join(root, "first", `${name}-${version}.tgz`), "-C", place, "--strip-components=1"]).status).toBe(0);
  return place;
}

const main = () => join(root, "node_modules", "meds-reader");

beforeAll(() => {
  expect(pack("first")).toMatchObject({ status: 0, stderr: "" });
  unpack("meds-reader");
  unpack(`meds-reader-${platform}`);
});

describe("npm run pack:local", () => {
  it("makes the same bytes again", () => {
    expect(pack("second").status).toBe(0);
    const names = readdirSync(join(root, "first"));
    expect(names.sort()).toEqual([`meds-reader-${version}.tgz`, `meds-reader-${platform}-${version}.tgz`].sort());
    for (const name of names)
      expect(readFileSync(join(root, "first", name)).equals(readFileSync(join(root, "second", name))), name).toBe(true);
  });

  it("makes a main package of JavaScript only, which names the packages of all platforms", () => {
    const files = readdirSync(main(), { recursive: true, encoding: "utf8" });
    expect(files.filter((name) => /\.node$|^(native|benches|crates|src|test|scripts)\b/.test(name))).toEqual([]);
    const manifest = json(main(), "package.json");
    expect(manifest).not.toHaveProperty("scripts");
    expect(manifest).not.toHaveProperty("devDependencies");
    expect(manifest.optionalDependencies).toEqual(
      Object.fromEntries(Object.keys(platforms).map((name) => [`meds-reader-${name}`, version])),
    );
    for (const field of ["repository", "homepage", "bugs", "license"]) expect(manifest[field], field).toBeDefined();
  });

  it("makes a package of the platform, which npm installs on it alone", () => {
    const { os, cpu, libc } = platforms[platform]!;
    const place = join(root, "node_modules", `meds-reader-${platform}`);
    expect(readdirSync(place).sort()).toEqual(
      ["LICENSE", "README.md", "THIRD-PARTY-LICENSES.md", `binding.${platform}.node`, "package.json"].sort(),
    );
    expect(json(place, "package.json")).toMatchObject({
      version,
      os: [os],
      cpu: [cpu],
      ...(libc && { libc: [libc] }),
      main: `binding.${platform}.node`,
    });
  });

  it("says what it can pack", () => {
    expect(pack("third", "--targets", "linux-x64-uclibc")).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/linux-x64-uclibc has no package\. Platforms: linux-x64-gnu, /),
    });
    expect(pack("third", "--unknown")).toMatchObject({ status: 2, stderr: expect.stringContaining("usage: npm run pack:local -- DIR") });
  });
});
