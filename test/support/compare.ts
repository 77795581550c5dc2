// Deep comparison in which NaN equals NaN, -0 differs from 0, 1 differs from 1n and null from undefined.

/** Where and how two values differ; null if they are equal. */
export function difference(found: unknown, expected: unknown, at = ""): string | null {
  if (Object.is(found, expected)) return null;
  const words = () => `${at || "value"}: found ${show(found)}, expected ${show(expected)}`;
  if (typeof found !== "object" || typeof expected !== "object" || found === null || expected === null) return words();
  if (ArrayBuffer.isView(found) || ArrayBuffer.isView(expected)) {
    if (found.constructor !== expected.constructor) return words();
    return sequences(found as unknown as ArrayLike<unknown>, expected as unknown as ArrayLike<unknown>, at);
  }
  if (Array.isArray(found) || Array.isArray(expected)) {
    return Array.isArray(found) && Array.isArray(expected) ? sequences(found, expected, at) : words();
  }
  const keys = Object.keys(expected);
  const others = Object.keys(found);
  if (keys.length !== others.length || keys.some((key, i) => key !== others[i]))
    return `${at}: has the members ${others}, expected ${keys}`;
  for (const key of keys) {
    const inner = difference((found as Record<string, unknown>)[key], (expected as Record<string, unknown>)[key], `${at}.${key}`);
    if (inner !== null) return inner;
  }
  return null;
}

function sequences(found: ArrayLike<unknown>, expected: ArrayLike<unknown>, at: string): string | null {
  if (found.length !== expected.length) return `${at}: has ${found.length} elements, expected ${expected.length}`;
  for (let i = 0; i < expected.length; i += 1) {
    if (Object.is(found[i], expected[i])) continue;
    const inner = difference(found[i], expected[i], `${at}[${i}]`);
    if (inner !== null) return inner;
  }
  return null;
}

/** Throws where two values differ. Much faster than an assertion library, for millions of values. */
export function same(found: unknown, expected: unknown, at: () => string): void {
  if (Object.is(found, expected)) return;
  const where = difference(found, expected);
  if (where !== null) throw new Error(`${at()}: ${where}`);
}

function show(value: unknown): string {
  if (Object.is(value, -0)) return "-0";
  const text =
    JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? `${inner}n` : typeof inner === "number" ? String(inner) : inner)) ??
    String(value);
  return `${typeof value} ${text.length > 200 ? `${text.slice(0, 200)}…` : text}`;
}
