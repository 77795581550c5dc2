/**
 * A writable stream of Node: of a file, `process.stdout`, a socket. Declared by its members, so that these
 * types do not depend on the types of Node.
 */
export interface WritableLike {
  write(chunk: Uint8Array): boolean;
  end(): unknown;
}
