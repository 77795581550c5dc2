// Which rows are notes.
import { type Members, splitOf, subjectIdsOf } from "../cohort/members.js";
import { type QueryOptions, questionOf, rangesOf } from "../cohort/query.js";
import type { CodeChoice } from "../store/choice.js";
import type { Question, QuestionDetails } from "../store/native.js";
import type { Store } from "../store/store.js";
import { conflict, flagOf, namesIn, optionsOf, textOf, textsIn } from "../support/arguments.js";
import { microsOf, type TimeLike } from "../support/time.js";
import { eventTypesOf } from "../text/event-types.js";
import { Names, namesOf } from "../text/names.js";
import { rolesOf, type TextColumns } from "../text/roles.js";

/**
 * Options of {@link Cohort.notes} and {@link Cohort.searchNotes}: which rows are notes. A note is a row with a text whose
 * kind is `note`: by the column `table` (of OMOP), otherwise by its code, as `data/event-types.json` of the package says.
 */
export interface NoteOptions extends QueryOptions {
  /** Only notes of these types: codes, or parts of the names of codes, in upper or lower case. Default: all. */
  readonly types?: readonly string[] | undefined;
  /** Every row with one of these codes and a text is a note, whatever its kind. */
  readonly codes?: CodeChoice | undefined;
  /** The columns of texts (`text`) and of kinds (`type`). Default: `text_value`; `table`. */
  readonly columns?: Pick<TextColumns, "text" | "type"> | undefined;
  /** Only patients of this split. */
  readonly split?: string | undefined;
  /** Only notes up to this time, for all patients. For a time of each patient, use `windows`. */
  readonly until?: TimeLike | undefined;
  /** With `until`: whether notes of exactly this time belong to it. Default: true. */
  readonly inclusive?: boolean | undefined;
}

export const NOTES = {
  types: true,
  codes: true,
  columns: true,
  split: true,
  until: true,
  inclusive: true,
  windows: true,
  threads: true,
  signal: true,
} as const satisfies Record<keyof NoteOptions, true>;

/** A question about notes, after its check. */
export interface NotePlan {
  readonly store: Store;
  readonly question: Question;
  readonly notes: NonNullable<QuestionDetails["notes"]>;
  readonly names: Names;
  /** Index of the column of texts. */
  readonly column: number;
}

/** Checks options. `known` are the names of all that the call has. */
export function notePlanOf(members: Members, what: string, options: NoteOptions | undefined, known: readonly string[]): NotePlan {
  const store = members._store;
  store.check();
  const given = optionsOf(options) ?? {};
  namesIn(what, given, known);
  const { types, codes, columns, split, until, inclusive, ...rest } = given;
  textsIn("types", types);
  if (codes !== undefined && types !== undefined) conflict("`codes` cannot be combined with `types`. Remove one of them.");
  namesIn("columns", optionsOf(columns) ?? {}, ["text", "type"]);
  const roles = rolesOf(store, columns);
  if (roles.text < 0)
    conflict("The store does not have a column of texts with a usual name (text_value). Name it: `columns: { text }` (--text-column).");
  const info = store.columns[roles.text]!;
  if (info.stored !== "utf8")
    conflict(`\`columns.text\` names column ${JSON.stringify(info.name)} of type ${info.type}. It must name a column of texts.`);
  const cohort = split === undefined ? members : splitOf(members, textOf("split", split, "the name of a split"));
  const names = new Names(store, namesOf(undefined));
  const chosen = codes === undefined ? ofTypes(store, names, types) : rangesOf(store, codes);
  const windows = until === undefined ? rest.windows : untilOf(cohort, until, flagOf("inclusive", inclusive, true), rest);
  if (until === undefined && inclusive !== undefined) conflict("`inclusive` requires `until`. Set it, or remove `inclusive`.");
  const kind = roles.type < 0 ? undefined : store.columns[roles.type]!.name;
  const notes =
    codes === undefined
      ? { text: info.name, codes: guessed(store), ...(kind === undefined ? {} : { kindColumn: kind, kind: NOTE }) }
      : { text: info.name };
  return { store, question: questionOf(cohort, { ...rest, windows }, chosen), notes, names, column: roles.text };
}

const NOTE = "note";

/** One window per patient, up to a time. */
function untilOf(cohort: Members, until: TimeLike, inclusive: boolean, { windows }: QueryOptions): NonNullable<QueryOptions["windows"]> {
  if (windows !== undefined) conflict("`until` cannot be combined with `windows`, which have times. Remove one of them.");
  const subjectIds = subjectIdsOf(cohort);
  return { subjectIds, end: new BigInt64Array(subjectIds.length).fill(microsOf(until)), inclusive: inclusive ? true : "start" };
}

/** Codes that are, or whose names contain, one of some texts; null for all codes. */
function ofTypes(store: Store, names: Names, types: readonly string[] | undefined): Uint32Array | null {
  return types === undefined ? null : rangesWhere(store, (id) => names.isOf(types, id));
}

/** Codes that look like those of notes. */
function guessed(store: Store): Uint32Array {
  const kinds = eventTypesOf(store);
  return rangesWhere(store, (id) => kinds.ofCode(id) === NOTE);
}

/** Ranges of ids: begin, end, begin, end, … */
function rangesWhere(store: Store, isOne: (id: number) => boolean): Uint32Array {
  const ranges: number[] = [];
  for (let id = 1; id <= store.codes.size; id += 1) if (isOne(id)) ranges.push(id, id + 1);
  return Uint32Array.from(ranges);
}
