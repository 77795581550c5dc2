// flechette over our own store: its shards are ordinary Arrow files.
import { tableFromIPC } from "@uwdata/flechette";
import { versionOf } from "../lib/loader.mjs";
import { shardsOf, shardWorkloads } from "../lib/vectors.mjs";

export default {
  title: "flechette over our store",
  version: versionOf("@uwdata/flechette"),
  reads: "our Arrow files, all in memory",
  threads: 1,
  open: ({ store }) =>
    shardsOf(store, (bytes) => {
      const table = tableFromIPC(bytes, { useBigInt: true });
      const [list] = table.getChild("events").data;
      const [struct] = list.children;
      const child = (column) => struct.children[struct.names.indexOf(column)];
      return {
        ids: table.getChild("subject_id").toArray(),
        offsets: list.offsets,
        times: child("time").values,
        keys: child("code").values,
        dictionary: child("code").dictionary.toArray(),
        values: child("numeric_value").values,
      };
    }),
  workloads: shardWorkloads,
};
