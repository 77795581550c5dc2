// Concepts of gender, race and ethnicity from the OHDSI vocabulary. Every CDM uses these few concepts, but
// extracts of the vocabulary often omit them.
import { literal } from "./duck.js";

/** Concept id, vocabulary, code, name. */
const CONCEPTS: readonly (readonly [id: number, vocabulary: string, code: string, name: string])[] = [
  [8507, "Gender", "M", "MALE"],
  [8532, "Gender", "F", "FEMALE"],
  [8551, "Gender", "U", "UNKNOWN"],
  [8521, "Gender", "O", "OTHER"],
  [8570, "Gender", "A", "AMBIGUOUS"],
  [8657, "Race", "1", "American Indian or Alaska Native"],
  [8515, "Race", "2", "Asian"],
  [8516, "Race", "3", "Black or African American"],
  [8557, "Race", "4", "Native Hawaiian or Other Pacific Islander"],
  [8527, "Race", "5", "White"],
  [8522, "Race", "9", "Other Race"],
  [8552, "Race", "UNK", "Unknown"],
  [38_003_563, "Ethnicity", "Hispanic", "Hispanic or Latino"],
  [38_003_564, "Ethnicity", "Not Hispanic", "Not Hispanic or Latino"],
];

/**
 * Detailed races: the first id of each group, the group, and the names in the order of their codes
 * `GROUP.01`, `GROUP.02`, ….
 */
const RACES: readonly (readonly [first: number, group: number, names: string])[] = [
  [38_003_572, 1, "American Indian|Alaska Native"],
  [
    38_003_574,
    2,
    "Asian Indian|Bangladeshi|Bhutanese|Burmese|Cambodian|Chinese|Taiwanese|Filipino|Hmong|Indonesian|Japanese|Korean|Laotian|Malaysian|Okinawan|Pakistani|Sri Lankan|Thai|Vietnamese|Iwo Jiman|Maldivian|Nepalese|Singaporean|Madagascar",
  ],
  [
    38_003_598,
    3,
    "Black|African American|African|Bahamian|Barbadian|Dominican|Dominica Islander|Haitian|Jamaican|Tobagoan|Trinidadian|West Indian",
  ],
  [38_003_610, 4, "Polynesian|Micronesian|Melanesian|Other Pacific Islander"],
  [38_003_614, 5, "European|Middle Eastern or North African|Arab"],
];

/** SQL of these concepts: (id, code, name). */
export function demographicsSql(): string {
  const detailed = RACES.flatMap(([first, group, names]) =>
    names.split("|").map((name, i) => [first + i, "Race", `${group}.${String(i + 1).padStart(2, "0")}`, name] as const),
  );
  const rows = [...CONCEPTS, ...detailed].map(
    ([id, vocabulary, code, name]) => `(${id}, ${literal(`${vocabulary}/${code}`)}, ${literal(name)})`,
  );
  return `SELECT * FROM (VALUES ${rows.join(", ")}) AS known(id, code, name)`;
}
