// `npm run licences`: writes THIRD-PARTY-LICENSES.md, which is shipped with the binding. With --check nothing is written.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crates, npmPackages } from "./lib/linked.mjs";
import { fail, root } from "./lib/run.mjs";

const FILE = "THIRD-PARTY-LICENSES.md";

/** Packages without a file of their licence: where its text is, in the same project or in their own README. */
const ELSEWHERE = {
  "alloc-stdlib": { crate: "alloc-no-stdlib" },
  napi: { file: "node_modules/@napi-rs/cli/LICENSE" },
  "napi-sys": { file: "node_modules/@napi-rs/cli/LICENSE" },
  esrecurse: { file: "node_modules/esrecurse/README.md", from: "### License" },
};

/** Files with a name of this kind, in the package or in the C sources that it brings. */
function named(folder, pattern) {
  const inside = [folder, join(folder, "zstd")].filter((path) => existsSync(path));
  return inside.flatMap((path) =>
    readdirSync(path)
      .filter((name) => pattern.test(name))
      .sort()
      .map((name) => join(path, name)),
  );
}

const text = (file) => readFileSync(file, "utf8").replaceAll("\r\n", "\n").trim();

/** Whether Apache-2.0, the licence of meds-reader itself, is enough: its text is in LICENSE. */
const apache = (license) => license.split(/ OR |[()]/).includes("Apache-2.0") && !license.includes(" AND ");

/** The texts that must go with a package: notices always, the licence where it is not Apache-2.0. */
function texts({ name, license, folder }, all) {
  const notices = named(folder, /^NOTICE/i).map(text);
  if (apache(license)) return notices;
  const { crate, file, from } = ELSEWHERE[name] ?? {};
  if (file !== undefined)
    return [
      text(join(root, file))
        .split(from ?? /^/)
        .at(-1)
        .trim(),
    ];
  const home = crate === undefined ? folder : all.find((other) => other.name === crate).folder;
  const licences = named(home, /^licen[cs]e(?!.*apache)/i);
  // COPYING repeats the choice that the other files have, or is the GPL, which we do not choose.
  const found = licences.length > 0 ? licences : named(home, /^COPYING/);
  if (found.length === 0) fail(`${name} has the licence ${license}, but no file of it. Add it to ELSEWHERE in scripts/licences.mjs.`);
  return [...notices, ...found.map(text)];
}

function section(title, packages) {
  const sharing = new Map();
  for (const one of packages) for (const part of texts(one, packages)) sharing.set(part, [...(sharing.get(part) ?? []), one.name]);
  const list = packages.map(({ name, version, license }) => `- ${name} ${version}: ${license}`);
  const parts = [...sharing].map(([part, names]) => `### ${[...new Set(names)].join(", ")}\n\n\`\`\`\`text\n${part}\n\`\`\`\``);
  return `## ${title}\n\n${list.join("\n")}\n\n${parts.join("\n\n")}`;
}

const made = `# Licences of third parties

\`npm run licences\` writes this file. It lists the software of others that meds-reader contains or installs. Where a package offers the choice of
Apache-2.0, meds-reader uses it under Apache-2.0, whose text is in LICENSE; for the others, the text is below. The binding also contains the
standard library of Rust (Apache-2.0).

${section("Crates in the binding", crates())}

${section("npm packages", npmPackages())}
`;
if (process.argv.includes("--check")) {
  const current = existsSync(join(root, FILE)) && readFileSync(join(root, FILE), "utf8") === made;
  if (!current) fail(`${FILE} is not up to date. Run npm run licences.`);
} else writeFileSync(join(root, FILE), made);
