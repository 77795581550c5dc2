/** CRC-32C of bytes as the manifest writes it. */
export function crc32c(bytes: Uint8Array): string;
