// docs/errors.md: every error code, the calls that raise it and their whole texts. `npm run errors` writes it.
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MedsError, type MedsErrorCode } from "meds-reader";
import { describe, expect, it } from "vitest";
import { folder } from "../support/folder.js";
import { type Call, calls } from "./calls.js";

const page = fileURLToPath(new URL("../../docs/errors.md", import.meta.url));
const source = readFileSync(new URL("../../src/support/errors.ts", import.meta.url), "utf8");

/** Codes that no call of a test can raise, and why. */
const SILENT: Partial<Record<MedsErrorCode, string>> = {
  MEDS_INTERNAL: "There is no example, because only a bug in this package raises it.",
  MEDS_PATIENT_TOO_LARGE: "There is no example, because it would need a patient with 2^31 rows.",
};

/** The comment of a code in `MedsErrorCode`: what it means, and after "Fix:" what to do. */
function meaning(code: string): { means: string; fix: string } {
  const comment = new RegExp(`/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\s*\\| "${code}"`).exec(source)?.[1] ?? "";
  const [means = "", fix = ""] = comment
    .replaceAll(/\s*\n\s*\* ?/g, " ")
    .trim()
    .split(/ Fix: /);
  return { means, fix };
}

/** What a call throws, `null` where this machine cannot make it fail, `undefined` where it should have failed. */
async function raised(run: Call[1]): Promise<unknown> {
  try {
    return (await run()) === null ? null : undefined;
  } catch (error) {
    return error;
  }
}

/** The same text on every machine: paths from the folder of the data, this machine's names by their kind. */
const portable = (text: string, root: string) =>
  text
    .replaceAll(`file://${root}/`, "file:///")
    .replaceAll(`${root}/`, "")
    .replaceAll(new RegExp(`${process.platform}-${process.arch}(-gnu|-musl|-msvc)?(, glibc [0-9.]+)?`, "g"), "PLATFORM")
    .replaceAll(process.versions.node, "VERSION")
    .replaceAll(/meds-reader@[0-9.]+[0-9]/g, "meds-reader@VERSION")
    .replaceAll("\n", " ");

const codes = [...source.matchAll(/\| "(MEDS_[A-Z_]+)"/g)].map((match) => match[1] as MedsErrorCode);

describe("every error code", () => {
  it("has a meaning, a remedy, a call that raises it, and its whole text in docs/errors.md", async () => {
    const root = realpathSync(folder("errors"));
    const all = await calls(root);
    expect(Object.keys(all)).toEqual(codes);
    const before = existsSync(page) ? readFileSync(page, "utf8") : "";
    const lines = [
      "# Errors",
      "",
      "Every error of meds-reader is a `MedsError` with a stable `code`. The command line prints `CODE: message` on one line and exits with 1. Programs must match on codes, because messages may change.",
      "",
      "`npm run errors` writes this page: it runs each call below and prints the message of its error. Paths are relative to the folder with the data of these examples.",
      "",
    ];
    const wrong: string[] = [];
    for (const code of codes) {
      const { means, fix } = meaning(code);
      expect(`${code}: ${means} | ${fix}`).toMatch(/^MEDS_[A-Z_]+: [A-Z].*\. \| [A-Z`].*\.$/);
      lines.push(`## ${code}`, "", `${means} **Fix:** ${fix}`, "");
      expect(all[code].length > 0, code).toBe(SILENT[code] === undefined);
      if (SILENT[code] !== undefined) lines.push(SILENT[code], "");
      for (const [text, run] of all[code]) {
        const error = await raised(run);
        const heading = `- \`${text}\``;
        if (error !== null) {
          if (!(error instanceof MedsError) || error.code !== code) {
            wrong.push(`${code}: ${text}: ${error}`);
            continue;
          }
          lines.push(heading, "", `  > ${portable(error.message, root)}`, "");
        } else {
          // What this machine cannot make fail keeps its text.
          const kept = before.split("\n");
          lines.push(...kept.slice(kept.indexOf(heading), kept.indexOf(heading) + 4));
        }
      }
    }
    expect(wrong).toEqual([]);
    await expect(`${lines.join("\n").trimEnd()}\n`).toMatchFileSnapshot(page);
  });
});
