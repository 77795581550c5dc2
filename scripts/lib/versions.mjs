// The version of a release in the files that contain it, and its section of the changelog.

/** Where the version is: the file, and an expression that finds it between its first and last group. */
const PLACES = {
  "package.json": [/("version": ")([^"]+)(")/],
  "package-lock.json": [
    /^(\{\n {2}"name": "[^"]+",\n {2}"version": ")([^"]+)(")/,
    /("": \{\n {6}"name": "[^"]+",\n {6}"version": ")([^"]+)(")/,
  ],
  "Cargo.toml": [/(\[workspace\.package\]\nversion = ")([^"]+)(")/],
  "Cargo.lock": [/(\nname = "meds-[a-z]+"\nversion = ")([^"]+)("\n(?!source))/g],
};

/** The names of the files that contain the version. */
export const VERSIONED = Object.keys(PLACES);

/** The version that each file has; a file with two versions has them both, with a comma. */
export function versionsIn(texts) {
  const found = (name, pattern) => [...texts[name].matchAll(new RegExp(pattern, "g"))].map((match) => match[2]);
  return Object.fromEntries(
    VERSIONED.map((name) => [name, [...new Set(PLACES[name].flatMap((pattern) => found(name, pattern)))].join(", ") || "none"]),
  );
}

/** The files with another version. */
export function withVersion(texts, version) {
  const set = (text, pattern) => text.replace(pattern, (_, before, __, after) => before + version + after);
  return Object.fromEntries(VERSIONED.map((name) => [name, PLACES[name].reduce(set, texts[name])]));
}

/** The text of a section of CHANGELOG.md, without its heading; undefined if there is none. */
export function sectionOf(changelog, title) {
  const sections = changelog.split(/^## /m).slice(1);
  const found = sections.find((section) => section.startsWith(`[${title}]`));
  return found?.slice(found.indexOf("\n")).trim();
}

/** The changelog in which what is unreleased is the section of a version. The date is YYYY-MM-DD. */
export function released(changelog, version, date) {
  return changelog.replace(/^## \[Unreleased\]$/m, `## [Unreleased]\n\n## [${version}] - ${date}`);
}
