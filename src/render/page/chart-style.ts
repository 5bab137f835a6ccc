/** What the drawing itself needs, also where it stands alone. It takes its colours from the theme. */
export const DRAWING_STYLE = `.chart { font: 12px system-ui, sans-serif; }
.axis { fill: var(--soft); }
.end { text-anchor: end; }
.middle { text-anchor: middle; }
.rung { stroke: var(--line); }
.zero { stroke: var(--soft); stroke-opacity: .5; }
.chart .found { fill: var(--found); background: none; }
.chart .left { fill: var(--bad); fill-opacity: .8; stroke: none; }
.calm { fill: none; stroke: var(--good); stroke-width: 2.5; stroke-linecap: round; }
.calm-label { fill: var(--good); font-weight: 600; }
.chart .done { fill: var(--soft); fill-opacity: .55; }
.chart .failed { fill: var(--bad); stroke: var(--bad); stroke-width: 1.75; }
.chart .stopped { fill: var(--warn); }
.gap rect { fill: var(--band); }
.gap path { stroke: var(--line); stroke-width: 1.25; }
.gap text { fill: var(--soft); paint-order: stroke; stroke: var(--band); stroke-width: 6px; stroke-linejoin: round; }
.hit { fill: transparent; }
.run:hover .hit { fill: var(--text); fill-opacity: .07; }
`;

/** The drawing in a page, with its legend and its words. */
export const CHART_STYLE = `
figure { margin: 1.25rem 0 0; }
.chart { display: block; width: 100%; height: auto; overflow: visible; }
.chart.narrow { display: none; max-width: 30rem; margin: 0 auto; }
${DRAWING_STYLE}figcaption { color: var(--soft); font-size: .875rem; margin-top: .5rem; }
figcaption p { margin: .375rem 0 0; }
.legend { display: flex; flex-wrap: wrap; gap: .125rem 1.125rem; list-style: none; margin: 0; padding: 0; }
.legend:empty { display: none; }
.legend li { display: flex; align-items: center; gap: .4rem; }
.key { width: .75rem; height: .75rem; border-radius: 2px; flex: none; font: 700 .8125rem/.75rem system-ui, sans-serif; text-align: center; }
.key.found { background: var(--found); }
.key.left { background: var(--bad); opacity: .8; }
.key.gap { background: var(--band); border: 1px dashed var(--soft); }
.key.failed { color: var(--bad); }
.key.failed::before { content: "\\00d7"; font-size: 1.125rem; }
.key.stopped { color: var(--warn); }
.key.stopped::before { content: "\\25b2"; font-size: .6875rem; }
@media (max-width: 42rem) {
  .chart.wide { display: none; }
  .chart.narrow { display: block; }
}
`;
