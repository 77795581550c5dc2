// What Rust and TypeScript both know must be the same on both sides.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const file = (path: string) => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), "utf8");
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1]!);

describe("Rust and TypeScript agree on", () => {
  it("error codes: TypeScript has every code of Rust, and each code has a use", () => {
    const rust = all(file("crates/store/src/error.rs"), /= "(MEDS_[A-Z_]+)"/g);
    const typescript = all(file("src/support/errors.ts"), /\| "(MEDS_[A-Z_]+)"/g);
    expect(rust.length).toBeGreaterThan(20);
    expect(rust.filter((code) => !typescript.includes(code))).toEqual([]);
    expect([...typescript].sort()).toEqual([...new Set(typescript)]);
    const sources = readdirSync(new URL("../src", import.meta.url), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith("errors.ts"))
      .map((name) => file(`src/${name}`));
    expect(typescript.filter((code) => !rust.includes(code) && !sources.some((text) => text.includes(`"${code}"`)))).toEqual([]);
  });

  it("phases of a conversion, in order", () => {
    const rust = all(/enum Phase \{[\s\S]*?\n\}/.exec(file("crates/store/src/progress.rs"))![0], /^ {4}(\w+) = \d+,/gm);
    const list = /const PHASES = \[([^\]]*)\]/.exec(file("src/store/native.ts"))![1]!;
    expect(all(list, /"(\w+)"/g)).toEqual(rust.map((name) => name.toLowerCase()));
  });
});
