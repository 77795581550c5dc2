// Charts as SVG, without a browser: vega-lite makes the picture's plan, vega draws it.
import { figuresOf, isOurs, time } from "./tables.mjs";

const GROUPS = { ours: ["meds-reader (ours)", "#c0392b"], "Node.js": ["Node.js", "#2874a6"], Python: ["Python", "#7d8a2e"] };
const LABEL = // of the axis: nanoseconds with a unit
  "datum.value < 1e3 ? format(datum.value, '~r') + ' ns' : datum.value < 1e6 ? format(datum.value / 1e3, '~r') + ' µs' : datum.value < 1e9 ? format(datum.value / 1e6, '~r') + ' ms' : format(datum.value / 1e9, '~r') + ' s'";

/** One workload of one dataset: a dot a loader, its rounds' range behind it, on a logarithmic axis. */
export async function chart(result, data, workload) {
  const figures = figuresOf(result, data, workload);
  if (figures.length < 2) return null;
  const libraries = await Promise.all([import("vega-lite"), import("vega")]).catch((error) => {
    console.error(`bench: no charts: ${error.message.split("\n")[0]}`);
    return null;
  });
  if (libraries === null) return null;
  const [{ compile }, vega] = libraries;
  const values = figures.map(({ key, loader, value, low, high }) => ({
    loader: loader.title,
    value,
    low,
    high,
    label: time(value),
    group: GROUPS[isOurs(key) ? "ours" : loader.language][0],
  }));
  // Whole decades, and room for the labels at the right.
  const least = 10 ** Math.floor(Math.log10(Math.min(...values.map(({ low }) => low))));
  const most = 10 ** Math.ceil(Math.log10(Math.max(...values.map(({ high }) => high))) + 0.35);
  const per = workload.per === "run" || workload.per === "process" ? "" : ` per ${workload.per}`;
  const y = { field: "loader", type: "nominal", sort: values.map(({ loader }) => loader), title: null };
  const x = (field) => ({
    field,
    type: "quantitative",
    scale: { type: "log", domain: [least, most], nice: false },
    axis: { title: `time${per}, logarithmic scale; less is better`, labelExpr: LABEL, tickCount: 8, values: decades(least, most) },
  });
  const color = {
    field: "group",
    type: "nominal",
    scale: { domain: Object.values(GROUPS).map(([name]) => name), range: Object.values(GROUPS).map(([, colour]) => colour) },
    legend: { title: null, orient: "top", labelFontSize: 12, labelLimit: 300, symbolOpacity: 1, symbolStrokeWidth: 0 },
  };
  const { spec } = compile({
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    background: "white", // legible on a dark page too
    padding: 10,
    width: 520,
    height: { step: 20 },
    title: {
      text: workload.title,
      subtitle: `${data.name}, ${data.events.toLocaleString("en")} events`,
      anchor: "start",
      fontSize: 15,
      subtitleFontSize: 12,
      subtitleColor: "#555",
    },
    data: { values },
    layer: [
      { mark: { type: "rule", strokeWidth: 4, opacity: 0.35 }, encoding: { y, x: x("low"), x2: { field: "high" }, color } },
      { mark: { type: "point", filled: true, size: 70, opacity: 1 }, encoding: { y, x: x("value"), color } },
      {
        mark: { type: "text", align: "left", dx: 9, fontSize: 11, color: "#222" },
        encoding: { y, x: x("value"), text: { field: "label" } },
      },
    ],
    config: {
      font: "Helvetica, Arial, sans-serif",
      axis: { labelFontSize: 12, titleFontSize: 12, labelLimit: 420, gridColor: "#e3e3e3" },
      view: { stroke: null },
    },
  });
  return new vega.View(vega.parse(spec), { renderer: "none" }).toSVG();
}

function decades(least, most) {
  const found = [];
  for (let value = least; value <= most; value *= 10) found.push(value);
  return found;
}
