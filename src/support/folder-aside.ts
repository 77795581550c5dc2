import { mkdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { node } from "./node.js";

/** A new folder that is filled beside its place and then moved there, so that it is complete or not there. */
export class FolderAside {
  /** Where it is filled. Readers skip names that begin with a dot; a rename cannot cross file systems. */
  readonly made: string;
  private readonly old: string;

  constructor(private readonly target: string) {
    const stem = join(dirname(target), `.${basename(target)}.${node.crypto.randomUUID().slice(0, 8)}`);
    [this.made, this.old] = [`${stem}.tmp`, `${stem}.old`];
    mkdirSync(this.made, { recursive: true });
  }

  /** Moves it to its place, where nothing or an empty folder is. */
  move(): void {
    try {
      rmdirSync(this.target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    renameSync(this.made, this.target);
  }

  /** Moves it to the place of a folder, which is deleted. */
  replace(): void {
    renameSync(this.target, this.old);
    try {
      renameSync(this.made, this.target);
    } catch (error) {
      renameSync(this.old, this.target);
      throw error;
    }
    rmSync(this.old, { recursive: true, force: true });
  }

  /** Removes what was filled. */
  remove(): void {
    rmSync(this.made, { recursive: true, force: true });
  }
}
