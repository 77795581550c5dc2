import { failCorrupt } from "../../support/errors.js";
import { Bitmap, type MappedFile, type Node } from "../mapped-file.js";
import { BinaryVector, FixedBinaryVector, TextVector } from "./bytes.js";
import { CodedVector, ListVector, MapVector, NullVector, StructVector } from "./nested.js";
import {
  BigVector,
  BoolVector,
  DateVector,
  DecimalVector,
  ExactVector,
  MicrosVector,
  type NumberArray,
  NumberVector,
  ShortTimeVector,
} from "./numbers.js";
import type { Vector } from "./vector.js";

const NUMBERS = {
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
  date32: Int32Array,
} as const;

type Exact = ((value: bigint) => never) | null;

const MICROS = { s: 1_000_000, ms: 1_000, us: 1 } as const;

/**
 * The decoder of a field. Every decision about its type is made here, once. `ascii`: all its text is ASCII.
 * The offsets of a dictionary are checked with its file, those of other fields here. `exact`: refuses
 * 64-bit integers beyond 2^53, if the others are to be numbers; null if all are to be bigints.
 */
export function decode(file: MappedFile, node: Node, ascii: boolean, inDictionary = false, exact: Exact = null): Vector {
  const valid = file.validity(node);
  if (node.dictionary !== null) return new CodedVector(file.indexes(node), decode(file, node.dictionary.values, ascii, true, exact), valid);
  return (
    fixedWidth(file, node, valid, exact) ??
    variableWidth(file, node, valid, ascii, inDictionary, exact) ??
    failCorrupt(file.path, `the field ${node.name} has the type ${node.type.id}, which stores do not contain`)
  );
}

/** The decoder of a type whose values have a fixed width; null for other types. */
function fixedWidth(file: MappedFile, node: Node, valid: Bitmap | null, exact: Exact): Vector | null {
  const { type, length } = node;
  const whole = (array: BigInt64Array | BigUint64Array) =>
    exact === null ? new BigVector(array, valid) : new ExactVector(array, valid, exact);
  switch (type.id) {
    case "int8":
    case "int16":
    case "int32":
    case "uint8":
    case "uint16":
    case "uint32":
    case "float32":
    case "float64":
    case "date32":
      return new NumberVector(file.array<NumberArray>(NUMBERS[type.id], node.data, length), valid);
    case "int64":
      return whole(file.array(BigInt64Array, node.data, length));
    case "uint64":
      return whole(file.array(BigUint64Array, node.data, length));
    case "timestamp":
    case "duration":
    case "time64": {
      const array = file.array(BigInt64Array, node.data, length);
      const unit = type.unit ?? "us";
      return unit === "ns" ? new BigVector(array, valid) : new MicrosVector(array, valid, MICROS[unit]);
    }
    case "time32":
      return new ShortTimeVector(file.array(Int32Array, node.data, length), valid, type.unit === "s" ? MICROS.s : MICROS.ms);
    case "date64":
      return new DateVector(file.array(BigInt64Array, node.data, length), valid);
    case "bool":
      return new BoolVector(length, new Bitmap(file.bytes(node.data)), valid);
    case "decimal": {
      const words = (type.width ?? 16) / 8;
      return new DecimalVector(length, file.array(BigUint64Array, node.data, length * words), words, type.scale ?? 0, valid);
    }
    case "fixed_size_binary":
      return new FixedBinaryVector(length, type.width ?? 0, file.bytes(node.data), valid);
    case "null":
      return new NullVector(length);
    default:
      return null;
  }
}

/** The decoder of text, binary and nested types; null for other types. */
function variableWidth(
  file: MappedFile,
  node: Node,
  valid: Bitmap | null,
  ascii: boolean,
  inDictionary: boolean,
  exact: Exact,
): Vector | null {
  const { type, length } = node;
  const offsets = () => (inDictionary ? file.provedOffsets(node) : file.offsets(node));
  const below = (index: number, of = node) => decode(file, child(file, of, index), ascii, inDictionary, exact);
  switch (type.id) {
    case "utf8":
      return new TextVector(length, offsets(), file.bytes(node.data), ascii, valid);
    case "binary":
      return new BinaryVector(length, offsets(), file.bytes(node.data), valid);
    case "list":
      return new ListVector(length, offsets(), below(0), valid);
    case "map": {
      const entries = child(file, node, 0);
      return new MapVector(length, offsets(), below(0, entries), below(1, entries), valid);
    }
    case "struct":
      return new StructVector(
        length,
        node.children.map(({ name }, index) => ({ name, values: below(index) })),
        valid,
      );
    default:
      return null;
  }
}

/** A child node that the type requires. */
export function child(file: MappedFile, node: Node, index: number): Node {
  return node.children[index] ?? failCorrupt(file.path, `the field ${node.name} has no child ${index}`);
}
