import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderNoReport, renderSummary } from '../../src/render/summary.ts';
import { anyReport, hostileName } from './any-report.ts';
import { blindReport, ID, repairedReport, sampleReport, unrepairedReport } from './sample-report.ts';

/** What is left to Markdown: everything but blocks and spans of code. */
function markup(summary: string): string {
  const lines: string[] = [];
  let fence: string | null = null;
  for (const line of summary.split('\n')) {
    if (fence === null) fence = /^(`{3,})text$/.exec(line)?.[1] ?? null;
    else if (line === fence) fence = null;
    if (fence === null && !/^`{3,}$/.test(line)) lines.push(line);
  }
  expect(fence, 'a block that does not end').toBeNull();
  return lines.join('\n').replace(/(?<![\\`])(`+)(?!`).*?(?<!`)\1(?!`)/g, '');
}

/** As it is read: without what keeps text from being markup. */
function shown(summary: string): string {
  return summary.replace(/\\([^\w\s])/g, '$1').replaceAll('\u200b', '');
}

describe('the summary', () => {
  it('leads with the verdict and its number, then a table that adds up, then what to do', () => {
    const causes = [{ code: 'x', message: 'trigger t is disabled', fix: 'alter table auth.users enable trigger t;' }];
    expect(shown(renderSummary(sampleReport({ causes })))).toBe(
      [
        '### ✗ userdrift check: DRIFT',
        '**214 users are missing from public.users**',
        '`auth.users` → `public.users`, `postgres@db.abcdefghijkl.supabase.co (PostgreSQL 17.6)`',
        [
          '|  | Users |  |',
          '| --- | ---: | --- |',
          '| auth.users | 48,210 |  |',
          '| &emsp;in public.users | 47,120 |  |',
          '| &emsp;missing | 214 | oldest 8d 4h, newest 3h |',
          '| &emsp;not expected | 876 | 702 anonymous, 131 deleted, 40 filtered, 3 younger than 60s |',
          '| Also |  | 12 orphans (never touched) |',
        ].join('\n'),
        '**Likely cause:** trigger t is disabled',
        'Fix:',
        '```text\nalter table auth.users enable trigger t;\n```',
        `**Sample:** ${ID} and 213 more`,
        '**Next:** `userdrift sync --dry-run`',
        '<sub>drift, exit 2, 0.6s, read-only, run A2B3C4D5</sub>',
        '',
      ].join('\n\n'),
    );
  });

  it('names failures by SQLSTATE and constraint, and the proof', () => {
    const summary = shown(renderSummary(unrepairedReport()));
    expect(summary).toContain('| &emsp;23505 | 2 | another row already has this value (users_email_key);');
    expect(summary).toContain('**Proof:** a closing query found 4 missing');
  });

  it('is short where all is well, and says why where nothing was seen', () => {
    expect(renderSummary(repairedReport())).not.toContain('<details>');
    const reason = { code: 'wrong_password', message: 'the server refuses the password', fix: 'set it anew' };
    const blind = renderSummary(blindReport({ verdict: 'failed', exitCode: 1, reason }));
    expect(blind).toContain('**the server refuses the password**');
    expect(blind).toContain('**Fix:** set it anew');
  });

  it('lets no name be markup, whatever it holds', () => {
    fc.assert(
      fc.property(anyReport(hostileName), (report) => {
        const summary = renderSummary(report);
        expect(summary).not.toMatch(/(?![\n\u200b])[\p{C}\p{Zl}\p{Zp}]/u);
        const text = markup(summary);
        const tags = text.match(/<[^>]*>/g) ?? [];
        const ours = ['<details>', '<summary>', '</summary>', '</details>', '<sub>', '</sub>', '<br>'];
        expect(tags.filter((tag) => !ours.includes(tag))).toEqual([]);
        expect(text).not.toMatch(/https?:\/\/|(?<!\\)\[|@\w/);
        expect(text.split('\n').filter((line) => /^\s*(::|##\[)/.test(line))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('closes no block of code by what stands in it', () => {
    const causes = [{ code: 'x', message: 'm', fix: '````' }];
    expect(renderSummary(sampleReport({ causes }))).toContain('`````text\n````\n`````\n');
  });

  it('keeps the limit of GitHub by whole blocks', () => {
    const warnings = Array.from({ length: 1000 }, (_, n) => ({ code: `w${n}`, message: '✗'.repeat(550), fix: null }));
    const summary = renderSummary(sampleReport({ warnings }));
    expect(Buffer.byteLength(summary)).toBeLessThan(600 * 1024);
    expect(summary).toMatch(/The rest is in the log\.\n$/);
  });

  it('tells of a run that left no report', () => {
    expect(renderNoReport('killed <b>', 'see the log')).toBe(
      '### ✗ userdrift: no report\n\n**killed &lt;b&gt;**\n\nsee the log\n\n',
    );
  });
});
