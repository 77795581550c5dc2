// Formats numbers, sizes, times and colours for people.
import pc from "picocolors";

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

/** Cuts a text to at most `width` characters, with an ellipsis. */
export function cut(text: string, width: number): string {
  const characters = [...text.slice(0, 4 * width)];
  return characters.length <= width ? characters.join("") : `${characters.slice(0, width - 1).join("")}…`;
}

/** Lines of cells in columns; those in `right` are aligned to the right. The last cell is never padded. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, [...cell].length);
  return rows.map((row) =>
    row
      .map((cell, index) => {
        const space = " ".repeat((widths[index] ?? 0) - [...cell].length);
        return right.includes(index) ? space + cell : index === row.length - 1 ? cell : cell + space;
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
