import type { CodeChoice } from "./choice.js";

/** The same as {@link CodeChoice}, which includes functions of a code. */
export type CodePredicate = CodeChoice;
