// What both the writer and the reader of MedAlign's XML must know.

/** The type of an element `visit` whose events belong to no visit. */
export const OUTSIDE = "Events outside of visits";
