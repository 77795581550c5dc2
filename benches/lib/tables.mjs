// Figures of a results file, and Markdown of them.
import { WORKLOADS } from "../workloads.mjs";
import { median } from "./process.mjs";

const REFERENCE = "ours-arrays";
const MB = 1e6;

export const isOurs = (key) => key.startsWith("ours");

/** Nanoseconds with three digits and a unit. */
export function time(nanos) {
  const [divisor, unit] = nanos < 1e3 ? [1, "ns"] : nanos < 1e6 ? [1e3, "µs"] : nanos < 1e9 ? [1e6, "ms"] : [1e9, "s"];
  return `${digits(nanos / divisor)} ${unit}`;
}

export const digits = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
export const bytes = (value) => (value == null ? "-" : `${digits(value / MB)} MB`);
const times = (ratio) => `${ratio >= 1000 ? ratio.toFixed(0) : digits(ratio)}x`;

/** What a run is divided by. */
const divisorOf = ({ per }, count, data) => (per === "event" ? data.events : per === "run" || per === "process" ? 1 : count);

/**
 * The figures of a workload, fastest first: { key, loader, count, value (ns per unit), low, high, rounds, ratio }. A round's figure is the median of
 * its samples; value, low and high are the rounds' median, least and greatest. `ratio`: how often the reference goes into it, on the same items.
 */
export function figuresOf(result, data, workload) {
  const cells = data.figures
    .filter((cell) => cell.workload === workload.key)
    .map((cell) => {
      const rounds = cell.samples.map((samples) => median(samples) / divisorOf(workload, cell.count, data));
      const loader = result.loaders.find(({ key }) => key === cell.loader);
      return {
        ...cell,
        key: cell.loader,
        loader,
        value: median(rounds),
        low: Math.min(...rounds),
        high: Math.max(...rounds),
        rounds: rounds.length,
      };
    });
  const most = Math.max(0, ...cells.map(({ count }) => count));
  const reference = (count) => cells.find((cell) => cell.key === REFERENCE && cell.count === count)?.value;
  return cells
    .filter((cell) => cell.key !== REFERENCE || cell.count === most) // the others of the reference are only for ratios
    .map((cell) => ({
      ...cell,
      few: cell.count < most,
      ratio: reference(cell.count) === undefined ? null : cell.value / reference(cell.count),
    }))
    .sort((a, b) => a.value - b.value);
}

const unitOf = ({ per }) => (per === "run" || per === "process" ? "" : ` per ${per}`);
const spread = ({ low, high, rounds }) => (rounds < 2 ? "one run" : `${time(low)} – ${time(high)}`);
const table = (head, lines) =>
  [`| ${head.join(" | ")} |`, `| ${head.map(() => "---").join(" | ")} |`, ...lines.map((line) => `| ${line.join(" | ")} |`)].join("\n");

/** Of the conversion: a line a loader and number of threads. */
export function conversions(result, data) {
  return data.conversion.map(({ loader, threads, seconds, fsyncSeconds, peakBytes, diskBytes }) => ({
    key: loader,
    loader: result.loaders.find(({ key }) => key === loader),
    threads,
    seconds: median(seconds),
    low: Math.min(...seconds),
    high: Math.max(...seconds),
    runs: seconds.length,
    fsync: median(fsyncSeconds),
    peakBytes,
    diskBytes,
  }));
}

/** Tasks with the conversion that a loader needs first: { task, key, value (ns) }. */
export function withConversion(result, data) {
  return WORKLOADS.filter(({ task, cold }) => task && cold)
    .flatMap((workload) =>
      figuresOf(result, data, workload).map(({ key, loader, value }) => {
        const made = conversions(result, data).find((conversion) => conversion.key === key && conversion.threads === 2);
        const unmeasured = loader.prepares && made === undefined;
        return { workload, key, loader, value: value + (made?.seconds ?? 0) * 1e9, conversion: made?.seconds ?? 0, unmeasured };
      }),
    )
    .filter(({ unmeasured }) => !unmeasured);
}

