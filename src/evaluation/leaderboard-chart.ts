// A leaderboard as SVG: for each task, AUROC over the number of labels per class.
import { isFitted, type Leaderboard, shownSize, sizesOf, summaryOf, type TaskResult, titleOf } from "./leaderboard.js";

const ACROSS = 3;
/** Sizes in pixels: of a panel with its margins, and of the margins. */
const PANEL = { width: 300, height: 210, left: 44, right: 14, top: 34, bottom: 40 };
const HEAD = 56;
/** Panels that the titles need. */
const LEAST = 2;
const [INK, GRID, LINE] = ["#222", "#ddd", "#1f5f99"];

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const fixed = (value: number): string => String(Number(value.toFixed(1)));

/** The text of `leaderboard.svg`. Its description has the figures, so that nothing depends on seeing it. */
export function leaderboardChart(board: Leaderboard): string {
  const { tasks, model, dataset } = board;
  const fitted = isFitted(board);
  const sizes = sizesOf(tasks);
  const across = Math.min(ACROSS, Math.max(1, tasks.length));
  const [width, height] = [Math.max(LEAST, across) * PANEL.width, HEAD + Math.ceil(tasks.length / across) * PANEL.height];
  const title = `AUROC on held-out labels${fitted ? ", by labels per class" : ""}`;
  const about = `${model.name}${dataset.name === null ? "" : `; ${dataset.name}`}`;
  const panels = tasks.map((task, i) =>
    panel(task, sizes, fitted, (i % across) * PANEL.width, HEAD + Math.floor(i / across) * PANEL.height),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Helvetica, Arial, sans-serif" font-size="11" fill="${INK}">
<title id="title">${escaped(`${title}: ${about}`)}</title>
<desc id="desc">${escaped(tasks.map((task) => described(task, sizes, fitted)).join(" "))}</desc>
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${PANEL.left}" y="24" font-size="15" font-weight="bold">${escaped(title)}</text>
<text x="${PANEL.left}" y="42">${escaped(about)}</text>
${panels.join("\n")}
</svg>
`;
}

function described(task: TaskResult, sizes: readonly number[], fitted: boolean): string {
  const points = sizes.flatMap((k) => {
    const own = summaryOf(task, k, "auroc");
    return own === null ? [] : [`${fitted ? `${shownSize(k)} ` : ""}${own.mean.toFixed(3)}`];
  });
  return `${titleOf(task)}: ${points.join(", ") || "no result"}.`;
}

function panel(task: TaskResult, sizes: readonly number[], fitted: boolean, left: number, top: number): string {
  const { width, height } = PANEL;
  const [inner, tall] = [width - PANEL.left - PANEL.right, height - PANEL.top - PANEL.bottom];
  const x = (i: number) => PANEL.left + (sizes.length === 1 ? inner / 2 : (inner * i) / (sizes.length - 1));
  const y = (auroc: number) => PANEL.top + tall * (1 - auroc);
  const parts = [`<text x="${PANEL.left}" y="${PANEL.top - 12}" font-weight="bold">${escaped(titleOf(task))}</text>`];
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    const dash = value === 0.5 ? ` stroke-dasharray="4 3"` : "";
    const colour = value === 0.5 ? "#888" : GRID;
    parts.push(`<path d="M${PANEL.left} ${fixed(y(value))}h${inner}" stroke="${colour}"${dash}/>`);
    parts.push(`<text x="${PANEL.left - 6}" y="${fixed(y(value) + 4)}" text-anchor="end">${value}</text>`);
  }
  const means: string[] = [];
  for (const [i, k] of sizes.entries()) {
    if (fitted) parts.push(`<text x="${fixed(x(i))}" y="${PANEL.top + tall + 15}" text-anchor="middle">${shownSize(k)}</text>`);
    const own = summaryOf(task, k, "auroc");
    if (own === null) continue;
    for (const value of own.values)
      parts.push(`<circle cx="${fixed(x(i))}" cy="${fixed(y(value))}" r="2" fill="${LINE}" fill-opacity="0.35"/>`);
    parts.push(`<circle cx="${fixed(x(i))}" cy="${fixed(y(own.mean))}" r="3.5" fill="${LINE}"/>`);
    means.push(`${fixed(x(i))} ${fixed(y(own.mean))}`);
  }
  if (means.length > 1) parts.push(`<path d="M${means.join("L")}" fill="none" stroke="${LINE}" stroke-width="1.5"/>`);
  if (fitted) parts.push(`<text x="${PANEL.left + inner / 2}" y="${height - 8}" text-anchor="middle">labels per class</text>`);
  return `<g transform="translate(${left} ${top})">\n${parts.join("\n")}\n</g>`;
}
