// What `npm run release` writes and reads. `.ci/run` runs all of its steps.
import { readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { folder } from "./support/folder.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (name: string) => readFileSync(join(root, name), "utf8");
const { VERSIONED, versionsIn, withVersion, sectionOf, released } = await import(join(root, "scripts/lib/versions.mjs"));
const { machineFolders } = await import(join(root, "scripts/lib/compile.mjs"));

describe("the version", () => {
  const texts: Record<string, string> = Object.fromEntries(VERSIONED.map((name: string) => [name, read(name)]));
  const { version } = JSON.parse(texts["package.json"]!);

  it("is the same in every file that contains it", () => {
    expect(versionsIn(texts)).toEqual(Object.fromEntries(VERSIONED.map((name: string) => [name, version])));
  });

  it("is replaced in our packages and crates only", () => {
    const next: Record<string, string> = withVersion(texts, "9.8.7");
    expect(Object.values(versionsIn(next))).toEqual(VERSIONED.map(() => "9.8.7"));
    const changed = VERSIONED.map((name: string) => {
      const before = texts[name]!.split("\n");
      return next[name]!.split("\n").filter((line, i) => line !== before[i]).length;
    });
    // package.json, the two places of its lock, the workspace, and the six crates in the lock.
    expect(changed).toEqual([1, 2, 1, 6]);
    expect(Object.keys(JSON.parse(next["package-lock.json"]!).packages).length).toBeGreaterThan(100);
  });

  it("reports a file that differs, or that has none", () => {
    const other = { ...texts, "Cargo.toml": texts["Cargo.toml"]!.replace(`version = "${version}"`, 'version = "0.0.9"'), "Cargo.lock": "" };
    expect(versionsIn(other)).toMatchObject({ "package.json": version, "Cargo.toml": "0.0.9", "Cargo.lock": "none" });
  });
});

describe("the changelog", () => {
  const text = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- This.\n\n## [1.0.0] - 2026-01-02\n\n- That.\n";

  it("has sections by version", () => {
    expect(sectionOf(text, "Unreleased")).toBe("### Added\n\n- This.");
    expect(sectionOf(text, "1.0.0")).toBe("- That.");
    expect(sectionOf(text, "1.0")).toBeUndefined();
    expect(sectionOf(read("CHANGELOG.md"), "Unreleased")).toBeDefined();
  });

  it("gets a section of the new version, and an empty one of what follows", () => {
    const next = released(text, "1.1.0", "2026-03-04");
    expect([sectionOf(next, "Unreleased"), sectionOf(next, "1.1.0"), sectionOf(next, "1.0.0")]).toEqual([
      "",
      "### Added\n\n- This.",
      "- That.",
    ]);
  });
});

it("the licences are checked of all platforms that have a package", () => {
  const checked = [...read("deny.toml").matchAll(/^ {2}"([\w-]+)",$/gm)].map(([, target]) => target);
  const packed = Object.values(JSON.parse(read("platforms.json")) as Record<string, { target: string }>).map(({ target }) => target);
  expect(checked.filter((target) => packed.includes(target!))).toEqual(packed);
});

it("the folders of this machine are found in a file that names them", () => {
  const place = folder("machine");
  writeFileSync(join(place, "named"), `\0thread panicked at ${join(homedir(), ".cargo", "registry")}\0`);
  writeFileSync(join(place, "renamed"), "\0thread panicked at /cargo/registry\0");
  expect(machineFolders(join(place, "named"))).toContain(homedir());
  expect(machineFolders(join(place, "renamed"))).toEqual([]);
});
