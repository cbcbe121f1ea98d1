import type { Level } from './figures.ts';
import type { Result } from './results.ts';

type Pictured = Partial<Result> & Pick<Result, 'date' | 'commit' | 'cores' | 'results'>;

const [width, height] = [860, 460];
const plot = { left: 64, right: 640, top: 64, bottom: 352 };
/** The lowest of the axis, seconds: what is sooner is drawn there. */
const soonest = 0.01;
const goals = [
  { seconds: 1, name: 'goal 1 s: first page' },
  { seconds: 2, name: 'goal 2 s: second rung' },
];
const lines: readonly {
  readonly name: string;
  readonly style: string;
  readonly valueOf: (level: Level) => number;
}[] = [
  { name: 'second rung, p99', style: 'rung high', valueOf: ({ nextRung }) => nextRung.p99Ms },
  { name: 'second rung, p50', style: 'rung low', valueOf: ({ nextRung }) => nextRung.p50Ms },
  { name: 'first page, p99', style: 'page high', valueOf: ({ firstPage }) => firstPage.p99Ms },
  { name: 'first page, p50', style: 'page low', valueOf: ({ firstPage }) => firstPage.p50Ms },
];

/** Both ways: a reader's light or dark is told by the browser, and the ground is the picture's own. */
const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .small { font-size: 12px }
  .ground { fill: #ffffff }
  .grid { stroke: #d1d9e0; stroke-width: 1 }
  .goal { stroke: #59636e; stroke-width: 1; stroke-dasharray: 2 4 }
  .line { fill: none; stroke-width: 2 }
  .low { stroke-dasharray: 7 5 }
  .page { stroke: #0550ae; color: #0550ae }
  .rung { stroke: #bc4c00; color: #bc4c00 }
  .dot { fill: currentColor; stroke: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .ground { fill: #0d1117 }
    .grid { stroke: #30363d }
    .goal { stroke: #9198a1 }
    .page { stroke: #79c0ff; color: #79c0ff }
    .rung { stroke: #ffa657; color: #ffa657 }
  }
`;

/**
 * Lateness against live ladders, as an SVG, of the newest of these results (newest first) that passed through levels of
 * them; null when none did. The run with more levels comes before a newer, smaller one. The same results make the same text.
 */
export function latenessPicture(results: readonly Pictured[]): string | null {
  for (const name of ['ladders-5000', 'ladders-1000'])
    for (const result of results) {
      const report = result.results[name];
      if (report !== undefined && 'levels' in report && report.levels !== undefined && report.levels.length > 1)
        return draw(result, name, report.levels);
    }
  return null;
}

function draw(result: Pictured, name: string, levels: readonly Level[]): string {
  const mostLive = Math.max(1, ...levels.map(({ live }) => live));
  const latest = Math.max(10, ...levels.flatMap((level) => lines.map(({ valueOf }) => valueOf(level) / 1_000)));
  const decades = Math.ceil(Math.log10(latest) - 1e-9) - Math.log10(soonest);
  const x = (live: number): number => tenth(plot.left + ((plot.right - plot.left) * live) / mostLive);
  const y = (seconds: number): number => {
    const above = Math.log10(Math.max(soonest, seconds) / soonest) / decades;
    return tenth(plot.bottom - (plot.bottom - plot.top) * above);
  };
  const missing = levels.reduce((sum, { firstPage, nextRung }) => sum + firstPage.errors + nextRung.errors, 0);
  const summary = levels
    .map(({ live, firstPage, nextRung }) => {
      const [page, rung] = [firstPage, nextRung].map(({ p50Ms, p99Ms }) => `p50 ${p50Ms} ms, p99 ${p99Ms} ms`);
      return `${live} live: first page ${page}; second rung ${rung}`;
    })
    .join('. ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title what">`,
    `<title id="title">Lateness of pages against live ladders</title>`,
    `<desc id="what">${escape(summary)}.</desc>`,
    `<style>${style}</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    text(16, 28, 'Lateness of pages against live ladders', 'title'),
    text(16, 50, 'seconds, logarithmic', 'small'),
    ...Array.from({ length: Math.round(decades) + 1 }, (_, index) => soonest * 10 ** index).flatMap((seconds) => [
      `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y(seconds)}" y2="${y(seconds)}"/>`,
      text(plot.left - 8, y(seconds) + 4, String(Number(seconds.toPrecision(1))), 'small', 'end'),
    ]),
    ...ticks(levels, x).flatMap((live) => [
      `<line class="grid" x1="${x(live)}" x2="${x(live)}" y1="${plot.bottom}" y2="${plot.bottom + 6}"/>`,
      text(x(live), plot.bottom + 22, live.toLocaleString('en-US'), 'small', 'middle'),
    ]),
    text((plot.left + plot.right) / 2, plot.bottom + 42, 'live ladders', 'small', 'middle'),
    ...goals.flatMap(({ seconds, name: what }, index) => [
      `<line class="goal" x1="${plot.left}" x2="${plot.right}" y1="${y(seconds)}" y2="${y(seconds)}"/>`,
      text(plot.right + 8, y(seconds) + (index === 0 ? 10 : -2), what, 'small'),
    ]),
    ...lines.flatMap(({ style: kind, valueOf }) => {
      const points = levels.map((level) => [x(level.live), y(valueOf(level) / 1_000)] as const);
      return [
        `<polyline class="line ${kind}" points="${points.map(([left, top]) => `${left},${top}`).join(' ')}"/>`,
        ...points.map(([left, top]) => `<circle class="dot ${kind}" cx="${left}" cy="${top}" r="3.5"/>`),
      ];
    }),
    ...lines.flatMap(({ name: what, style: kind }, index) => {
      const top = plot.bottom - 84 + 22 * index;
      return [
        `<line class="line ${kind}" x1="${plot.right + 24}" x2="${plot.right + 60}" y1="${top}" y2="${top}"/>`,
        `<circle class="dot ${kind}" cx="${plot.right + 42}" cy="${top}" r="3.5"/>`,
        text(plot.right + 68, top + 4, what),
      ];
    }),
    ...[
      ...ofWhat(result, name),
      ...(missing === 0 ? [] : [`${missing} pages never came and are not in the lines`]),
    ].map((line, index) => text(16, plot.bottom + 66 + 18 * index, line, 'small')),
    '</svg>',
    '',
  ].join('\n');
}

/** The levels that have room for their number: the highest always, of the others from the lowest on. */
function ticks(levels: readonly Level[], x: (live: number) => number): number[] {
  const all = [...new Set(levels.map(({ live }) => live))].sort((a, b) => a - b);
  const last = all.at(-1) ?? 0;
  const shown: number[] = [];
  for (const live of all) {
    const before = shown.at(-1);
    const hasRoom = before === undefined || x(live) - x(before) >= 26;
    if (live === last || (hasRoom && x(last) - x(live) >= 34)) shown.push(live);
  }
  return shown;
}

function ofWhat({ date, commit, changed, cores, versions, busyBefore }: Pictured, name: string): string[] {
  return [
    [`${name} of ${date.slice(0, 10)}`, `commit ${commit}${changed === true ? ' with changes' : ''}`].join(' · '),
    [
      `${cores} cores, shared by client, API, worker and servers`,
      ...(busyBefore === undefined ? [] : [`${busyBefore} % busy before`]),
      ...(versions === undefined ? [] : [`Temporal ${versions.temporalServer}`]),
    ].join(' · '),
  ];
}

const text = (left: number, top: number, content: string, kind = '', anchor = 'start'): string =>
  `<text x="${tenth(left)}" y="${tenth(top)}"${kind === '' ? '' : ` class="${kind}"`}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}>${escape(content)}</text>`;

const tenth = (value: number): number => Math.round(value * 10) / 10;
const escape = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
