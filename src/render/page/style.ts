import { CHART_STYLE } from './chart-style.ts';
import { THEME } from './theme.ts';

/** The style sheet of the pages. Nothing in it is loaded from anywhere. */
export const STYLE = `
${THEME}* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 2.5rem; overflow-wrap: anywhere; }
h1 { font-size: 1rem; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 1rem; line-height: 1.4; margin: 0; }
h2.over { margin: 2rem 0 .75rem; padding: 0 .25rem; }
h3 { font: 600 .9375rem/1.4 ui-monospace, monospace; margin: 0; }
header { display: flex; flex-wrap: wrap; gap: .25rem .625rem; align-items: baseline; margin-bottom: .875rem; padding: 0 .25rem; }
header p { margin: 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.125rem 1.25rem; margin-bottom: 1rem; }
section > p { margin: .25rem 0 0; }
section > p:last-child { margin-top: .75rem; }
section > p.lead { margin-top: 1rem; }
.soft { color: var(--soft); font-size: .875rem; }
.badge { display: inline-block; border-radius: 999px; padding: .05rem .6rem; font-weight: 600; font-size: .8125rem; }
.good { color: var(--good); background: var(--good-ground); }
.bad { color: var(--bad); background: var(--bad-ground); }
.warn { color: var(--warn); background: var(--warn-ground); }
.none { color: var(--soft); background: var(--ground); }
.hero { padding: 1.5rem 1.25rem 1.25rem; }
.answer { display: flex; gap: .625rem; font-size: 1.625rem; line-height: 1.25; letter-spacing: -.015em; background: none; }
.answer .sign { flex: none; }
.answer.good > :last-child, .answer.none > :last-child { color: var(--text); }
.overview { padding: .875rem 1.25rem; }
.overview ul { list-style: none; margin: 0; padding: 0; }
.overview .answer { font-size: 1.125rem; line-height: 1.6; font-weight: 600; text-decoration: none; }
.overview .answer:hover { text-decoration: underline; }
.hero .notes { margin: .375rem 0 0; color: var(--soft); font-size: .9375rem; }
.hero .notes:empty { display: none; }
.verdict { border-radius: 8px; padding: .5rem .75rem; margin: .75rem 0 0; }
.verdict b { margin-right: .4rem; }
.word { background: none; font-weight: 600; white-space: nowrap; }
.word.good { font-weight: 400; }
table { border-collapse: collapse; width: 100%; margin-top: .625rem; font-size: .9375rem; }
th, td { padding: .3125rem 0; border-top: 1px solid var(--line); vertical-align: top; text-align: left; font-weight: 400; }
tr:first-child > * { border-top: 0; }
th { width: 11rem; padding-right: .75rem; }
th.deep { padding-left: 1rem; color: var(--soft); }
td.number { width: 6rem; text-align: right; padding-right: 1rem; }
.number, .when { font-variant-numeric: tabular-nums; white-space: nowrap; }
td.note { color: var(--soft); }
thead th { width: auto; white-space: nowrap; color: var(--soft); font-size: .8125rem; padding-bottom: .25rem; vertical-align: bottom; }
thead + tbody > tr:first-child > * { border-top: 1px solid var(--line); }
.runs td, .runs th, .next td, .next th, .failures td, .failures th { width: auto; padding-right: .875rem; }
.runs .number, .failures .number { text-align: right; }
.runs td:last-child, .runs th:last-child, .next td:last-child { padding-right: 0; }
.runs td.none { color: var(--soft); background: none; }
.runs td.loud { color: var(--bad); font-weight: 600; }
.failures .number { width: 4.5rem; }
dl { margin: .625rem 0 0; font-size: .9375rem; }
dt { color: var(--soft); font-size: .875rem; margin-top: .5rem; }
dd { margin: 0; }
pre, code { font: .875em/1.5 ui-monospace, monospace; }
pre { margin: 0; overflow-x: auto; white-space: pre; }
pre.fix { background: var(--ground); border-radius: 6px; padding: .4rem .6rem; margin-top: .25rem; white-space: pre-wrap; }
footer { color: var(--soft); font-size: .875rem; padding: .5rem .25rem 0; }
a { color: inherit; }
@media (max-width: 42rem) {
  main { padding: 1rem .75rem 2rem; }
  section, .hero, .overview { padding: 1rem; }
  h2.answer { font-size: 1.375rem; }
  tr { display: flex; flex-wrap: wrap; border-top: 1px solid var(--line); padding: .375rem 0; }
  tr:first-child { border-top: 0; }
  thead { display: none; }
  th, td, thead + tbody > tr:first-child > * { border-top: 0; padding-top: 0; padding-bottom: 0; }
  th { width: 50%; }
  td.number { width: 50%; padding-right: 0; }
  td.note { width: 100%; }
  th.deep ~ td.note { padding-left: 1rem; }
  td.note:empty, .runs td.none { display: none; }
  .runs tr, .next tr, .failures tr { column-gap: .75rem; }
  .runs tr::after { content: ""; order: 1; width: 100%; }
  .runs td, .next td, .failures td { padding-right: 0; }
  .runs .end { margin-left: auto; text-align: right; }
  .runs .what, .runs td.number { order: 2; width: auto; color: var(--soft); font-size: .875rem; }
  .runs td.loud { color: var(--bad); }
  .runs .missing::after { content: " missing"; }
  .runs .inserted::after { content: " inserted"; }
  .runs .failed::after { content: " failed"; }
  .runs .left::after { content: " left"; }
  .runs td.took { margin-left: auto; }
  .next .what { width: 100%; order: -1; }
  .next .when { flex: 1; }
  .next .ran::before { content: "last good run: "; color: var(--soft); }
  .failures td { flex: 1 0 100%; padding-left: 3rem; }
  .failures td:empty { display: none; }
  .failures td.number { flex: none; width: 2.25rem; padding-left: 0; }
  .failures td.number + td { flex: 1 0 60%; padding-left: 0; }
}
${CHART_STYLE}`;
