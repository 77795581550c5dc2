// Writes a project from the files in templates/init.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { MedsError, type MedsErrorCode } from "../index.js";
import { print } from "./format.js";
import { visible } from "./report.js";

/** `meds-reader init [DIR]`. */
export function initCommand(): Command {
  return new Command("init")
    .summary("write a small TypeScript project that converts, makes batches and trains")
    .description(
      "Writes a small TypeScript project: a conversion, batches, and a training loop with a logistic regression. It runs on generated data, or on your dataset.",
    )
    .argument("[dir]", "the folder of the project; it must be empty or not exist", "meds-project")
    .addHelpText(
      "after",
      `
Examples:
  meds-reader init
  meds-reader init mortality`,
    )
    .action(run);
}

const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));
const CODES: Readonly<Record<string, MedsErrorCode>> = {
  EACCES: "MEDS_PERMISSION",
  EPERM: "MEDS_PERMISSION",
  EROFS: "MEDS_PERMISSION",
  ENOSPC: "MEDS_DISK_FULL",
};

function run(dir: string): void {
  try {
    write(dir);
  } catch (cause) {
    if (cause instanceof MedsError) throw cause;
    const { code = "", message } = cause as NodeJS.ErrnoException;
    const options = { path: dir, cause };
    const what = existsSync(dir) ? "this is" : "a part of this path is";
    if (code === "ENOTDIR")
      throw new MedsError(
        "MEDS_INVALID_ARGUMENT",
        `${dir}: ${what} a file, and a project is written into a folder. Choose another folder`,
        options,
      );
    throw new MedsError(CODES[code] ?? "MEDS_IO", `${dir}: the project cannot be written: ${message}. Choose another folder`, options);
  }
  // A shell takes a quoted word as it is.
  const place = /^[\w./-]+$/.test(dir) ? dir : `'${dir.replaceAll("'", String.raw`'\''`)}'`;
  print([
    `${visible(dir)}: a TypeScript project that converts a dataset, makes batches and trains a model. Next:`,
    `  cd ${visible(place)}`,
    "  npm install",
    "  npm run convert",
    "  npm run train",
    "The conversion generates a dataset; npm run convert -- PATH converts yours.",
  ]);
}

function write(dir: string): void {
  if (existsSync(dir) && readdirSync(dir).length > 0)
    throw new MedsError("MEDS_INVALID_ARGUMENT", `${dir}: this folder is not empty, and no file in it is replaced. Choose another folder`, {
      path: dir,
    });
  mkdirSync(dir, { recursive: true });
  cpSync(join(PACKAGE, "templates", "init"), dir, { recursive: true });
  // npm does not pack a file of the name .gitignore.
  renameSync(join(dir, "gitignore"), join(dir, ".gitignore"));
  const manifest = JSON.parse(readFileSync(join(dir, "package.json"), "utf8"));
  const name = basename(resolve(dir)).toLowerCase().replaceAll(/[^a-z0-9._-]+/g, "-").replace(/^[._-]+/, ""); // biome-ignore format: one rule of npm each
  manifest.name = name || manifest.name;
  const { version } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));
  // A clone is not the version that the registry has.
  manifest.dependencies["meds-reader"] = existsSync(join(PACKAGE, "crates")) ? `file:${resolve(PACKAGE)}` : version;
  writeFileSync(join(dir, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}
