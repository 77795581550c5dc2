// Resident memory after a scan that touches three columns: `node benches/memory.mjs STORE`.
import { PatientDatabase } from "../dist/index.js";

const db = PatientDatabase.open(process.argv[2]);
let touched = 0;
let sum = 0;
for (const patient of db) {
  const { timeWords, codeIds, numericValues, length } = patient;
  for (let i = 0; i < length; i += 1) sum += timeWords[2 * i] + codeIds[i] + (numericValues[i] || 0);
  touched += timeWords.byteLength + codeIds.byteLength + numericValues.byteLength;
}
console.log(JSON.stringify({ residentBytes: process.memoryUsage().rss, touchedBytes: touched, sum }));
