import type { Samples } from "../samples/samples.js";
import { conflict, expected, shown, wholeOf } from "../support/arguments.js";
import { node } from "../support/node.js";
import type { LoaderState } from "./batch.js";
import type { Grouping } from "./groups.js";

const WANTED = "the unchanged `resume` of a batch";

/** Makes and checks the resume tokens of an order. */
export class Progress {
  /** Identifies the samples and the way of batching; computed when first needed. */
  private order: string | undefined;

  constructor(
    private readonly samples: Samples,
    private readonly grouping: Grouping,
  ) {}

  /**
   * The token after `batches` batches of all ranks, which contain the first `position` samples of the order.
   */
  state(batches: number, position: number): LoaderState {
    const { samples, grouping } = this;
    const { seed, epoch, batchSize, tokens, bucket, shuffle } = grouping;
    this.order ??= [samples._identity, samples.size, batchSize, tokens, bucket, shuffle].join(" ");
    const { order } = this;
    const check = node.crypto.createHash("sha256").update(JSON.stringify([seed, epoch, batches, position, order]));
    return { version: 1, seed, epoch, batches, position, order, check: check.digest("hex").slice(0, 16) };
  }

  /** Checks a resume token: it must belong to the same order. */
  checked(token: LoaderState): LoaderState {
    if (typeof token !== "object" || token === null || token.version !== 1) return expected("resume", token, WANTED);
    const own = this.state(
      wholeOf("resume.batches", token.batches, 0, this.samples.size),
      wholeOf("resume.position", token.position, 0, this.samples.size),
    );
    for (const name of ["seed", "epoch", "order"] as const) {
      if (token[name] === own[name]) continue;
      const same =
        name === "order"
          ? "samples (subjects, cut-offs and options), `batchSize`, `tokens`, `bucket` and `shuffle` as for the batch"
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
