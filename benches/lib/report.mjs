// The table: each figure beside the peer's, the ratio, the target of the project, held or missed.

export const atLeast = (ratio) => ({ text: `≥ ${ratio}x`, held: ({ ratio: found }) => found >= ratio });
export const below = (limit, text) => ({ text: `< ${text}`, held: ({ ours }) => ours < limit });
export const atMost = (ratio, of) => ({ text: `≤ ${ratio}x ${of}`, held: ({ ratio: found }) => found <= ratio });

/** Collects rows and prints them. */
export class Report {
  rows = [];

  constructor(peerName) {
    this.peerName = peerName;
  }

  /** `peer` is null where there is none; `ratio` is worked out from both unless it is given. */
  add({ data, figure, ours, peer = null, unit, ratio, target = null, note = "" }) {
    const row = {
      data,
      figure,
      ours,
      peer,
      unit,
      ratio: ratio ?? (peer === null ? null : peer / ours),
      target: target?.text ?? null,
      note,
    };
    // Without the peer nothing can be said of a ratio to it.
    row.held = target === null || (row.ratio === null && target.text.startsWith("≥")) ? null : target.held(row);
    this.rows.push(row);
    console.error(`bench: ${data}: ${figure}: ${show(ours, unit)}${peer === null ? "" : ` (${this.peerName}: ${show(peer, unit)})`}`);
  }

  print() {
    const head = ["data", "figure", "ours", this.peerName, "ratio", "target", ""];
    const lines = this.rows.map((row) => [
      row.data,
      row.figure + (row.note ? ` (${row.note})` : ""),
      show(row.ours, row.unit),
      row.peer === null ? "-" : show(row.peer, row.unit),
      row.ratio === null ? "-" : `${row.ratio.toPrecision(3)}x`,
      row.target ?? "-",
      row.held === null ? "" : row.held ? "held" : "MISSED",
    ]);
    const widths = head.map((_, c) => Math.max(...[head, ...lines].map((line) => [...line[c]].length)));
    const text = (line) =>
      line
        .map((cell, c) => cell + " ".repeat(widths[c] - [...cell].length))
        .join("  ")
        .trimEnd();
    console.log([text(head), widths.map((width) => "-".repeat(width)).join("  "), ...lines.map(text)].join("\n"));
    const judged = this.rows.filter(({ held }) => held !== null);
    console.log(`\n${judged.filter(({ held }) => held).length} targets held, ${judged.filter(({ held }) => !held).length} missed`);
  }
}

function show(value, unit) {
  if (unit === "bytes") return `${(value / 1e6).toFixed(1)} MB`;
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ${unit}`;
}
