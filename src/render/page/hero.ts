import { html } from 'hono/html';
import { mark } from '../look.ts';
import { counted } from '../units.ts';
import type { Chart } from './chart.ts';
import type { Html } from './parts.ts';
import type { Verdict } from './verdict.ts';

/** The answers for several targets, before the first of them; each leads to its own part of the page. `names` as those of the heroes. */
export function overviewHtml(verdicts: readonly Verdict[], names: readonly string[]): Html {
  return html`<section class="overview"><ul>${verdicts.map(
    (verdict, index) =>
      html`<li><a class="answer ${verdict.tone}" href="#${names[index] ?? ''}"><span class="sign">${signOf(verdict)}</span> <span>${verdict.text}</span></a></li>`,
  )}</ul></section>
`;
}

/** The answer, and the picture that it is the end of. `name` is unlike that of any other one of the page. */
export function heroHtml(verdict: Verdict, chart: Chart | null, name: string): Html {
  return html`<section class="hero" id="${name}">
<h2 class="answer ${verdict.tone}"><span class="sign">${signOf(verdict)}</span> <span>${verdict.text}</span></h2>
<p class="notes">${verdict.notes.map((note, index) => html`${index > 0 ? ' · ' : ''}<span>${note}</span>`)}</p>
${chart && chartHtml(chart)}
</section>
`;
}

/** What a tab of the browser shows: the answer, of several targets how many of them are in a bad way. */
export function titleOf(verdicts: readonly Verdict[]): string {
  return `${answerText(verdicts)} – userdrift`;
}

function answerText(verdicts: readonly Verdict[]): string {
  const [only] = verdicts;
  if (verdicts.length === 1 && only) return `${signOf(only)} ${only.text}`;
  const bad = verdicts.filter(({ tone }) => tone === 'bad').length;
  const targets = counted(verdicts.length, 'target');
  if (bad > 0) return `✗ ${bad} of ${targets}`;
  return verdicts.every(({ tone }) => tone === 'good') ? `✓ ${targets}` : targets;
}

function signOf({ tone }: Verdict): string {
  return tone === 'none' ? '…' : mark(tone, { unicode: true, color: false, width: 80 });
}

function chartHtml({ drawings, legend, summary }: Chart): Html {
  return html`<figure>
${drawings}
<figcaption><ul class="legend">${legend}</ul><p>${summary.join(' ')}</p></figcaption>
</figure>`;
}
