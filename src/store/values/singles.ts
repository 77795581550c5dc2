import type { Node } from "../mapped-file.js";

/**
 * Where the values of a field have numbers of 32 bits: nowhere (null); the value itself (true); or in the
 * items of a list, the two parts of a map's entry, or some members of a struct.
 */
export type Singles = null | true | SinglesBelow;

interface SinglesBelow {
  readonly items?: Singles;
  readonly pair?: readonly Singles[];
  readonly members?: ReadonlyMap<string, Singles>;
}

/** Finds the numbers of 32 bits of a field. */
export function singlesOf(node: Node): Singles {
  const { type, children, dictionary } = node;
  if (dictionary !== null) return singlesOf(dictionary.values);
  if (type.id === "float32") return true;
  const below = children.map(singlesOf);
  if (below.every((singles) => singles === null)) return null;
  if (type.id === "list") return { items: below[0]! };
  // A map is a list of entries; an entry is a struct, but its value is a pair.
  if (type.id === "map") return { items: { pair: [...((below[0] as SinglesBelow).members ?? new Map()).values()] } };
  return { members: new Map(children.map(({ name }, index) => [name, below[index]!])) };
}
