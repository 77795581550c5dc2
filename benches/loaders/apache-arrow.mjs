// apache-arrow over our own store: its shards are ordinary Arrow files.
import { tableFromIPC } from "apache-arrow";
import { versionOf } from "../lib/loader.mjs";
import { shardsOf, shardWorkloads } from "../lib/vectors.mjs";

export default {
  title: "apache-arrow over our store",
  version: versionOf("apache-arrow"),
  reads: "our Arrow files, all in memory",
  threads: 1,
  open: ({ store }) =>
    shardsOf(store, (bytes) => {
      const table = tableFromIPC(bytes);
      const [list] = table.getChild("events").data;
      const [struct] = list.children;
      const child = (column) => struct.children[struct.type.children.findIndex((field) => field.name === column)];
      const code = child("code");
      return {
        ids: table.getChild("subject_id").toArray(),
        offsets: list.valueOffsets,
        times: child("time").values,
        keys: code.values,
        dictionary: [...code.dictionary],
        values: child("numeric_value").values,
      };
    }),
  workloads: shardWorkloads,
};
