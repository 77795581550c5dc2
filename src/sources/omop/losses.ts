// Rows of tables that become no event. A few are a note each; more than a tenth of a table is a warning of its own, or, with `strict`, an error.

import type { Note } from "../../store/manifest.js";
import { fail } from "../../support/errors.js";

/** The kind of a note about a table that loses more than a tenth of its rows. */
export const DROPPED = "dropped";

/** Share of a table's rows beyond which their loss is a warning. */
const MOST = 0.1;

interface Loss {
  rows: number;
  dropped: number;
  readonly reasons: string[];
  readonly remedies: Set<string>;
}

/** Counts dropped rows by table, over all reasons together. */
export class Losses {
  private readonly tables = new Map<string, Loss>();

  /**
   * Counts rows of a table (or of one of its columns, `person.race_concept_id`) that are dropped. `rows` is how many there are, with those that are dropped; `why` and `remedy` follow
   * a number: "have no concept", "Keep them with --keep-unmapped".
   */
  dropped(table: string, rows: number, dropped: number, why: string, remedy?: string): void {
    if (dropped === 0) return;
    const loss = this.tables.get(table) ?? { rows: 0, dropped: 0, reasons: [], remedies: new Set() };
    this.tables.set(table, loss);
    // Who counts before a table is read and who counts afterwards may see different totals.
    loss.rows = Math.max(loss.rows, rows);
    loss.dropped += dropped;
    loss.reasons.push(`${grouped(dropped)} ${why}`);
    if (remedy !== undefined) loss.remedies.add(remedy);
  }

  /** A note for each table that loses more than a tenth of its rows, the greatest share first. */
  notes(): Note[] {
    const share = ({ rows, dropped }: Loss) => dropped / rows;
    return [...this.tables]
      .filter(([, loss]) => share(loss) > MOST)
      .sort(([a, one], [b, other]) => share(other) - share(one) || (a < b ? -1 : 1))
      .map(([table, loss]) => {
        const of = `${table}: ${grouped(loss.dropped)} of ${grouped(loss.rows)} rows (${percent(share(loss))}) are dropped`;
        return { kind: DROPPED, message: [`${of}: ${loss.reasons.join("; ")}`, ...loss.remedies].join(". "), count: loss.dropped };
      });
  }
}

/** What a person must see before all else. */
export const isDropped = ({ kind }: Note): boolean => kind === DROPPED;

/** Ends a conversion with option `strict` that drops more than a tenth of a table's rows. */
export function refuseLosses(source: string, notes: readonly Note[], strict: boolean): void {
  const lost = notes.filter(isDropped).map(({ message }) => message);
  if (!strict || lost.length === 0) return;
  const what = lost.length === 1 ? "one table loses" : `${lost.length} tables lose`;
  fail(
    "MEDS_ROWS_DROPPED",
    `${source}: ${what} more than a tenth of the rows, and strict (--strict) is set. ${lost.join(". ")}. Fix this, or leave out strict to convert without these rows.`,
    source,
  );
}

const grouped = (count: number) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
