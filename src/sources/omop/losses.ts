// Rows of tables that do not become events. Small losses are notes. The loss of more than a tenth of a table
// is a note of its own kind or, with `strict`, an error.
import type { Note } from "../../store/manifest.js";
import { fail } from "../../support/errors.js";

/** The kind of a note about a table that loses more than a tenth of its rows. */
const DROPPED = "dropped";

/** A table that loses more than this share of its rows gets a note of this kind. */
const MOST = 0.1;

interface Loss {
  rows: number;
  dropped: number;
  readonly reasons: string[];
  readonly remedies: Set<string>;
}

/** Counts dropped rows per table, for all reasons together. */
export class Losses {
  private readonly tables = new Map<string, Loss>();

  /**
   * Counts dropped rows of a table, or of one of its columns (`person.race_concept_id`). `rows` is the number
   * of all rows, including the dropped ones. `why` follows a number: "with concept 0". Each remedy is a
   * sentence.
   */
  dropped(table: string, rows: number, dropped: number, why: string, ...remedies: readonly string[]): void {
    if (dropped === 0) return;
    const loss = this.tables.get(table) ?? { rows: 0, dropped: 0, reasons: [], remedies: new Set() };
    this.tables.set(table, loss);
    // Counts from before a table is read and from afterwards may have different totals.
    loss.rows = Math.max(loss.rows, rows);
    loss.dropped += dropped;
    loss.reasons.push(`${grouped(dropped)} ${why}`);
    for (const remedy of remedies) loss.remedies.add(remedy);
  }

  /** The tables and columns that lose more than a tenth of their rows. */
  get large(): ReadonlySet<string> {
    return new Set([...this.tables].filter(([, loss]) => share(loss) > MOST).map(([table]) => table));
  }

  /** A note for each table that loses more than a tenth of its rows, the greatest share first. */
  notes(): Note[] {
    const { large } = this;
    return [...this.tables]
      .filter(([table]) => large.has(table))
      .sort(([a, one], [b, other]) => share(other) - share(one) || (a < b ? -1 : 1))
      .map(([table, loss]) => {
        // A lost value of a column is not a lost row.
        const what = table.includes(".") ? "values" : "rows";
        const of = `${table}: ${grouped(loss.dropped)} of ${grouped(loss.rows)} ${what} (${percent(share(loss))}) are dropped`;
        return { kind: DROPPED, message: [`${of}: ${loss.reasons.join("; ")}`, ...loss.remedies].join(". "), count: loss.dropped };
      });
  }
}

/** Fails if `strict` is set and a table loses more than a tenth of its rows. */
export function refuseLosses(source: string, notes: readonly Note[], strict: boolean): void {
  const lost = notes.filter(({ kind }) => kind === DROPPED).map(({ message }) => message);
  if (!strict || lost.length === 0) return;
  const what =
    lost.length === 1 ? "One table loses more than a tenth of its rows" : `${lost.length} tables lose more than a tenth of their rows`;
  fail(
    "MEDS_ROWS_DROPPED",
    `${source}: ${what}, which \`strict\` (--strict) does not allow. ${lost.join(". ")}. To convert without these rows, omit \`strict\`.`,
    source,
  );
}

const share = ({ rows, dropped }: Loss) => dropped / rows;

const grouped = (count: number) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
