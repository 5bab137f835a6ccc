import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderLine } from '../../src/render/line.ts';
import { anyReport, hostileName } from './any-report.ts';
import { blindReport, repairedReport, sampleReport, unrepairedReport } from './sample-report.ts';

const partial = { missing: null, stale: null, arrived: null };

describe('renderLine', () => {
  test('says verdict, exit, number, target and run of each verdict that is not green', () => {
    const busy = { code: 'busy', message: 'another run holds the run lock', fix: null };
    const blind = { code: 'replica', message: 'this server is a replica', fix: 'connect to the primary' };
    const lines = [
      sampleReport(),
      unrepairedReport(),
      repairedReport({ verdict: 'drift', exitCode: 2 }),
      sampleReport({ command: 'backfill', dryRun: true }),
      blindReport({ command: 'sync', verdict: 'busy', exitCode: 3, reason: busy }),
      blindReport({ verdict: 'inconclusive', exitCode: 1, reason: blind }),
      unrepairedReport({ verdict: 'interrupted', exitCode: 130, residual: partial }),
    ].map((report) => renderLine(report, true));
    expect(`\n${lines.join('')}`).toMatchInlineSnapshot(`
      "
      userdrift check: drift, exit 2: 214 users are missing from public.users, run A2B3C4D5
      userdrift sync: unrepaired, exit 2: 4 users are still missing from public.users, run A2B3C4D5
      userdrift sync: drift, exit 2: 214 users were missing from public.users; repaired (--fail-on drift), run A2B3C4D5
      userdrift backfill: drift, exit 2: 214 users are missing from public.users; nothing written (dry run), run A2B3C4D5
      userdrift sync: busy, exit 3: another run holds the run lock, target public.users, run A2B3C4D5
      userdrift check: inconclusive, exit 1: this server is a replica, target public.users, run A2B3C4D5
      userdrift sync: interrupted, exit 130: SIGINT stopped the run after 208 inserts; this report is partial, target public.users, run A2B3C4D5
      "
    `);
  });

  test('names the reason where the headline is a number', () => {
    const reason = { code: 'failures_limit', message: '1,000 users could not be written', fix: null };
    expect(renderLine(unrepairedReport({ reason }), true)).toContain(
      '4 users are still missing from public.users, 1,000 users could not be written, run A2B3C4D5\n',
    );
  });

  test('is one line, whatever the names', () => {
    fc.assert(
      fc.property(anyReport(hostileName), fc.boolean(), (report, unicode) => {
        const line = renderLine(report, unicode);
        expect(line).toMatch(/^userdrift (check|sync|backfill): [^\n]+, run A2B3C4D5\n$/);
        expect(line.slice(0, -1)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]|##\w*\[/u);
        if (!unicode) expect(line.slice(0, -1)).toMatch(/^[\x20-\x7e]+$/);
      }),
    );
  });
});
