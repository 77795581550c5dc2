// The package as an installed one: a copy of what it contains, in a folder of its own.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../..", import.meta.url));
const { dependencies, version } = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
  version: string;
};

/** The file of the native part that the tests use. */
export const nativeFile = join(project, "native", readdirSync(join(project, "native")).find((name) => name.endsWith(".node"))!);

/** The name of its platform, such as `linux-x64-gnu`. */
export const platform = /binding\.(.*)\.node$/.exec(nativeFile)![1]!;

/** Makes `folder/node_modules/meds-reader`, without a native part, and the packages that it depends on. */
export function installed(folder: string): string {
  const place = join(folder, "node_modules", "meds-reader");
  for (const name of ["dist", "package.json", "platforms.json"]) cpSync(join(project, name), join(place, name), { recursive: true });
  for (const name of Object.keys(dependencies)) symlinkSync(join(project, "node_modules", name), join(folder, "node_modules", name));
  return place;
}

/** Makes the package of a platform beside it. `native` creates its file. */
export function withNative(folder: string, name: string, native: (file: string) => void, of = version): void {
  const place = join(folder, "node_modules", `meds-reader-${name}`);
  mkdirSync(place);
  writeFileSync(join(place, "package.json"), JSON.stringify({ name: `meds-reader-${name}`, version: of }));
  native(join(place, `binding.${name}.node`));
}

/** Runs a program, as a module, in the folder. */
export function run(folder: string, program: string, flags: readonly string[] = []) {
  const file = join(folder, "program.mjs");
  writeFileSync(file, program);
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, file], { cwd: folder, encoding: "utf8" });
  return { status, stdout, stderr };
}
