// Files of this package that load at their first use, because most programs never use them: a cold process
// would compile them for nothing.

/** Nothing reads this list: it is the reason why no bundler can leave out a call of {@link lazy}. */
const files: unknown[] = [];

/**
 * `load` imports a file: `const omop = lazy(() => import("./omop.js"))`. Call this when the library is loaded.
 * An import() in a function that a program does not use makes Rolldown write a file of its own, also where it
 * is to write one file, which it then reports as an error.
 */
export function lazy<T>(load: () => Promise<T>): () => Promise<T> {
  files.push(load);
  return load;
}
