// Archives of the files in a folder: .zip without compression, written here; .tar and .tar.gz by the system's
// tar.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { files, folder } from "./folder.js";

/** An entry's header: in the file itself (`PK 3 4`) and in the table of contents (`PK 1 2`). */
function header(name: string, bytes: Buffer, at: number | null): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt32LE(crc32(bytes), 10);
  fields.writeUInt32LE(bytes.length, 14);
  fields.writeUInt32LE(bytes.length, 18);
  fields.writeUInt16LE(Buffer.byteLength(name), 22);
  if (at === null) return Buffer.concat([Buffer.from("PK\x03\x04"), fields, Buffer.from(name)]);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(at, 10);
  return Buffer.concat([Buffer.from("PK\x01\x02"), Buffer.from([20, 0]), fields, rest, Buffer.from(name)]);
}

/** Packs a folder as macOS does, including its additional files. Returns the path of the archive. */
export function zipped(root: string, name = "packed.zip"): string {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const file of files(root).flatMap((file) => [file, `__MACOSX/._${file.replaceAll("/", "_")}`])) {
    const bytes = file.startsWith("__MACOSX") ? Buffer.from("macOS") : readFileSync(join(root, file));
    const entry = Buffer.concat([header(file, bytes, null), bytes]);
    local.push(entry);
    central.push(header(file, bytes, at));
    at += entry.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(central.length, 4);
  end.writeUInt16LE(central.length, 6);
  end.writeUInt32LE(Buffer.concat(central).length, 8);
  end.writeUInt32LE(at, 12);
  const path = join(folder("zip"), name);
  writeFileSync(path, Buffer.concat([...local, ...central, Buffer.from("PK\x05\x06"), end]));
  return path;
}

/** Packs a folder by tar; `.tar.gz` and `.tgz` are compressed. */
export function tarred(root: string, name: string): string {
  const path = join(folder("tar"), name);
  execFileSync("tar", [name.endsWith(".tar") ? "-cf" : "-czf", path, "-C", root, "."]);
  return path;
}
