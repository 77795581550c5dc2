import { type Context, oneLine } from "../context.js";
import type { TextItem } from "../section.js";

/** Texts that are longer are not values, and are cut. */
const LONGEST = 200;

interface Group {
  readonly name: string;
  readonly unit: string | null;
  readonly values: string[];
  rows: number;
  last: number;
}

/**
 * One line for each event of some rows: its name, unit and last values in the order of time. Events with the same name
 * and unit are one. Lines are in the order of the first rows of the events, or those with the latest row come first.
 */
export function eventItems(context: Context, rows: readonly number[], most: number, order: "first" | "latest"): TextItem[] {
  const { known } = context;
  const groups = new Map<string, Group>();
  for (const row of rows) {
    const name = context.name(row);
    const value = shownValue(context, row);
    const unit = known.number(row) === null ? null : known.unit(row);
    const key = unit === null ? name : `${name}\u0000${unit}`;
    let group = groups.get(key);
    if (group === undefined) {
      group = { name, unit, values: [], rows: 0, last: row };
      groups.set(key, group);
    }
    group.rows += 1;
    group.last = row;
    if (value === null) continue;
    group.values.push(value);
    if (group.values.length > most) group.values.shift();
  }
  const found = [...groups.values()];
  if (order === "latest") found.sort((a, b) => b.last - a.last);
  return found.map(({ name, unit, values, rows: count }) => {
    const shown = unit === null ? name : `${name} (${oneLine(unit)})`;
    return { text: values.length === 0 ? shown : `${shown}: ${values.join(", ")}`, rows: count };
  });
}

function shownValue({ known }: Context, row: number): string | null {
  const number = known.number(row);
  if (number !== null) return number;
  const text = known.text(row);
  if (text === null || text.trim() === "") return null;
  const line = oneLine(text);
  if (line.length <= LONGEST) return line;
  // Not between the halves of a character.
  const end = /[\ud800-\udbff]/.test(line[LONGEST - 1]!) ? LONGEST - 1 : LONGEST;
  return `${line.slice(0, end)}…`;
}
