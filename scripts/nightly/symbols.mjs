// What a native part asks of the C library of the system on which it runs.
import { spawnSync } from "node:child_process";

const parts = (version) => version.split(".").map(Number);
const isNewer = (a, b) => {
  const [x, y] = [parts(a), parts(b)];
  const at = x.findIndex((part, i) => part !== (y[i] ?? 0));
  return at >= 0 && x[at] > (y[at] ?? 0);
};

/** The versions of glibc that a library names, and the libraries that it needs, in the output of `readelf -W -d -V`. */
export function needsOf(text) {
  const found = [...text.matchAll(/\bGLIBC_(\d+(?:\.\d+)*)\b/g)].map(([, version]) => version);
  const versions = [...new Set(found)].sort((a, b) => (isNewer(a, b) ? 1 : -1));
  return { versions, libraries: [...text.matchAll(/\(NEEDED\).*\[(.+?)\]/g)].map(([, name]) => name) };
}

/** What is wrong with these needs for a platform of platforms.json; undefined where nothing is. */
export function wrongNeeds({ versions, libraries }, { libc, glibc }) {
  const newest = versions.at(-1);
  if (libc === "musl") return newest === undefined ? wrongLibraries(libraries, /^libc\.so$/) : `needs glibc ${newest}, not musl`;
  if (newest === undefined) return "names no version of glibc: is it linked with glibc?";
  if (isNewer(newest, glibc)) return `needs glibc ${newest}, which is newer than ${glibc}`;
  return wrongLibraries(libraries, /^(lib(c|m|dl|pthread|rt|util|gcc_s)|ld-linux[\w-]*)\.so\.\d+$/);
}

/** Node itself needs these libraries; others may not exist. */
function wrongLibraries(libraries, expected) {
  const others = libraries.filter((name) => !expected.test(name));
  if (others.length > 0) return `needs ${others.join(", ")}, which the system may not have`;
  return libraries.length === 0 ? "names no library that it needs" : undefined;
}

/** The needs of a file; undefined where readelf is absent. */
export function readNeeds(file) {
  const { status, stdout, stderr, error } = spawnSync("readelf", ["-W", "-d", "-V", file], { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (error) return undefined;
  if (status !== 0) throw new Error(`readelf ${file}: ${stderr}`);
  return needsOf(stdout);
}