/** What a peer does better than all of ours, from the figures: [{ what, ours, peer, ratio }]. */
export function losses(result, data) {
  const found = [];
  const compare = (what, entries, show) => {
    const best = (mine) => entries.filter(({ key, value }) => isOurs(key) === mine && value != null).sort((a, b) => a.value - b.value)[0];
    const [ours, peer] = [best(true), best(false)];
    if (ours && peer && peer.value < ours.value)
      found.push({ what, ours: show(ours.value), peer: `${peer.loader.title} ${show(peer.value)}`, ratio: ours.value / peer.value });
  };
  for (const workload of WORKLOADS) compare(workload.title, figuresOf(result, data, workload), time);
  const loaderOf = (key) => result.loaders.find((loader) => loader.key === key);
  const made = conversions(result, data);
  for (const threads of [1, 2]) {
    const of = made.filter((one) => one.threads === threads);
    compare(
      `preparing its own form, ${threads} ${threads === 1 ? "thread" : "threads"}`,
      of.map((one) => ({ ...one, value: one.seconds * 1e9 })),
      time,
    );
    compare(
      `peak memory of that, ${threads} ${threads === 1 ? "thread" : "threads"}`,
      of.map((one) => ({ ...one, value: one.peakBytes })),
      bytes,
    );
  }
  for (const { workload } of withConversion(result, data).filter(
    (one, i, all) => all.findIndex(({ workload }) => workload === one.workload) === i,
  )) {
    compare(
      `${workload.title}, conversion included`,
      withConversion(result, data).filter((one) => one.workload === workload),
      time,
    );
  }
  const resources = data.resources.map((resource) => ({ ...resource, key: resource.loader, loader: loaderOf(resource.loader) }));
  compare(
    "disk",
    [
      ...resources.map((one) => ({
        ...one,
        loader: one.diskBytes == null ? { title: "the Parquet files" } : one.loader,
        value: one.diskBytes ?? data.sourceBytes,
      })),
    ],
    bytes,
  );
  compare(
    "resident memory after everything",
    resources.map((one) => ({ ...one, value: one.residentBytes })),
    bytes,
  );
  compare(
    "opening, in a process that has its libraries",
    resources.map((one) => ({ ...one, value: one.openMillis * 1e6 })),
    time,
  );
  return found;
}

