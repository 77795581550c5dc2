// Modules of Node that most programs never need. They load at their first use: at import, `crypto` and
// `worker_threads` alone took 2.5 of the 20 ms until the library was ready.

export const node = {
  get crypto() {
    return process.getBuiltinModule("node:crypto");
  },
  get streams() {
    return process.getBuiltinModule("node:stream");
  },
  get threads() {
    return process.getBuiltinModule("node:worker_threads");
  },
  get vm() {
    return process.getBuiltinModule("node:vm");
  },
};
