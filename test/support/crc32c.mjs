// CRC-32C, and a manifest with new checksums: a damaged file then has valid checksums, and only checks of its
// structure find the damage.
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C of bytes as the manifest writes it. */
export function crc32c(bytes) {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i += 1) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]) & 255];
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, "0");
}

/**
 * Replaces the contents of a file. It is not emptied first: ext4 then writes it to the disk when it is closed,
 * which takes milliseconds, and tests of damage do this thousands of times.
 */
export function overwrite(path, bytes) {
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, 0);
  ftruncateSync(file, bytes.length);
  closeSync(file);
}

/**
 * Writes the manifest of a store with the new checksums of one file. `text`: the manifest before, `before`:
 * the file before.
 */
export function reseal(store, name, text, before, after) {
  let next = text.replace(crc32c(before), crc32c(after));
  const file = [...JSON.parse(text).shards, ...JSON.parse(text).files].find(({ path }) => path === name);
  for (const { offset, bytes, crc32c: old } of file.offsets ?? []) next = next.replace(old, crc32c(after.subarray(offset, offset + bytes)));
  const end = next.lastIndexOf(',\n"crc32c"');
  const body = next.slice(0, end);
  overwrite(join(store, "manifest.json"), Buffer.from(`${body},\n"crc32c": "${crc32c(Buffer.from(body))}"\n}\n`));
}

/** The manifest's text. */
export const manifestOf = (store) => readFileSync(join(store, "manifest.json"), "utf8");
