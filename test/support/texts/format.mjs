/** A text as JSON. */
export default function json(document) {
  return `${JSON.stringify(document, (_, value) => (typeof value === "bigint" ? String(value) : value))}\n`;
}
