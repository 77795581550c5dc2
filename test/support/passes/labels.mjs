// Functions that label a patient, as a caller would write them.

/** The labeler of FEMR's tutorial: is the patient male, with the last event as prediction time. */
export default function isMale(patient) {
  return { predictionTime: patient.times.at(-1), booleanValue: patient.withCode("Gender/M").length > 0 };
}

export function long(patient, { least }, { db }) {
  if (patient.lastTime === null) return null;
  return [{ subjectId: patient.subjectId, predictionTime: patient.times.at(-1), integerValue: patient.length >= least ? db.size : 0 }];
}

export async function* nobody() {}

export function other(patient) {
  return [{ subjectId: patient.subjectId + 1n, predictionTime: 0n }];
}

export function named() {
  return [{ subjectId: "abc", predictionTime: 0n }];
}

export function timeless() {
  return [{ booleanValue: true }];
}

export function odd() {
  return [{ predictionTime: 0n, booleanValue: "yes" }];
}
