// The parts of scripts/nightly.mjs that need no other system. The script itself downloads and compiles for hours.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const { needsOf, wrongNeeds } = await import(join(root, "scripts/nightly/symbols.mjs"));
const platforms = JSON.parse(readFileSync(join(root, "platforms.json"), "utf8"));

/** What readelf prints, with these libraries and versions. */
const readelf = (libraries: readonly string[], versions: readonly string[]) =>
  [
    ...libraries.map((name) => ` 0x0000000000000001 (NEEDED)             Shared library: [${name}]`),
    " 0x0000000000000023 (RELRSZ)             24 (bytes)",
    ...versions.map((version, i) => `  00${i}:   ${i + 2} (${version})   0 (*local*)`),
    ...versions.map((version, i) => `  0x0010:   Name: ${version}  Flags: none  Version: ${i + 2}`),
  ].join("\n");
const wrong = (platform: string, libraries: readonly string[], versions: readonly string[]) =>
  wrongNeeds(needsOf(readelf(libraries, versions)), platforms[platform]);

describe("the needs of a native part", () => {
  it("are its libraries, and the versions of glibc in their order", () => {
    const text = readelf(["libc.so.6", "libm.so.6"], ["GLIBC_2.17", "GCC_3.0", "GLIBC_2.2.5", "GLIBC_2.3", "GLIBC_2.14"]);
    expect(needsOf(text)).toEqual({ versions: ["2.2.5", "2.3", "2.14", "2.17"], libraries: ["libc.so.6", "libm.so.6"] });
  });

  it("are compared with platforms.json", () => {
    const libraries = ["libc.so.6", "libm.so.6", "ld-linux-aarch64.so.1"];
    expect(wrong("linux-arm64-gnu", libraries, ["GLIBC_2.2.5", "GLIBC_2.17", "GCC_4.2.0"])).toBeUndefined();
    expect(wrong("linux-x64-gnu", libraries, ["GLIBC_2.17", "GLIBC_2.18"])).toBe("needs glibc 2.18, which is newer than 2.17");
    expect(wrong("linux-x64-gnu", libraries, ["GLIBC_2.17.1"])).toBe("needs glibc 2.17.1, which is newer than 2.17");
    expect(wrong("linux-x64-gnu", [...libraries, "libzstd.so.1"], ["GLIBC_2.4"])).toMatch(/^needs libzstd\.so\.1,/);
    expect(wrong("linux-x64-gnu", ["libc.so"], [])).toMatch(/no version of glibc/);
    expect(wrong("linux-x64-musl", ["libc.so"], [])).toBeUndefined();
    expect(wrong("linux-x64-musl", ["libc.so", "libgcc_s.so.1"], [])).toMatch(/^needs libgcc_s\.so\.1,/);
    expect(wrong("linux-arm64-musl", ["libc.so.6"], ["GLIBC_2.4"])).toBe("needs glibc 2.4, not musl");
    expect(wrong("linux-arm64-musl", [], [])).toBe("names no library that it needs");
  });
});

it("a step that does not exist is refused, with the names of all steps", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts/nightly.mjs"), "--only", "no such step"], {
    encoding: "utf8",
  });
  expect(status).toBe(2);
  for (const name of Object.keys(platforms).filter((platform) => platform.startsWith("linux"))) expect(stderr).toContain(`build ${name}`);
});
