// What docs/runtimes.md says was tried. scripts/runtimes.mjs installs these versions from the npm registry.
import process from "node:process";

export const NODE = ["20.19.0", "20.20.2", "22.23.3", "24.22.3", "26.12.1"];
export const BUN = "1.4.5";
export const DENO = "2.9.6";
/** What a program needs where Node.js restricts it. */
export const PERMISSION_FLAGS = ["--permission", "--allow-addons", "--allow-worker", "--allow-fs-read=*", "--allow-fs-write=*"];
/** What a program needs of Deno. */
export const DENO_FLAGS = ["--allow-read", "--allow-write", "--allow-env", "--allow-sys", "--allow-ffi"];

export const TYPESCRIPT = ["5.4.3", "5.5.4", "5.6.3", "5.7.3", "5.8.3", "5.9.3", "6.0.3", "7.0.2"];
/** `module` and `moduleResolution` of the compiler. */
export const RESOLUTIONS = { node16: ["node16", "node16"], nodenext: ["nodenext", "nodenext"], bundler: ["esnext", "bundler"] };

/**
 * Bundlers: the packages that are installed, the command after the files of the recipe in docs/runtimes.md
 * are written, and the file that it makes (none: the program is a server).
 */
export const BUNDLERS = {
  esbuild: { packages: { esbuild: "0.28.2" }, makes: "out.mjs" },
  Rollup: { packages: { rollup: "4.68.8" }, makes: "out.mjs" },
  Rolldown: { packages: { rolldown: "1.2.19" }, makes: "out.mjs" },
  Vite: { packages: { vite: "8.4.0" }, makes: "out/program.js" },
  webpack: { packages: { webpack: "5.113.0", "webpack-cli": "7.3.1" }, makes: "out.mjs" },
  Next: { packages: { next: "16.4.6", react: "19.3.1", "react-dom": "19.3.1" }, makes: null },
};

/** Test runners that run tests in a realm of their own: the command that runs one file. */
export const RUNNERS = {
  "Vitest, `--pool vmThreads`": {
    packages: { vitest: "4.1.12" },
    bin: ["vitest/vitest.mjs", "run", "--pool", "vmThreads", "--globals"],
    flags: [],
  },
  "Vitest, `--pool vmForks`": {
    packages: { vitest: "4.1.12" },
    bin: ["vitest/vitest.mjs", "run", "--pool", "vmForks", "--globals"],
    flags: [],
  },
  "Jest, `node --experimental-vm-modules`": {
    packages: { jest: "30.5.2" },
    bin: ["jest/bin/jest.js"],
    flags: ["--experimental-vm-modules"],
  },
};

const { platform, arch } = process;

/** The packages of npm that contain the programs for this platform, and where these are in them. */
export const PROGRAMS = {
  node: { name: `node-${platform}-${arch}`, file: "bin/node" },
  bun: { name: `@oven/bun-${platform}-${arch === "arm64" ? "aarch64" : arch}`, file: "bin/bun" },
  deno: { name: `@deno/${platform}-${arch}${platform === "linux" ? "-glibc" : ""}`, file: "deno" },
};
