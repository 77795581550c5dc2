// A user's project for a build: a folder with this folder's programs, where "meds-reader" is the build.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const benches = fileURLToPath(new URL("../..", import.meta.url));

export class Project {
  #declarations;

  /**
   * `build`: the folder of the package, with dist/, native/, package.json and index.d.ts. `programs`: a folder with further programs, in folders by
   * question.
   */
  constructor(name, build, programs) {
    this.name = name;
    this.#declarations = readFileSync(join(build, "index.d.ts"), "utf8");
    if (!existsSync(join(build, "dist", "index.js"))) throw new Error(`${build} has no dist/index.js: build it first.`);
    const folder = mkdtempSync(join(tmpdir(), "meds-reader-natural-"));
    this.folder = folder;
    mkdirSync(join(folder, "node_modules"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
    symlinkSync(resolve(build), join(folder, "node_modules", "meds-reader"), "dir");
    for (const name of ["natural", "lib", "loaders"]) cpSync(join(benches, name), join(folder, name), { recursive: true });
    if (programs !== undefined) cpSync(programs, join(folder, "natural"), { recursive: true });
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }

  path(...names) {
    return join(this.folder, "natural", ...names);
  }

  /** Of some needs (`Class.member`, `Interface.member`), those that the build's declarations do not have. */
  lacks(needs) {
    return needs.filter((need) => {
      const [type, member] = need.split(".");
      const block =
        new RegExp(`^export (?:declare )?(?:abstract )?(?:class|interface) ${type}\\b[^]*?^}`, "m").exec(this.#declarations)?.[0] ?? "";
      return !new RegExp(`^  (?:readonly |static |get )*${member}\\b`, "m").test(block);
    });
  }
}
