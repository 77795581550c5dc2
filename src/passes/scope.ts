// What the source text of a function refers to: found by a parser and a scope analysis, which are loaded when
// the first function is given.

import { createRequire } from "node:module";
import type * as Acorn from "acorn";
import type * as EslintScope from "eslint-scope";
import { node } from "../support/node.js";

/** The source text of a function, analysed. */
export interface FunctionScope {
  /** The text as an expression whose value is the function, or as the only member of an object. */
  readonly form: "expression" | "member";
  /** Names that are neither declared in the function nor global in every thread, in order. */
  readonly free: readonly string[];
  /**
   * Does the function do nothing but compute: it is not async, and uses only globals of the language that
   * leave nothing behind (no timers, promises, process or imports).
   */
  readonly isPlain: boolean;
  /** Can the function reach the database: does it take a third argument. */
  readonly takesContext: boolean;
}

/** A text that is not a function that can be sent. `reason` completes "The function …". */
export interface Unusable {
  readonly reason: string;
}

/** Globals of Node.js in every thread, beside those of the language. */
const NODE_GLOBALS =
  "AbortController AbortSignal Blob BroadcastChannel Buffer ByteLengthQueuingStrategy CompressionStream CountQueuingStrategy Crypto " +
  "CryptoKey CustomEvent DOMException DecompressionStream Event EventTarget File FormData Headers MessageChannel MessageEvent MessagePort " +
  "Navigator Performance PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver ReadableStream Request Response " +
  "SubtleCrypto TextDecoder TextDecoderStream TextEncoder TextEncoderStream TransformStream URL URLSearchParams WebSocket WritableStream " +
  "atob btoa clearImmediate clearInterval clearTimeout console crypto fetch global navigator performance process queueMicrotask " +
  "setImmediate setInterval setTimeout structuredClone";
/** Globals of the language with which a function can leave work behind, or reach everything else. */
const REACHING = ["Atomics", "FinalizationRegistry", "Function", "Promise", "WeakRef", "WebAssembly", "eval", "globalThis"];
/** esbuild and tsx insert calls of this function, which names functions. {@link compiled} defines it. */
export const NAMER = "__name";

let globals: { readonly language: ReadonlySet<string>; readonly all: ReadonlySet<string> } | undefined;

function globalNames() {
  if (globals === undefined) {
    const language = new Set(node.vm.runInNewContext("Object.getOwnPropertyNames(globalThis)") as string[]);
    globals = { language, all: new Set([...language, ...NODE_GLOBALS.split(" ").filter((name) => name in globalThis), NAMER]) };
  }
  return globals;
}

/** Analyses the source text of a function. */
export function scopeOf(source: string): FunctionScope | Unusable {
  const parsed = parse(source);
  if ("reason" in parsed) return parsed;
  const { program, form, node } = parsed;
  const lexical = lexicalIn(node);
  if (lexical !== null) return { reason: `uses \`${lexical}\`, which it would not have in a worker thread` };
  const { analyze } = createRequire(import.meta.url)("eslint-scope") as typeof EslintScope;
  const { through } = analyze(program as never, { ecmaVersion: 2025, sourceType: "module" }).scopes[0]!;
  const names = new Set(through.map(({ identifier }) => identifier.name as string));
  const { language, all } = globalNames();
  const free = [...names].filter((name) => !all.has(name));
  const isKnown = (name: string) => name === NAMER || name === "console" || (language.has(name) && !REACHING.includes(name));
  return { form, free, isPlain: !hasAsync(node) && [...names].every(isKnown), takesContext: takesContext(node) };
}

/** Does a function take a third argument. */
function takesContext(node: Acorn.Node): boolean {
  const made = (node.type === "Property" ? (node as Acorn.Property).value : node) as Acorn.FunctionExpression;
  return made.params.length > 2 || made.params.some(({ type }) => type === "RestElement") || namesArguments(made as never);
}

function namesArguments(node: Visited): boolean {
  return (node.type === "Identifier" && node.name === "arguments") || [...childrenOf(node)].some(namesArguments);
}

interface Parsed {
  readonly program: Acorn.Program;
  readonly form: FunctionScope["form"];
  readonly node: Acorn.Node;
}

/** Parses the text: first as an expression, then as a member of an object (`name(patients) { … }`). */
function parse(source: string): Parsed | Unusable {
  if (/\{\s*\[native code\]\s*\}\s*$/.test(source)) return { reason: "is native or bound, so its source text is unknown" };
  const { parse: program } = createRequire(import.meta.url)("acorn") as typeof Acorn;
  const options = { ecmaVersion: "latest", sourceType: "module", ranges: true } as const;
  let failure: unknown;
  try {
    const parsed = program(`(${source}\n)`, options);
    const node = (parsed.body[0] as Acorn.ExpressionStatement).expression;
    if (node.type === "ClassExpression") return { reason: "is a class" };
    return { program: parsed, form: "expression", node };
  } catch (error) {
    failure = error;
  }
  try {
    const parsed = program(`({${source}\n})`, options);
    const [member] = ((parsed.body[0] as Acorn.ExpressionStatement).expression as Acorn.ObjectExpression).properties;
    if (member?.type === "Property" && member.kind === "init" && member.method) return { program: parsed, form: "member", node: member };
    return { reason: "is a getter or setter" };
  } catch {
    return { reason: `cannot be read from its source text (${(failure as Error).message})` };
  }
}

type Visited = Acorn.Node & Readonly<Record<string, unknown>>;

/** The members of a node that are nodes. */
function* childrenOf(node: Visited): Generator<Visited> {
  for (const value of Object.values(node))
    for (const child of Array.isArray(value) ? value : [value])
      if (typeof child === "object" && child !== null && typeof (child as Visited).type === "string") yield child as Visited;
}

/** A name in the function that means something of the place where the function is written; null for none. */
function lexicalIn(root: Acorn.Node): string | null {
  // A function has its own `this`; an arrow function has the one around it.
  const look = (node: Visited, hasThis: boolean): string | null => {
    if (node.type === "ThisExpression" && !hasThis) return "this";
    if (node.type === "Super" && !hasThis) return "super";
    if (node.type === "MetaProperty" && (node.meta as Acorn.Identifier).name === "import") return "import.meta";
    if (node.type === "MetaProperty" && !hasThis) return "new.target";
    const own = hasThis || ["FunctionExpression", "FunctionDeclaration", "PropertyDefinition", "StaticBlock"].includes(node.type);
    for (const child of childrenOf(node)) {
      const found = look(child, own);
      if (found !== null) return found;
    }
    return null;
  };
  const isMember = (root as Visited).type === "Property";
  const outer = isMember ? usesSuper((root as Visited).value as Visited) : false;
  return outer ? "super" : look(root as Visited, false);
}

/** Does a method use the `super` of its object. Classes inside it have their own. */
function usesSuper(node: Visited): boolean {
  if (node.type === "Super") return true;
  if (node.type === "ClassExpression" || node.type === "ClassDeclaration" || node.type === "ObjectExpression") return false;
  return [...childrenOf(node)].some(usesSuper);
}

/** Does the function or one inside it continue later: is it async, or does it import. */
function hasAsync(node: Acorn.Node): boolean {
  const visited = node as Visited;
  if (visited.async === true || visited.type === "ImportExpression") return true;
  return [...childrenOf(visited)].some(hasAsync);
}
