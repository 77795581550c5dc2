// Who the patient is: the same element `person` is in every visit of a file.
import type { Descriptions } from "./descriptions.js";
import { rowOf, type XmlRow } from "./row.js";

const TABLE = "person";

/** Makes the rows of a person: a birth, and each different fact once, at the birth. */
export class Person {
  private born: bigint | null = null;
  private readonly codes = new Set<string>();

  constructor(
    private readonly rows: XmlRow[] | null,
    private readonly descriptions: Descriptions,
  ) {}

  /** Of several births, the first counts. */
  birth(time: bigint): void {
    this.descriptions.name("MEDS_BIRTH");
    this.born ??= time;
  }

  fact(name: string, value: string): void {
    const code = `${name[0]!.toUpperCase()}${name.slice(1).toLowerCase()}/${value}`;
    this.descriptions.name(code, value);
    this.codes.add(code);
  }

  /** Adds the rows, before all others. */
  end(): void {
    const time = this.born;
    const birth = time === null ? [] : [rowOf({ time, code: "MEDS_BIRTH", table: TABLE })];
    this.rows?.unshift(...birth, ...Array.from(this.codes, (code) => rowOf({ time, code, table: TABLE })));
  }
}
