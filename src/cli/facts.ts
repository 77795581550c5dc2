// What `info` says about a store. Everything comes from the manifest and the tables of patients and codes,
// except the distribution of times.
import type { Code, CodeTable, PatientDatabase } from "../index.js";

/** How many codes are shown. */
const FREQUENT = 10;

/**
 * Times of about this many events are read: all of them in most stores. It takes half a second; larger stores
 * are sampled.
 */
const READ = 200_000_000;

const DAY = 86_400_000_000;

export type Facts = ReturnType<typeof factsOf>;

/** The facts of a store. `most`: of about how many events the times are read. */
export function factsOf(db: PatientDatabase, most: number = READ) {
  const patients = patientFacts(db);
  return {
    path: db.path,
    id: db.metadata.id,
    dataset: db.metadata.dataset,
    patients: db.size,
    splits: Object.fromEntries(db.splits),
    events: db.eventCount,
    ...patients,
    ...timeFacts(db, most, patients),
    codes: db.codes.size,
    ...codeFacts(db.codes),
    columns: db.columns,
    bytes: db.metadata.bytes,
    shards: db.metadata.shards,
    indexBytes: db.metadata.indexBytes,
    notes: db.metadata.notes,
  };
}

function patientFacts(db: PatientDatabase) {
  const lengths = new Float64Array(db.size);
  let staticEvents = 0;
  let [first, last]: [bigint | null, bigint | null] = [null, null];
  let slot = 0;
  for (const patient of db) {
    lengths[slot] = patient.length;
    slot += 1;
    staticEvents += patient.staticCount;
    // BigInt is exact for any int64. A time outside the range of a number must not fail here.
    const begin = patient.at(patient.staticCount)?.timeMicros ?? null;
    const end = patient.at(-1)?.timeMicros ?? null;
    if (begin !== null && (first === null || begin < first)) first = begin;
    if (end !== null && (last === null || end > last)) last = end;
  }
  lengths.sort();
  const at = (share: number) => quantile(lengths, share);
  const eventsPerPatient =
    db.size === 0
      ? null
      : { least: at(0), lowerQuartile: at(0.25), median: at(0.5), upperQuartile: at(0.75), most: at(1), mean: db.eventCount / db.size };
  return { staticEvents, longest: lengths.at(-1) ?? 0, eventsPerPatient, firstTime: first, lastTime: last };
}

/** A quantile of ascending numbers: between two of them by proportion, as in numpy. */
export function quantile(ascending: Float64Array, share: number): number {
  const place = share * (ascending.length - 1);
  const low = Math.floor(place);
  const [a, b] = [ascending[low]!, ascending[Math.min(low + 1, ascending.length - 1)]!];
  return a + (b - a) * (place - low);
}

/**
 * Where most times are, and how many are exactly midnight: from the upper 32-bit words of all times, which
 * count 72 minutes. The loop takes 2 to 3 ns per event; the native `inspect`, which also has codes, 26.
 */
function timeFacts(
  db: PatientDatabase,
  most: number,
  { firstTime, lastTime }: Pick<ReturnType<typeof patientFacts>, "firstTime" | "lastTime">,
) {
  const step = Math.max(1, Math.ceil(db.eventCount / most));
  const counts = new Counts();
  let [timed, midnight, examined] = [0, 0, 0];
  for (let slot = 0; slot < db.size; slot += step) {
    const patient = db.at(slot)!;
    const words = patient.timeWords;
    examined += 1;
    timed += patient.length - patient.staticCount;
    for (let i = 2 * patient.staticCount; i < words.length; i += 2) {
      const [low, high] = [words[i]!, words[i + 1]!];
      counts.add(high);
      // A day has 2^13 · 10,546,875 µs.
      if ((low & 8191) === 0 && isMidnight(high, low)) midnight += 1;
    }
  }
  const midnights = { times: timed, midnight, patients: examined };
  if (timed === 0 || firstTime === null || lastTime === null) return { middleTimes: null, midnight: midnights };
  // A hundredth is before, and a hundredth after.
  const begin = counts.begin(Math.floor(timed / 100));
  const end = counts.begin(Math.ceil(0.99 * timed) - 1) + (1n << 32n) - 1n;
  return {
    middleTimes: { share: 0.98, begin: begin < firstTime ? firstTime : begin, end: end > lastTime ? lastTime : end },
    midnight: midnights,
  };
}

function isMidnight(high: number, low: number): boolean {
  if (high >= -2097152 && high < 2097152) return (high * 4294967296 + (low >>> 0)) % DAY === 0;
  return (BigInt(high) * 4294967296n + BigInt(low >>> 0)) % BigInt(DAY) === 0n;
}

/** Times counted by their upper words. Those of 1684 to 2255 are in an array, others in a map. */
class Counts {
  private readonly usual = new Float64Array(1 << 22);
  private readonly others = new Map<number, number>();

  add(high: number): void {
    const index = high + 2097152;
    if (index >>> 0 === index && index < 4194304) this.usual[index]! += 1;
    else this.others.set(high, (this.others.get(high) ?? 0) + 1);
  }

  /** The begin of the 72 minutes that contain the time with an index in the order of times, in µs. */
  begin(index: number): bigint {
    let before = 0;
    for (const [high, count] of this.ascending()) {
      before += count;
      if (before > index) return BigInt(high) << 32n;
    }
    throw new RangeError(`there is no time ${index}`);
  }

  private *ascending(): Generator<readonly [number, number]> {
    const others = [...this.others].sort(([a], [b]) => a - b);
    for (const one of others) if (one[0] < 0) yield one;
    for (let index = 0; index < this.usual.length; index += 1) if (this.usual[index] !== 0) yield [index - 2097152, this.usual[index]!];
    for (const one of others) if (one[0] > 0) yield one;
  }
}

function codeFacts(codes: CodeTable) {
  const events = new Float64Array(codes.size + 1);
  let [described, describedEvents] = [0, 0];
  for (let id = 1; id <= codes.size; id += 1) {
    events[id] = Number(codes.value("events", id));
    if (codes.value("description", id) === null) continue;
    described += 1;
    describedEvents += events[id]!;
  }
  // The most frequent codes; equally frequent ones in order of id.
  const ids = Array.from({ length: codes.size }, (_, index) => index + 1).sort((a, b) => events[b]! - events[a]! || a - b);
  const frequentCodes = ids.slice(0, FREQUENT).map((id) => codes.get(id) as Code);
  return { describedCodes: described, describedEvents, frequentCodes };
}