/** Every table of a results file. */
export function markdown(result) {
  const { machine } = result;
  const parts = [
    `# ${result.name}`,
    `${result.made}; ${machine.cores} × ${machine.cpu}, ${bytes(machine.memoryBytes)} of memory, ${machine.system}; Node.js ${machine.node}, ${machine.python ?? "no Python"}, ${machine.rust ?? "no Rust"}; commit ${machine.commit ?? "unknown"}${machine.changed ? " with changes" : ""}; seed ${result.seed}.`,
    result.quick ? "**Quick run: it shows that everything runs, and not how fast.**" : "",
    `Median of ${result.rounds} rounds in alternation, with the least and the greatest; all loaders gave equal answers first. “Ratio”: to ${result.loaders.find(({ key }) => key === REFERENCE).title}, on the same items. The page cache is warm; “cold” means a process that has done nothing before.`,
    "## Loaders",
    table(
      ["loader", "version", "language", "reads", "threads", ""],
      result.loaders.map(({ title, version, language, reads, threads, note, absent }) => [
        title,
        version ?? "-",
        language,
        reads ?? "-",
        threads ?? "-",
        absent ? `absent: ${absent}` : (note ?? ""),
      ]),
    ),
  ];
  for (const data of result.data) {
    parts.push(
      `## ${data.name}`,
      `${data.patients.toLocaleString("en")} patients, ${data.events.toLocaleString("en")} events, ${data.columns} columns, ${data.codes.toLocaleString("en")} codes, ${bytes(data.sourceBytes)} of Parquet.`,
    );
    for (const workload of WORKLOADS) {
      const figures = figuresOf(result, data, workload);
      if (figures.length === 0) continue;
      const missing = result.loaders
        .filter(({ key, absent }) => !absent && !figures.some((figure) => figure.key === key))
        .map(({ title }) => title);
      parts.push(
        `### ${workload.title}`,
        `${workload.cold ? "Cold" : "Warm"}${unitOf(workload) ? `, time${unitOf(workload)}` : ""}. Included: ${workload.includes}.`,
        table(
          ["loader", "time", "least – greatest", "ratio", ...(workload.items ? ["items"] : [])],
          figures.map((figure) => [
            figure.loader.title,
            time(figure.value),
            spread(figure),
            figure.ratio === null ? "-" : times(figure.ratio),
            ...(workload.items ? [figure.count] : []),
          ]),
        ),
        missing.length > 0 ? `Not offered: ${missing.join(", ")}.` : "",
      );
    }
    const made = conversions(result, data);
    if (made.length > 0) {
      parts.push(
        "### Conversion: a loader's own form of the data",
        "Wall time of a fresh process, without the time of fsync; peak resident memory. Loaders that are not named read the Parquet files as they are.",
        table(
          ["loader", "threads", "time", "least – greatest", "fsync", "peak memory", "disk"],
          made.map(({ loader, threads, seconds, low, high, runs, fsync, peakBytes, diskBytes }) => [
            loader.title,
            threads,
            time(seconds * 1e9),
            runs < 2 ? "one run" : `${time(low * 1e9)} – ${time(high * 1e9)}`,
            fsync === 0 ? "-" : time(fsync * 1e9),
            bytes(peakBytes),
            bytes(diskBytes),
          ]),
        ),
      );
      const totals = withConversion(result, data).sort((a, b) => a.value - b.value);
      if (totals.length > 0) {
        parts.push(
          "### The paper's tasks, conversion included",
          "The conversion with two threads, where a loader needs one, and the first run of a process.",
          table(
            ["task", "loader", "time", "of it conversion"],
            totals.map(({ workload, loader, value, conversion }) => [
              workload.title.replace(/, first.*/, ""),
              loader.title,
              time(value),
              conversion === 0 ? "-" : time(conversion * 1e9),
            ]),
          ),
        );
      }
    }
    parts.push(
      "### Resources",
      "Resident memory of the loader's process after all workloads (mapped pages that it has touched are counted), its peak, and the disk that its form of the data takes; “-”: the Parquet files.",
      table(
        ["loader", "open", "resident", "peak", "disk"],
        data.resources.map(({ loader, openMillis, residentBytes, peakBytes, diskBytes }) => [
          result.loaders.find(({ key }) => key === loader).title,
          time(openMillis * 1e6),
          bytes(residentBytes),
          bytes(peakBytes),
          bytes(diskBytes),
        ]),
      ),
      lossText(result, data),
      floorText(result, data),
    );
    if (data.failures.length > 0) {
      parts.push(
        "### What failed or is not supported",
        table(
          ["loader", "workload", "reason"],
          data.failures.map(({ loader, workload, reason }) => [
            loader,
            workload ?? "opening",
            reason.replaceAll("|", "\\|").replaceAll(/\s+/g, " ").slice(0, 300),
          ]),
        ),
      );
    }
  }
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

/** How far from the limit: nothing where no floor was measured. */
export function floorText(result, data, level = "###") {
  const { floor } = data;
  if (!floor) return "";
  if (floor.reason) return `${level} The floor: ${data.name}\n\nNot measured: ${floor.reason}`;
  const scan = WORKLOADS.find(({ key }) => key === "scan");
  const rust = (threads) => floor.scan[threads];
  const lines = figuresOf(result, data, scan)
    .filter(({ key }) => isOurs(key))
    .map(({ loader, value }) => [`full scan: ${loader.title}`, time(value), "-", `${digits(value / rust(1))}x Rust on one thread`]);
  for (const threads of [1, 2])
    lines.push([`full scan: Rust, ${threads === 1 ? "1 thread" : `${threads} threads`}`, time(rust(threads)), "-", "the floor of scans"]);
  const { calls, scan: addon, reason } = floor.boundary;
  if (addon)
    lines.push([
      "full scan: C++ through the Arrow C Data Interface",
      time(addon.nanosPerEvent),
      "-",
      `${digits(addon.nanosPerEvent / rust(1))}x Rust on one thread`,
    ]);
  const reading = (name, threads) => floor.operations.find((one) => one.name === name && one.threads === threads)?.nanosPerEvent;
  for (const { name, threads, nanosPerEvent, gigabytesPerSecond } of floor.operations) {
    const least = reading(name.includes("aggregate") ? "read codes and values" : "read codes", threads);
    const distance = name.startsWith("read ") ? "the floor of operations" : `${digits(nanosPerEvent / least)}x reading its columns`;
    lines.push([
      `${name}, ${threads === 1 ? "1 thread" : `${threads} threads`}`,
      time(nanosPerEvent),
      `${digits(gigabytesPerSecond)} GB/s`,
      distance,
    ]);
  }
  const parts = [
    `${level} The floor: ${data.name}`,
    `Native operations of \`crates/query\` and scans, per event. The machine reads ${digits(floor.bandwidth[1])} GB/s on one thread and ${digits(floor.bandwidth[2])} GB/s on two. ${
      calls
        ? `A call from JavaScript into C++ costs ${time(calls.nothing)} when nothing crosses, ${time(calls.number)} with a number, ${time(calls.object)} when it returns an object: why nothing here calls once an event.`
        : `The cost of a call was not measured: ${reason}.`
    }`,
    table(["what", "per event", "read", "distance"], lines),
  ];
  return parts.join("\n\n");
}

/** The floor in a sentence. */
function floorLine(result, data) {
  const scan = figuresOf(
    result,
    data,
    WORKLOADS.find(({ key }) => key === "scan"),
  ).find(({ key }) => key === REFERENCE);
  if (!data.floor?.scan || !scan) return "";
  const rust = data.floor.scan[1];
  return `The floor: the same full scan takes Rust ${time(rust)} an event on one thread, ours ${time(scan.value)} (${digits(scan.value / rust)}x); the machine reads ${digits(data.floor.bandwidth[1])} GB/s.`;
}

/** The section that the figures write. */
export function lossText(result, data, level = "###") {
  const lost = losses(result, data);
  const head = `${level} Where we lose: ${data.name}`;
  if (lost.length === 0) return `${head}\n\nNowhere in this run: no peer was better in any workload or resource.`;
  return `${head}\n\nThe best of ours against the best of the peers, wherever a peer is better.\n\n${table(
    ["what", "ours", "best peer", "ratio"],
    lost.sort((a, b) => b.ratio - a.ratio).map(({ what, ours, peer, ratio }) => [what, ours, peer, times(ratio)]),
  )}`;
}

/** The section of docs/performance.md: one line per workload, ours beside the best peers; `link` has everything else. */
export function summary(result, { link, guide, chart }) {
  const { machine } = result;
  const absent = result.loaders.filter((loader) => loader.absent);
  const best = (figures, wanted) => figures.find(({ key, loader }) => !isOurs(key) && wanted(key, loader));
  const cell = (figure, ratio) => (figure === undefined ? "-" : `${time(figure.value)}${ratio ? ` (${times(ratio)})` : ""}`);
  const parts = [
    `Made by \`npm run bench\` and \`npm run bench:report\` on ${machine.cores} × ${machine.cpu}, ${bytes(machine.memoryBytes)} of memory, Node.js ${machine.node}, ${machine.python ?? "no Python"}; median of ${result.rounds} rounds in alternation, page cache warm. All loaders gave equal answers before anything was timed. The ratio beside a peer's time says how many times longer it takes than the best of ours (below 1x: the peer is faster). [The whole report](${link}) has spread, every loader, memory and disk; [benches/README.md](${guide}) explains each line.`,
    result.quick ? "**Quick run: it shows that everything runs, and not how fast.**" : "",
    absent.length > 0 ? `Absent in this run: ${absent.map(({ title, absent }) => `${title} (${absent})`).join("; ")}.` : "",
  ];
  for (const data of result.data) {
    const lines = WORKLOADS.map((workload) => {
      const figures = figuresOf(result, data, workload);
      const ours = figures.find(({ key }) => isOurs(key));
      if (ours === undefined) return null;
      const arrays = figures.find(({ key }) => key === REFERENCE);
      // On the same items as the reference: the peer's ratio to it, times what the best of ours gains over it.
      const ratio = (figure) =>
        figure && (figure.ratio === null || arrays === undefined ? figure.value / ours.value : (figure.ratio * arrays.value) / ours.value);
      const named = (figure) => (figure === undefined ? "-" : `${figure.loader.title}: ${cell(figure, ratio(figure))}`);
      const meds = best(figures, (key) => key === "meds_reader.py");
      return [
        `${workload.title}${unitOf(workload) ? `,${unitOf(workload)}` : ""}`,
        `${time(ours.value)}${isOurs(ours.key) && ours.key !== REFERENCE ? ` (${ours.loader.title.replace("meds-reader, ", "")})` : ""}`,
        cell(meds, ratio(meds)),
        named(best(figures, (key, loader) => loader.language === "Python" && key !== "meds_reader.py")),
        named(best(figures, (_, loader) => loader.language === "Node.js" && !/Arrow files/.test(loader.reads))),
      ];
    }).filter(Boolean);
    const made = conversions(result, data).filter(({ threads }) => threads === 2);
    const conversion = made.find(({ key }) => isOurs(key));
    if (conversion) {
      const entry = (one) => (one ? `${time(one.seconds * 1e9)} (${times(one.seconds / conversion.seconds)})` : "-");
      const other = (language) =>
        made
          .filter(({ key, loader }) => !isOurs(key) && key !== "meds_reader.py" && loader.language === language)
          .sort((a, b) => a.seconds - b.seconds)[0];
      const named = (one) => (one ? `${one.loader.title}: ${entry(one)}` : "-");
      lines.push([
        "conversion, 2 threads",
        time(conversion.seconds * 1e9),
        entry(made.find(({ key }) => key === "meds_reader.py")),
        named(other("Python")),
        named(other("Node.js")),
      ]);
    }
    for (const title of [...new Set(withConversion(result, data).map(({ workload }) => workload.title))]) {
      const all = withConversion(result, data)
        .filter(({ workload }) => workload.title === title)
        .sort((a, b) => a.value - b.value);
      const ours = all.find(({ key }) => isOurs(key));
      if (ours === undefined) continue;
      const entry = (one) => (one ? `${time(one.value)} (${times(one.value / ours.value)})` : "-");
      const python = all.find(({ key, loader }) => loader.language === "Python" && key !== "meds_reader.py");
      lines.push([
        `${title.replace(/, first.*/, "")}, conversion included`,
        time(ours.value),
        entry(all.find(({ key }) => key === "meds_reader.py")),
        python ? `${python.loader.title}: ${entry(python)}` : "-",
        "-",
      ]);
    }
    parts.push(
      `### ${data.name}: ${data.patients.toLocaleString("en")} patients, ${data.events.toLocaleString("en")} events, ${data.columns} columns`,
      chart(data) ?? "",
      table(["", "ours", "meds_reader (Python)", "best other in Python", "best in Node.js over its own data"], lines),
      floorLine(result, data),
      lossText(result, data, "####"),
    );
  }
  return parts.filter(Boolean).join("\n\n");
}
