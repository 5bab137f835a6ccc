import { html } from 'hono/html';
import { mark } from '../look.ts';
import type { Chart } from './chart.ts';
import type { Html } from './parts.ts';
import type { Verdict } from './verdict.ts';

/** The answer, and the picture that it is the end of. */
export function heroHtml(verdict: Verdict, chart: Chart | null): Html {
  return html`<section class="hero">
<h2 class="answer ${verdict.tone}"><span class="sign">${signOf(verdict)}</span> <span>${verdict.text}</span></h2>
<p class="notes">${verdict.notes.map((note, index) => html`${index > 0 ? ' · ' : ''}<span>${note}</span>`)}</p>
${chart && chartHtml(chart)}
</section>
`;
}

/** `✓ All expected users are in public.users` */
export function answerText(verdict: Verdict): string {
  return `${signOf(verdict)} ${verdict.text}`;
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
