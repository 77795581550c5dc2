// The formats of labels that can be read.
import { EHRSHOT } from "./ehrshot.js";
import type { LabelFormat } from "./format.js";
import { INSPECT } from "./inspect.js";
import { INSPECT_RELEASE } from "./inspect-release.js";
import { MEDS } from "./meds.js";

/** A file has the first of these that matches. */
export const FORMATS: readonly LabelFormat[] = [MEDS, EHRSHOT, INSPECT, INSPECT_RELEASE];
