import { conflict } from "../support/arguments.js";
import { node } from "../support/node.js";
import { type FunctionScope, NAMER, scopeOf, type Unusable } from "./scope.js";

/** A function of the caller, in the form that a worker compiles. */
export interface InlineFunction {
  readonly kind: "inline";
  readonly name: string;
  readonly source: string;
  readonly form: FunctionScope["form"];
  readonly isPlain: boolean;
  readonly takesContext: boolean;
}

/** Analysed functions by their source text: a program passes the same function again and again. */
const known = new Map<string, FunctionScope | Unusable>();
const MOST = 256;

/**
 * The function as text. Another thread does not have the variables around it, so one that uses them is
 * refused before anything runs.
 */
export function inlineOf(given: (...args: never[]) => unknown): InlineFunction {
  const source = Function.prototype.toString.call(given);
  let scope = known.get(source);
  if (scope === undefined) {
    scope = scopeOf(source);
    if (known.size >= MOST) known.clear();
    known.set(source, scope);
  }
  const { name } = given;
  const about = name === "" ? "The function" : `The function \`${name}\``;
  if ("reason" in scope) conflict(`${about} ${scope.reason}. Pass what it needs as \`args\`, or put the function into a module.`);
  const { form, free, isPlain, takesContext } = scope;
  if (free.length > 0) {
    const names = free.map((variable) => `\`${variable}\``).join(", ");
    const [verb, them] = free.length === 1 ? ["does", "it"] : ["do", "them"];
    conflict(
      `${about} uses ${names} of the program around it, which ${verb} not exist in worker threads. ` +
        `Pass ${them} as \`args\`, or put the function into a module.`,
    );
  }
  return { kind: "inline", name, source, form, isPlain, takesContext };
}

type Compiled = (...args: never[]) => unknown;
const compiledFunctions = new Map<string, Compiled>();

/**
 * Compiles a function in this thread, once. `import(…)` in it finds packages from the current folder of the
 * process.
 */
export function compiled({ name, source, form }: InlineFunction): Compiled {
  const key = `${name}\n${source}`;
  let found = compiledFunctions.get(key);
  if (found === undefined) {
    const [before, after] = form === "member" ? ["((made) => made[Reflect.ownKeys(made)[0]])({", "\n})"] : ["(", "\n)"];
    const head = `(() => { "use strict"; const ${NAMER} = (made, value) => Object.defineProperty(made, "name", { value, configurable: true }); return ${before}`;
    const script = new node.vm.Script(`${head}${source}${after}; })()`, {
      filename: `inline function ${name}`.trim(),
      // Lines are those of the function, and so are the columns of its first line.
      columnOffset: -head.length,
      importModuleDynamically: node.vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    found = script.runInThisContext() as Compiled;
    if (compiledFunctions.size >= MOST) compiledFunctions.clear();
    compiledFunctions.set(key, found);
  }
  return found;
}
