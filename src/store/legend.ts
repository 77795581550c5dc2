import type { CodeTable } from "./codes.js";
import type { ColumnInfo } from "./manifest.js";
import type { Value } from "./values/vector.js";

/** Names of the column of units in sources: in their events or in codes.parquet. */
export const UNITS = ["unit", "units", "valueuom", "unit_of_measure"] as const;

/** What people read beside a code: its description and its unit. Decoded once per code. */
export class Legend {
  /** The index of the events' own column of units; -1 where the store has none. */
  readonly unitColumn: number;
  private readonly codes: CodeTable;
  private readonly shared: string | undefined;
  private readonly descriptions: (string | null | undefined)[] = [];
  private readonly units: (string | null | undefined)[] = [];

  constructor(codes: CodeTable, columns: readonly ColumnInfo[]) {
    const own = UNITS.find((unit) => columns.some(({ name }) => name === unit));
    this.unitColumn = columns.findIndex(({ name }) => name === own);
    this.shared = UNITS.find((name) => codes.columnNames.includes(name));
    this.codes = codes;
  }

  /** The description of a code in codes.parquet, or null. */
  description(id: number): string | null {
    const known = this.descriptions[id];
    if (known !== undefined) return known;
    const found = this.codes.value("description", id) as string | null;
    this.descriptions[id] = found;
    return found;
  }

  /**
   * The unit of a row with this value in its own column of units: that value; otherwise the unit of its code
   * in codes.parquet, if that has exactly one.
   */
  unit(own: Value | null, id: number): string | null {
    return own === null ? this.unitOf(id) : unitIn(own);
  }

  private unitOf(id: number): string | null {
    const known = this.units[id];
    if (known !== undefined) return known;
    const found = this.shared === undefined ? null : unitIn(this.codes.value(this.shared, id));
    this.units[id] = found;
    return found;
  }
}

/** A unit that a value names. UNK means in MIMIC-IV that the unit is not known. */
function unitIn(value: Value | null): string | null {
  const only = Array.isArray(value) ? (value.length === 1 ? value[0] : null) : value;
  return typeof only === "string" && only !== "UNK" && only !== "" ? only : null;
}
