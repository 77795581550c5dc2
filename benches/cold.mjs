// A cold process: opens, reads one patient's last code, says so. `node benches/cold.mjs STORE ID`
import { PatientDatabase } from "../dist/index.js";

const [store, id] = process.argv.slice(2);
const db = PatientDatabase.open(store);
const { code } = db.get(BigInt(id)).at(-1);
console.log(JSON.stringify({ code }));
