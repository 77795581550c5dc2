// Damages a store in every way that the arguments list, reads and verifies it each time, and prints the
// results as JSON. It is a process of its own, so that its parent sees a crash.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { MedsError, PatientDatabase, verify } from "../../dist/index.js";
import { manifestOf, overwrite, reseal } from "./crc32c.mjs";

const [store, mode, step] = process.argv.slice(2);
const result = { tried: 0, outcomes: {}, notFound: [], strange: [], mixed: [] };

const files = readdirSync(store, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(store, join(entry.parentPath, entry.name)).split(sep).join("/"))
  .sort();

/** Everything that a store contains, by subject. A cell that cannot be read contains the error. */
function readAll() {
  const patients = new Map();
  const db = PatientDatabase.open(store);
  try {
    const names = db.columns.map(({ name }) => name);
    for (const id of ids) {
      const patient = db.get(id);
      if (patient === undefined) continue;
      if (patient.subjectId !== id) result.mixed.push(`get(${id}) returns ${patient.subjectId}`);
      const cells = [patient.split];
      for (let i = 0; i < patient.length; i += 1) {
        const event = patient.at(i);
        for (const name of names) cells.push(cell(() => (name === "time" ? event.timeMicros : event.get(name))));
      }
      const arrays = names.map((name) => cell(() => Array.from(patient.column(name).toArray(), show).join()));
      arrays.push(
        cell(() => patient.times.join()),
        cell(() => patient.numericValues.join()),
      );
      arrays.push(
        cell(() => {
          let seen = "";
          patient.until(50).forEach((time, code, value) => {
            seen += `${time} ${code} ${value};`;
          });
          return seen;
        }),
      );
      patients.set(id, { cells: cells.map(show), arrays });
    }
    for (const code of db.codes) String(code.description);
  } finally {
    db.close();
  }
  return patients;
}

const show = (value) => (typeof value === "bigint" ? `${value}n` : typeof value === "object" ? JSON.stringify(value) : String(value));

function cell(read) {
  try {
    return read();
  } catch (error) {
    return failed(error);
  }
}

/** An error other than a MedsError is a finding. */
function failed(error) {
  if (error instanceof MedsError) return error.code;
  result.strange.push(String(error.stack).slice(0, 400));
  return "strange";
}

let ids = [];
const first = PatientDatabase.open(store);
ids = [...first.subjectIds];
first.close();
const sound = readAll();

/** Reads the damaged store. `values`: the damage may change the values of some cells. */
async function look(what, values, findable = true) {
  result.tried += 1;
  let outcome;
  try {
    const found = readAll();
    let differing = 0;
    let arrays = 0;
    const originals = new Set();
    for (const [id, expected] of sound) {
      const other = found.get(id);
      if (other === undefined || other.cells.length !== expected.cells.length) {
        result.mixed.push(`${what}: subject ${id} is missing, or has another length`);
        continue;
      }
      expected.cells.forEach((value, i) => {
        if (other.cells[i] === value || other.cells[i].startsWith("MEDS_")) return;
        differing += 1;
        originals.add(value);
        // Texts contain their subject twice, so that a single flip cannot make the text of another subject,
        // which must never appear.
        const owner = /of (\d+) \1\./.exec(other.cells[i]);
        if (owner && BigInt(owner[1]) !== id) result.mixed.push(`${what}: subject ${id} reads ${other.cells[i]}`);
      });
      arrays += expected.arrays.filter((array, i) => other.arrays[i] !== array && !other.arrays[i].startsWith("MEDS_")).length;
    }
    // One flipped byte changes one value, one entry of a dictionary, or eight bits of a bitmap. More
    // differences mean a wrong offset.
    if (values === "few" && differing > 8 && originals.size > 1)
      result.mixed.push(`${what}: ${differing} cells differ, of ${originals.size} values`);
    outcome = differing + arrays === 0 ? "same" : "values";
  } catch (error) {
    outcome = failed(error);
  }
  result.outcomes[outcome] = (result.outcomes[outcome] ?? 0) + 1;
  if (!findable) return;
  const ok = await verify(store).then(
    (verification) => verification.ok,
    (error) => failed(error) === "strange",
  );
  if (ok) result.notFound.push(what);
}

const modes = {
  async flip(every) {
    for (const name of files) {
      const path = join(store, name);
      const bytes = readFileSync(path);
      // Half of a small shard is structure: tables of buffers, in which a flip moves a column.
      const pace = name.startsWith("shards/00000") ? Math.ceil(every / 4) : every;
      for (let at = 0; at < bytes.length; at += pace) {
        const bit = 1 << ((at * 7 + (at >> 3)) % 8);
        bytes[at] ^= bit;
        overwrite(path, bytes);
        bytes[at] ^= bit;
        await look(`${name} byte ${at}`, "few");
      }
      overwrite(path, bytes);
    }
  },
  async truncate(every) {
    for (const name of files) {
      const path = join(store, name);
      const bytes = readFileSync(path);
      for (let at = 0; at < bytes.length; at += every) {
        overwrite(path, bytes.subarray(0, at));
        await look(`${name} cut at ${at}`, "none");
      }
      overwrite(path, Buffer.concat([bytes, Buffer.alloc(64)]));
      await look(`${name} with 64 bytes more`, "none");
      overwrite(path, bytes);
    }
  },
  /**
   * Overwrites words of the files' structure and corrects the checksums: only checks of structure find the
   * damage.
   */
  async craft(every) {
    const text = manifestOf(store);
    for (const name of files.filter((name) => name.endsWith(".arrow"))) {
      const path = join(store, name);
      const before = readFileSync(path);
      const footer = before.length - 10 - before.readInt32LE(before.length - 10);
      for (let at = 8; at < before.length - 6; at += at < 600 || at >= footer ? 4 : 4 * every) {
        for (const word of every === 4 ? [-1, 0x7fffffff, 0, 1 << 20] : [-1, 1 << 20]) {
          const after = Buffer.from(before);
          after.writeInt32LE(word, at & ~3);
          if (after.equals(before)) continue;
          overwrite(path, after);
          reseal(store, name, text, before, after);
          await look(`${name} word ${at & ~3} = ${word}`, "any", false);
        }
      }
      overwrite(path, before);
      overwrite(join(store, "manifest.json"), Buffer.from(text));
    }
  },
};

await modes[mode](Number(step));
result.bytes = files.reduce((sum, name) => sum + statSync(join(store, name)).size, 0);
for (const list of ["notFound", "strange", "mixed"]) {
  result[`${list}Count`] = result[list].length;
  result[list] = result[list].slice(0, 5);
}
console.log(JSON.stringify(result));
