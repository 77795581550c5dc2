// Formats numbers, sizes, times and colours for people.
import pc from "picocolors";
import stringWidth from "string-width";

const grouped = new Intl.NumberFormat("en-US");

/** 916166 -> 916,166. */
export function number(value: number): string {
  return grouped.format(value);
}

/** "1 shard", "3 shards". */
export function plural(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** 21,312,000 -> 21.3 MB. */
export function bytes(value: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let [scaled, unit] = [value, 0];
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  return `${unit === 0 || scaled >= 99.5 ? Math.round(scaled) : scaled.toPrecision(scaled >= 9.95 ? 3 : 2)} ${units[unit]}`;
}

/** 0.23 -> 0.23 s; 75 -> 1 min 15 s. */
export function seconds(value: number): string {
  if (value >= 59.5) return `${Math.floor(Math.round(value) / 60)} min ${Math.round(value) % 60} s`;
  return value >= 9.95 ? `${Math.round(value)} s` : `${value.toFixed(value >= 0.995 ? 1 : 2)} s`;
}

/** A time as "2012-05-17" and "13:30" (with seconds and fraction only where they are not zero), in UTC. */
export function dateAndTime(micros: bigint): { readonly date: string; readonly time: string } {
  const days = micros / 86_400_000_000n - (micros < 0n && micros % 86_400_000_000n !== 0n ? 1n : 0n);
  const rest = micros - days * 86_400_000_000n;
  const midnight = new Date(Number(days) * 86_400_000);
  // Date ends in the year 275760; later times are shown as microseconds.
  const date = Number.isNaN(midnight.getTime()) ? `${micros} µs` : midnight.toISOString().replace(/T.*/, "");
  const pad = (value: bigint) => String(value).padStart(2, "0");
  const second = (rest / 1_000_000n) % 60n;
  const fraction = rest % 1_000_000n;
  const clock = `${pad(rest / 3_600_000_000n)}:${pad((rest / 60_000_000n) % 60n)}`;
  const exact = fraction === 0n ? "" : `.${String(fraction).padStart(6, "0").replace(/0+$/, "")}`;
  return { date, time: second === 0n && exact === "" ? clock : `${clock}:${pad(second)}${exact}` };
}

/** Colours for stdout: only on a terminal, and not if NO_COLOR is set. */
export const colour = pc.createColors(process.stdout.isTTY === true && (process.env.NO_COLOR ?? "") === "" && process.env.TERM !== "dumb");

/** Texts whose characters each take one column of a terminal. */
const PLAIN = /^[\x20-\x7e]*$/;

/** The columns that a text takes on a terminal: combining marks take none, wide characters two. */
export function width(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text);
}

const characters = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Cuts a text to at most `columns` columns of a terminal, with an ellipsis; never inside a character. */
export function cut(text: string, columns: number): string {
  if (PLAIN.test(text)) return text.length <= columns ? text : `${text.slice(0, Math.max(0, columns - 1))}…`;
  let [used, kept] = [0, 0];
  for (const { segment, index } of characters.segment(text)) {
    const own = width(segment);
    if (used + own > columns) return `${text.slice(0, kept)}…`;
    used += own;
    // One column stays for the ellipsis.
    if (used < columns) kept = index + segment.length;
  }
  return text;
}

/** A text with spaces after it, so that it takes `columns` columns of a terminal. */
export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - width(text)));
}

/**
 * A share in percent: "55.8 %". It is "0 %" or "100 %" only where that is exact; a smaller or larger share
 * than one decimal shows is "< 0.1 %" or has more decimals, such as "99.97 %".
 */
export function share(part: number, whole: number): string {
  if (part === 0) return "0 %";
  if (part >= whole) return "100 %";
  const percent = (100 * part) / whole;
  if (percent < 0.1) return "< 0.1 %";
  for (let digits = 1; digits <= 4; digits += 1) {
    const text = percent.toFixed(digits);
    if (Number(text) < 100) return `${text} %`;
  }
  return "> 99.9999 %";
}

/** Lines of cells in columns; those in `right` are aligned to the right. The last cell is never padded. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, width(cell));
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const columns = widths[index] ?? 0;
        if (right.includes(index)) return " ".repeat(columns - width(cell)) + cell;
        return index === row.length - 1 ? cell : padded(cell, columns);
      })
      .join("  ")
      .trimEnd(),
  );
}

/**
 * Values as JSON: ids and other 64-bit integers as text, bytes as base64, NaN and infinities as text. Nothing
 * is rounded.
 */
export function json(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === "bigint") return String(item);
    if (typeof item === "number" && !Number.isFinite(item)) return String(item);
    if (item instanceof Uint8Array) return Buffer.from(item).toString("base64");
    if (item instanceof Map) return [...item];
    return item;
  });
}

/** Writes lines to stdout. */
export function print(lines: string | readonly string[]): void {
  process.stdout.write(`${typeof lines === "string" ? lines : lines.join("\n")}\n`);
}
