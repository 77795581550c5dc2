import type { Samples } from "../samples/samples.js";
import { conflict, expected, INT32_MAX, shown, wholeOf } from "../support/arguments.js";
import { node } from "../support/node.js";
import type { Leg, LoaderState } from "./batch.js";
import type { Grouping } from "./groups.js";

const WANTED = "the unchanged `resume` of a batch";

/** Where a loader begins. `legs` is for local orders only. */
export type Start = Pick<LoaderState, "batches" | "position" | "legs">;

/** Makes and checks the resume tokens of an order. */
export class Progress {
  /** Identifies the samples and the way of batching; computed when first needed. */
  private order: string | undefined;

  constructor(
    private readonly samples: Samples,
    private readonly grouping: Grouping,
    private readonly isLocal: boolean,
  ) {}

  /**
   * The token after `batches` batches of all ranks, which contain `position` samples: the first ones of a global
   * order.
   */
  state({ batches, position, legs }: Start): LoaderState {
    const { samples, grouping, isLocal } = this;
    const { seed, epoch, batchSize, tokens, bucket, shuffle } = grouping;
    // The parts of ranks depend on the shards of the store.
    const parts = isLocal ? ["local", samples._store.manifest.id] : [];
    this.order ??= [samples._identity, samples.size, batchSize, tokens, bucket, shuffle, ...parts].join(" ");
    const { order } = this;
    const decisive = [seed, epoch, batches, position, order, ...(legs === undefined ? [] : [legs])];
    const check = node.crypto.createHash("sha256").update(JSON.stringify(decisive)).digest("hex").slice(0, 16);
    return { version: 1, seed, epoch, batches, position, ...(legs !== undefined && { legs }), order, check };
  }

  /** Checks a resume token: it must belong to the same order. */
  checked(token: LoaderState): LoaderState {
    if (typeof token !== "object" || token === null || token.version !== 1) return expected("resume", token, WANTED);
    const own = this.state({
      batches: wholeOf("resume.batches", token.batches, 0, this.samples.size),
      position: wholeOf("resume.position", token.position, 0, this.samples.size),
      legs: legsOf(token.legs),
    });
    for (const name of ["seed", "epoch", "order"] as const) {
      if (token[name] === own[name]) continue;
      const same =
        name === "order"
          ? "samples (subjects, cut-offs and options), `batchSize`, `tokens`, `bucket`, `shuffle` and `order` as for the batch"
          : `\`${name}\``;
      conflict(
        `\`resume\` belongs to another order: its \`${name}\` is ${shown(token[name])}, and here it is ${shown(own[name])}. Use the same ${same}.`,
      );
    }
    // A changed token could begin in the middle of a batch.
    if (token.check !== own.check) conflict("`resume` was changed: its `check` does not match. Pass the unchanged `resume` of a batch.");
    return own;
  }
}

/** Legs as plain data with the members in one order, as the check needs them. */
function legsOf(legs: readonly Leg[] | undefined): readonly Leg[] | undefined {
  if (legs === undefined) return undefined;
  if (!Array.isArray(legs)) return expected("resume.legs", legs, "an array");
  return Array.from(legs as readonly (Leg | null | undefined)[], (leg, i) => ({
    worldSize: wholeOf(`resume.legs[${i}].worldSize`, leg?.worldSize as number, 1, INT32_MAX),
    steps: wholeOf(`resume.legs[${i}].steps`, leg?.steps as number, 1, INT32_MAX),
  }));
}
