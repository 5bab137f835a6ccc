import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { issueTitle, renderIssue } from '../../src/render/issue.ts';
import { renderComment } from '../../src/render/issue-comment.ts';
import { printable } from '../../src/render/printable.ts';
import { renderSlack } from '../../src/render/slack.ts';
import { anyReport, hostileName } from './any-report.ts';
import { blindReport, sampleReport, unrepairedReport } from './sample-report.ts';

const STORY = {
  environment: 'production',
  kind: 'drift',
  since: '2026-11-16T12:00:00.000Z',
  missing: 214,
  over: false,
} as const;
const CHANGES = ['opened', 'reopened', 'still', 'worse', 'blind', 'sighted', 'closed'] as const;
/** GitHub's own limits, and the marker is still to come. */
const BODY_MAX = 65_536 - 4_000;

describe('the issue', () => {
  test('of a check: how many, since when, by day and provider, why, and what to type', () => {
    const report = sampleReport({
      drift: {
        ...sampleReport().drift,
        missingByTime: {
          unit: 'day',
          counts: [
            { start: '2026-11-14', missing: 61 },
            { start: '2026-11-15', missing: 150 },
          ],
          unknown: 3,
        },
        missingByProvider: [
          { provider: 'email', missing: 190 },
          { provider: 'google', missing: 24 },
        ],
      },
      causes: [
        {
          code: 'disabled',
          message: 'trigger t on auth.users is disabled',
          fix: 'alter table auth.users enable trigger t;',
        },
      ],
    });
    expect(renderIssue(report, STORY)).toBe(`\
**214 users are missing from \`public.users\`, the oldest for 8d 4h.**
Environment: \`production\`

| Users | Count |
| --- | ---: |
| expected | 47,334 |
| missing | 214 |
| too young to be expected | 3 |

| Day | Missing |
| --- | ---: |
| 2026-11-14 | 61 |
| 2026-11-15 | 150 |
| unknown | 3 |

| Provider | Missing |
| --- | ---: |
| \`email\` | 190 |
| \`google\` | 24 |

- Likely cause: trigger t on auth.users is disabled
  Fix: \`alter table auth.users enable trigger t;\`

Next: \`userdrift sync --dry-run\`

Sample: \`0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10\`

Last run: \`check\` \`01JD4Q8ZK3T5W7X9Y1A2B3C4D5\` at 2026-11-16 12:00 UTC, verdict \`drift\`, exit 2.

<sub>Kept by \`userdrift alert\`: edited after each run, commented when something changes, closed when a run over all users finds nobody missing, opened again when users are. Close it as not planned to mute it until then.</sub>
`);
  });

  test('of a sync: what it found, what it did, what is left', () => {
    const body = renderIssue(unrepairedReport(), STORY);
    expect(body).toContain(
      '| missing when the run began | 214 |\n| inserted | 208 |\n| failed | 3 |\n| suppressed by a trigger or rule | 1 |\n| still missing | 4 |',
    );
    expect(body).toContain('**4 users are missing from `public.users`, nobody knows since when.**');
  });

  test('of a run that could not look: no word of who is missing now', () => {
    const reason = { code: 'blind_source', message: 'row level security hides users', fix: 'grant bypassrls' };
    const body = renderIssue(blindReport({ verdict: 'inconclusive', exitCode: 1, reason }), {
      ...STORY,
      kind: 'blind',
    });
    expect(body).toContain(
      '(`inconclusive`, `blind_source`).** When a run last saw them, 214 users were missing. It has been so since 2026-11-16 12:00 UTC.',
    );
    expect(body).toContain('row level security hides users\nFix: `grant bypassrls`');
    expect(body).not.toContain('| missing |');
  });

  test('of a run without a connection: the code alone, because the message names the host', () => {
    const reason = { code: 'wrong_password', message: 'wrong password at db.x.supabase.co', fix: 'check db.x' };
    const database = { host: null, name: null, user: null, serverVersion: null };
    const body = renderIssue(blindReport({ verdict: 'failed', exitCode: 1, reason, database }), {
      ...STORY,
      kind: 'blind',
    });
    expect(body).not.toContain('db.x');
    expect(body).toContain('The log of the run has the whole reason.');
  });
});

describe('whatever is reported', () => {
  test('it fits where it goes, and names neither host nor user', () => {
    fc.assert(
      fc.property(
        anyReport(hostileName),
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom(...CHANGES),
        (any, over, drifts, change) => {
          const report = { ...any, database: { ...any.database, host: 'db.secret.example', user: 'postgres.secret' } };
          const kind = drifts ? 'drift' : 'blind';
          const body = renderIssue(report, { ...STORY, kind, over });
          expect(body.length).toBeLessThan(BODY_MAX);
          expect(issueTitle(printable(report.target, true), 'x'.repeat(60)).length).toBeLessThan(256);
          const texts = [
            body,
            renderComment(change, report, 3),
            renderSlack(report, { environment: 'e', issue: 'a/b#1', over }),
          ];
          for (const text of texts) expect(text).not.toMatch(/secret|[\u202e\u2066\u001b\u0007]/);
        },
      ),
    );
  });
});
