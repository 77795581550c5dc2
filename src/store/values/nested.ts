import type { Bitmap, IndexArray } from "../mapped-file.js";
import type { Value, Vector } from "./vector.js";

/** list: an array of the items. */
export class ListVector implements Vector {
  readonly array = null;

  constructor(
    readonly length: number,
    private readonly offsets: Int32Array,
    private readonly items: Vector,
    private readonly valid: Bitmap | null,
  ) {}

  at(index: number): (Value | null)[] | null {
    if (this.valid !== null && !this.valid.has(index)) return null;
    const values: (Value | null)[] = [];
    const end = this.offsets[index + 1]!;
    for (let item = this.offsets[index]!; item < end; item += 1) values.push(this.items.at(item));
    return values;
  }
}

/** struct: an object. */
export class StructVector implements Vector {
  readonly array = null;

  constructor(
    readonly length: number,
    private readonly members: readonly { readonly name: string; readonly values: Vector }[],
    private readonly valid: Bitmap | null,
  ) {}

  at(index: number): { [name: string]: Value | null } | null {
    if (this.valid !== null && !this.valid.has(index)) return null;
    // fromEntries defines members: a field called __proto__ stays a field.
    return Object.fromEntries(this.members.map(({ name, values }) => [name, values.at(index)]));
  }
}

/** map: an array of [key, value], in the order of the file. */
export class MapVector implements Vector {
  readonly array = null;

  constructor(
    readonly length: number,
    private readonly offsets: Int32Array,
    private readonly keys: Vector,
    private readonly values: Vector,
    private readonly valid: Bitmap | null,
  ) {}

  at(index: number): [Value | null, Value | null][] | null {
    if (this.valid !== null && !this.valid.has(index)) return null;
    const pairs: [Value | null, Value | null][] = [];
    const end = this.offsets[index + 1]!;
    for (let item = this.offsets[index]!; item < end; item += 1) pairs.push([this.keys.at(item), this.values.at(item)]);
    return pairs;
  }
}

/** The null type. */
export class NullVector implements Vector {
  readonly array = null;

  constructor(readonly length: number) {}

  at(): null {
    return null;
  }
}

/**
 * A dictionary-coded field inside another field (top-level fields share one table per store:
 * `dictionary.ts`).
 */
export class CodedVector implements Vector {
  readonly array = null;
  readonly length: number;

  constructor(
    private readonly indexes: IndexArray,
    private readonly values: Vector,
    private readonly valid: Bitmap | null,
  ) {
    this.length = indexes.length;
  }

  at(index: number): Value | null {
    return this.valid === null || this.valid.has(index) ? this.values.at(this.indexes[index]!) : null;
  }

  /** Returns a function that says whether an entry has a value: it compares codes, not values. */
  is(value: Value): (index: number) => boolean {
    const { indexes, valid, values } = this;
    let code = 0;
    while (code < values.length && values.at(code) !== value) code += 1;
    return (index) => indexes[index] === code && (valid === null || valid.has(index));
  }
}
