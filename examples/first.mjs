// node examples/first.mjs STORE CODE ID: the values that one patient has of a code, and the last one that was
// known a day before the end of the record.
import { PatientDatabase, timeBefore } from "meds-reader";

const [store, code, id] = process.argv.slice(2);
const db = PatientDatabase.open(store);
const patient = db.get(BigInt(id));
for (const event of patient.withCode(code)) console.log(event.date, event.numericValue, event.unit);
if (patient.lastTime !== null) {
  const known = patient.until(timeBefore(patient.lastTime, "1d")).last(code);
  console.log("known a day before the end:", known?.date, known?.numericValue);
}
db.close();
