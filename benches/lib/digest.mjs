// Results as one SHA-256, in an order that every language can make: of UTF-8 bytes, which is that of code points.
import { createHash } from "node:crypto";

const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const sha256 = (lines) => createHash("sha256").update(lines.join("")).digest("hex");

/** Rows of each code; codes without a row are left out. `entries`: [code, count]. */
export function countsDigest(entries) {
  const found = [...entries].filter(([, count]) => Number(count) > 0).sort(([a], [b]) => byBytes(a, b));
  return { digest: sha256(found.map(([code, count]) => `${code}\t${count}\n`)) };
}

/** Rows of each patient and year. `entries`: [subject, year, count]. */
export function yearsDigest(entries) {
  const compare = ([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x - y);
  const sorted = [...entries].map(([subject, year, count]) => [BigInt(subject), Number(year), Number(count)]).sort(compare);
  return { digest: sha256(sorted.map(([subject, year, count]) => `${subject}\t${year}\t${count}\n`)) };
}

const byVisit = (a, b) => (a.visit < b.visit ? -1 : a.visit > b.visit ? 1 : a.subject < b.subject ? -1 : 1);

/** Task A. Samples: { visit, subject (bigint), label, codes (strings, in any order) }. */
export function losDigest(samples) {
  const line = ({ visit, subject, label, codes }) => `${visit}\t${subject}\t${label}\t${[...codes].sort(byBytes).join("\u001f")}\n`;
  return { samples: samples.length, digest: sha256([...samples].sort(byVisit).map(line)) };
}

/** Task B. Samples: { visit, subject, label (0, 1), names, means (NaN for none), counts }: three arrays in step, in any order. */
export function pipeDigest(samples) {
  const bits = new DataView(new ArrayBuffer(8));
  const hex = (mean) => {
    if (Number.isNaN(mean)) return "-";
    bits.setFloat64(0, mean, true);
    return Buffer.from(bits.buffer).toString("hex");
  };
  const line = (sample, text) => {
    const order = sample.names.map((_, i) => i).sort((i, j) => byBytes(sample.names[i], sample.names[j]));
    return `${sample.visit}\t${sample.subject}\t${sample.label}\t${order.map((i) => text(sample, i)).join("\u001f")}\n`;
  };
  const sorted = [...samples].sort(byVisit);
  const digest = (text) => sha256(sorted.map((sample) => line(sample, text)));
  return {
    samples: samples.length,
    digest: digest(({ names, means, counts }, i) => `${names[i]}=${hex(means[i])}*${counts[i]}`),
    digestWithoutMeans: digest(({ names, counts }, i) => `${names[i]}*${counts[i]}`),
  };
}
