/** The style sheet of the status page. Nothing in it is loaded from anywhere. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #fff; --line: #dfe3e8; --text: #1c2430; --soft: #5b6675;
  --good: #12703f; --good-ground: #e3f4ea; --bad: #b3261e; --bad-ground: #fce8e6; --warn: #7a5200; --warn-ground: #fdf1d6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c; --card: #1b2129; --line: #303946; --text: #e6eaf0; --soft: #9aa6b5;
    --good: #6fd79c; --good-ground: #15332250; --bad: #ff9d94; --bad-ground: #47201c80; --warn: #f3c969; --warn-ground: #3d300f80;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 56rem; margin: 0 auto; padding: 1.25rem 1rem 2rem; }
h1 { font-size: 1.25rem; margin: 0; }
h2 { font: 600 1rem/1.4 ui-monospace, monospace; margin: 0; overflow-wrap: anywhere; }
header { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline; margin-bottom: 1rem; }
header p { margin: 0; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem; margin-bottom: 1rem; }
section > p { margin: .25rem 0 0; overflow-wrap: anywhere; }
section > p:last-child { margin-top: .75rem; }
.soft { color: var(--soft); font-size: .875rem; }
.badge { display: inline-block; border-radius: 999px; padding: .05rem .6rem; font-weight: 600; font-size: .875rem; }
.good { color: var(--good); background: var(--good-ground); }
.bad { color: var(--bad); background: var(--bad-ground); }
.warn { color: var(--warn); background: var(--warn-ground); }
.none { color: var(--soft); background: var(--ground); }
.verdict { border-radius: 8px; padding: .5rem .75rem; margin: .75rem 0 0; overflow-wrap: anywhere; }
.verdict b { margin-right: .4rem; }
table { border-collapse: collapse; width: 100%; margin-top: .75rem; font-size: .9375rem; }
th, td { padding: .25rem 0; border-top: 1px solid var(--line); vertical-align: top; text-align: left; font-weight: 400; }
tr:first-child > * { border-top: 0; }
th { width: 11rem; padding-right: .75rem; overflow-wrap: anywhere; }
th.deep { padding-left: 1rem; color: var(--soft); }
td.number { width: 6rem; text-align: right; padding-right: 1rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.note { color: var(--soft); overflow-wrap: anywhere; }
dl { margin: .75rem 0 0; font-size: .9375rem; }
dt { color: var(--soft); font-size: .875rem; margin-top: .5rem; }
dd { margin: 0; overflow-wrap: anywhere; }
pre, code { font: .875rem/1.5 ui-monospace, monospace; }
pre { margin: 0; overflow-x: auto; white-space: pre; }
pre.fix { background: var(--ground); border-radius: 6px; padding: .4rem .6rem; margin-top: .25rem; white-space: pre-wrap; overflow-wrap: anywhere; }
footer { color: var(--soft); font-size: .875rem; }
a { color: inherit; }
@media (max-width: 34rem) {
  th { width: 50%; }
  td.number { width: 50%; padding-right: 0; }
  tr { display: flex; flex-wrap: wrap; border-top: 1px solid var(--line); }
  tr:first-child { border-top: 0; }
  th, td { border-top: 0; }
  td.note { width: 100%; padding-top: 0; }
  th.deep ~ td.note { padding-left: 1rem; }
  td.note:empty { display: none; }
}
`;
