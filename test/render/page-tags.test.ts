import fc from 'fast-check';
import { expect, test } from 'vitest';
import { STYLE } from '../../src/render/page/style.ts';
import { anyReport, hostileName } from './any-report.ts';
import { line, page } from './status-view.ts';

/** Every tag of the page, and the attributes that it may have. */
const TAGS: Record<string, RegExp> = {
  html: /^ lang="en"$/,
  meta: /^( (charset|name|content|http-equiv)="[\w ,=-]*")+$/,
  p: /^( class="(soft|lead|notes|verdict (good|bad|warn|none))")?$/,
  span: /^( class="(soft|sign|badge (good|bad|warn))")?$/,
  h2: /^( class="(over|answer (good|bad|warn|none))")?$/,
  section: /^( class="(line|hero" id="target-1)")?$/,
  table: /^( class="(runs|next|failures)")?$/,
  th: /^ scope="(row"( class="deep")?|col"( class="number")?)$/,
  td: /^( class="(number|note|when|what|end|times|last|last ran|number took|number (missing|inserted|failed|left)( none| loud)?)")?$/,
  b: /^( class="word (good|bad|warn)")?$/,
  pre: /^( class="fix")?$/,
  a: /^ href="(report\.json|metrics)"$/,
  time: /^ datetime="[\d:.TZ-]+"$/,
  ul: /^ class="legend"$/,
  i: /^ class="key (found|left|failed|stopped|gap)"$/,
  svg: /^ class="chart (wide|narrow)" viewBox="0 0 \d+ \d+" role="img" aria-labelledby="(target-1-chart-(wide|narrow)-(title|desc) ?){2}"$/,
  title: /^( id="target-1-chart-(wide|narrow)-title")?$/,
  desc: /^ id="target-1-chart-(wide|narrow)-desc"$/,
  g: /^ class="(run|gap)"$/,
  line: /^ class="(zero|rung)"( [xy][12]="[\d.]+"){4}\/$/,
  text: /^ class="(axis|axis (start|middle|end)|middle|calm-label)"( [xy]="[\d.]+"){2}$/,
  rect: /^( class="(hit|found|done)")?( (x|y|width|height)="[\d.]+"){4}\/$/,
  path: /^( class="(left|calm|failed|stopped)")?( transform="translate\([\d. ]+\)")? d="[MLZHVhvlz\d., -]*"\/$/,
};
const BARE = new Set(
  '!doctype head style body main header h1 h3 thead tbody tr dl dt dd div code footer figure figcaption li'.split(' '),
);

test('nothing that a report holds becomes a tag or an attribute', () => {
  const attack = fc.oneof(
    hostileName,
    fc.constantFrom(
      '<script>alert(1)</script>',
      '"><img src=x onerror=alert(1)>',
      "' onload='x",
      '</style><script>',
      '<!--',
      '&lt;b&gt;',
      '{{x}}',
    ),
  );
  fc.assert(
    fc.property(anyReport(attack), attack, (report, shown) => {
      const document = page([line({ report, exitCode: report.exitCode }, { shown })]);
      const outside = document.replace(STYLE, '');
      for (const [, tag = '', attributes = ''] of outside.matchAll(/<\/?([!\w-]*)([^>]*)>?/g)) {
        const known = BARE.has(tag) ? /^( html)?$/ : (TAGS[tag] ?? expect.fail(`<${tag}${attributes}>`));
        if (attributes !== '') expect(attributes, tag).toMatch(known);
      }
      expect(outside).not.toMatch(/(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u);
    }),
    { numRuns: 300 },
  );
});
