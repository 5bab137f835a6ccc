import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Action, decide, type Issue } from '../../src/notify/decide.ts';
import { newsOf } from '../../src/notify/news.ts';
import type { Report } from '../../src/report.ts';
import { anyReport, plainName } from '../render/any-report.ts';
import { blind, clean, drift, later, repaired, unrepaired } from '../support/reports.ts';

const OPTIONS = { environment: 'production', olderThanMs: 3_600_000 };
const SCOPED = { full: false, since: '2026-11-16T00:00:00.000Z', shard: null, users: null };
const NAMED = { full: false, since: null, shard: null, users: ['0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10'] };

const decided = (report: Report, issue: Issue | null) => decide(report, issue, OPTIONS);

/** What the issue is after the action, as GitHub would keep it. */
function applied(issue: Issue | null, action: Action): Issue | null {
  if (action.kind === 'nothing') return issue;
  const kept = issue ?? { number: 1, state: 'open', dismissed: false };
  const state = action.kind === 'edit' ? kept.state : action.kind === 'close' ? 'closed' : 'open';
  return { ...kept, state, dismissed: state === 'closed' && kept.dismissed, marker: action.marker };
}

/** The issue after these reports, one after the other. */
function story(...reports: Report[]): Issue | null {
  return reports.reduce<Issue | null>((issue, report) => applied(issue, decided(report, issue)), null);
}

const open = () => story(drift(10));
const ours = () => story(drift(10), clean());
const byPerson = (): Issue => ({ ...(open() as Issue), state: 'closed' });
const muted = (): Issue => ({ ...byPerson(), dismissed: true });

const NEWS: Record<string, () => Report> = {
  'in sync': () => clean(),
  repaired: () => repaired(),
  'repaired, and --fail-on drift': () => ({ ...repaired(), verdict: 'drift', exitCode: 2 }),
  'in sync, in this scope': () => clean({ scope: SCOPED }),
  'within --max-drift': () => drift(3, 24, { verdict: 'in_sync', exitCode: 0 }),
  'old drift': () => drift(12),
  'drift of unknown age': () => drift(12, null),
  'young drift': () => drift(12, 0.5),
  'old drift in this scope': () => drift(12, 24, { scope: SCOPED }),
  'stale only, a check': () => stale(drift(0)),
  'stale after a sync': () => stale(unrepaired()),
  'failed inserts': () => unrepaired(),
  'single users': () => drift(1, 24, { scope: NAMED, users: [] }),
  inconclusive: () => blind('inconclusive', 'sight_lost'),
  refused: () => blind('refused', 'empty_source'),
  'failed for good': () => blind('failed', 'wrong_password'),
  'failed in passing': () => blind('failed', 'connection_refused'),
  'failed in passing, with old drift': () => ({ ...drift(12), ...failing() }),
  declined: () => blind('refused', 'declined'),
  busy: () => blind('busy', 'busy'),
  interrupted: () => ({ ...drift(12), verdict: 'interrupted', exitCode: 130 }),
};

function stale(report: Report): Report {
  return { ...report, residual: { missing: 0, stale: 4, arrived: 0, oldest: null } };
}

function failing(): Partial<Report> {
  const reason = { code: 'connection_refused', message: '', fix: null };
  return {
    verdict: 'failed',
    exitCode: 1,
    reason,
    residual: { missing: null, stale: null, arrived: null, oldest: null },
  };
}

/** `edit+` comments as well. */
const TABLE = `
news                              | none    | open    | closed  | by person | not planned
in sync                           | nothing | close   | nothing | nothing   | edit
repaired                          | nothing | close   | nothing | nothing   | edit
repaired, and --fail-on drift     | nothing | close   | nothing | nothing   | edit
in sync, in this scope            | nothing | nothing | nothing | nothing   | nothing
within --max-drift                | nothing | edit    | nothing | nothing   | nothing
old drift                         | open    | edit    | reopen  | reopen    | nothing
drift of unknown age              | open    | edit    | reopen  | reopen    | nothing
young drift                       | nothing | edit    | nothing | nothing   | nothing
old drift in this scope           | open    | nothing | reopen  | reopen    | nothing
stale only, a check               | nothing | edit    | nothing | nothing   | nothing
stale after a sync                | open    | edit    | reopen  | reopen    | nothing
failed inserts                    | open    | edit    | reopen  | reopen    | nothing
single users                      | nothing | nothing | nothing | nothing   | nothing
inconclusive                      | open    | edit+   | reopen  | reopen    | nothing
refused                           | open    | edit+   | reopen  | reopen    | nothing
failed for good                   | open    | edit+   | reopen  | reopen    | nothing
failed in passing                 | nothing | edit+   | nothing | nothing   | nothing
failed in passing, with old drift | open    | edit+   | reopen  | reopen    | nothing
declined                          | nothing | nothing | nothing | nothing   | nothing
busy                              | nothing | nothing | nothing | nothing   | nothing
interrupted                       | nothing | nothing | nothing | nothing   | nothing`;

const STATES = [() => null, open, ours, byPerson, muted];

function told(action: Action): string {
  return action.kind === 'edit' && action.change !== null ? 'edit+' : action.kind;
}

describe('what a report does to the issue', () => {
  const [, ...rows] = TABLE.trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));

  test('the table has every kind of news', () => {
    expect(rows.map(([news]) => news)).toEqual(Object.keys(NEWS));
  });

  test.each(rows)('%s', (news, ...expected) => {
    // The issue first: a report older than it does nothing.
    const actions = STATES.map((state) => {
      const issue = state();
      return told(decided(NEWS[news ?? '']?.() as Report, issue));
    });
    expect(actions).toEqual(expected);
  });
});

describe('what is worth a comment', () => {
  const changes = (...reports: Report[]) => {
    let issue: Issue | null = null;
    return reports.map((report) => {
      const action = decided(report, issue);
      issue = applied(issue, action);
      return action.kind === 'nothing' ? null : action.change;
    });
  };

  test('twice as many as was ever told, and not each step there or back', () => {
    const counts = [10, 12, 19, 20, 3, 20, 39, 40];
    expect(changes(...counts.map((count) => drift(count)))).toEqual([
      'opened',
      null,
      null,
      'worse',
      null,
      null,
      null,
      'worse',
    ]);
  });

  test('a run that could not look in between makes no old number new', () => {
    const reports = [drift(10), blind('inconclusive', 'sight_lost'), drift(3), drift(19), drift(20)];
    expect(changes(...reports)).toEqual(['opened', 'blind', 'sighted', null, 'worse']);
  });

  test('that a run cannot look, why, and that one can again; not that it is still so', () => {
    const reports = [
      drift(10),
      blind('inconclusive', 'sight_lost'),
      blind('inconclusive', 'sight_lost'),
      blind('failed', 'wrong_password'),
      drift(10),
    ];
    expect(changes(...reports)).toEqual(['opened', 'blind', null, 'blind', 'sighted']);
  });

  test('the end, the return, and a return that nobody has waited for', () => {
    expect(changes(drift(10), clean(), drift(1), repaired())).toEqual(['opened', 'closed', 'reopened', 'closed']);
    const dropped = byPerson();
    expect(decided(drift(10), dropped)).toMatchObject({ kind: 'reopen', change: 'still' });
  });
});

describe('what the issue remembers', () => {
  test('the last number that a run has seen, and since when none does', () => {
    const before = story(drift(10), drift(7));
    const failed = blind('inconclusive', 'sight_lost');
    const first = applied(before, decided(failed, before));
    const again = blind('inconclusive', 'sight_lost');
    const issue = applied(first, decided(again, first));
    expect(issue?.marker).toMatchObject({ kind: 'blind', missing: 7, since: failed.startedAt });
  });

  test('its target, which a run that broke off before it knew one does not take away', () => {
    const nameless = blind('failed', 'wrong_password', { target: '' });
    expect(story(drift(10), nameless)?.marker.target).toBe('public.users');
    expect(story(nameless, drift(10))?.marker.target).toBe('public.users');
  });

  test('a mute ends with the trouble: the next one opens it again', () => {
    const issue = muted();
    const ended = applied(issue, decided(clean(), issue));
    expect(decided(drift(10), ended)).toMatchObject({ kind: 'reopen', change: 'reopened' });
  });

  test('how far it has come: an older report that arrives late does nothing', () => {
    const late = clean();
    expect(decided(late, open())).toEqual({ kind: 'nothing', why: 'the issue knows this report, or a later one' });
  });
});

describe('whose age counts', () => {
  const young = '2026-11-16T11:59:00.000Z';

  test('after a repair that of who is still missing, not of who was', () => {
    const left = { missing: 1, stale: 0, arrived: 0, oldest: later(clean()).startedAt };
    expect(decided(unrepaired({ residual: left }), null)).toMatchObject({ kind: 'nothing' });
    expect(decided(unrepaired({ residual: { ...left, oldest: null } }), null)).toMatchObject({ kind: 'open' });
  });

  test('of a report without it, that of the beginning if they are the same users, else it is unknown', () => {
    const { drift: found } = drift(4, 0.1);
    expect(decided(unrepaired({ drift: found, residual: { missing: 4, stale: 0, arrived: 0 } }), null).kind).toBe(
      'nothing',
    );
    expect(decided(unrepaired({ drift: found, residual: { missing: 3, stale: 0, arrived: 0 } }), null).kind).toBe(
      'open',
    );
  });

  test('by the clock of the report: it says the same whenever it is read', () => {
    expect(newsOf({ ...drift(1), startedAt: young, residual: residualSince(young) }, 1)).toMatchObject({
      lasting: false,
    });
    expect(newsOf({ ...drift(1), startedAt: young, residual: residualSince(young) }, 0)).toMatchObject({
      lasting: true,
    });
  });

  function residualSince(oldest: string): Report['residual'] {
    return { missing: 1, stale: 0, arrived: 0, oldest };
  }
});

describe('whatever is reported', () => {
  const report = anyReport(plainName);
  const reports = fc.array(report, { minLength: 1, maxLength: 8 }).map((all) => all.map(later));
  const closedHow = fc.constantFrom(null, 'completed', 'not planned');

  /** Plays reports, with a person who closes the issue now and then; calls back before each decision. */
  function play(
    all: Report[],
    person: (string | null)[],
    look: (report: Report, issue: Issue | null, action: Action) => void,
  ) {
    let issue: Issue | null = null;
    for (const [index, each] of all.entries()) {
      const how = person[index] ?? null;
      if (issue && how) issue = { ...(issue as Issue), state: 'closed', dismissed: how === 'not planned' };
      const action = decided(each, issue);
      look(each, issue, action);
      issue = applied(issue, action);
    }
  }

  const people = fc.array(closedHow, { maxLength: 8 });

  test('it is closed by a run over all users that found nobody missing, and by nothing else', () => {
    fc.assert(
      fc.property(reports, people, (all, person) => {
        play(all, person, ({ scope, residual, drift: found, verdict }, _, action) => {
          if (action.kind !== 'close') return;
          expect(scope.full).toBe(true);
          expect(residual.missing ?? found.missing).toBe(0);
          expect(['in_sync', 'repaired', 'drift']).toContain(verdict);
        });
      }),
    );
  });

  test('young drift, busy and interrupted runs open nothing', () => {
    // Before every report, so that it knows none of them.
    const closed = ours() as Issue;
    const ended = { ...closed, marker: { ...closed.marker, at: '2026-01-01T00:00:00.000Z' } };
    fc.assert(
      fc.property(report, fc.integer({ min: 0, max: 3_599_000 }), (each, ageMs) => {
        const startedAt = '2026-11-16T12:00:00.000Z';
        const oldest = new Date(Date.parse(startedAt) - ageMs).toISOString();
        const young: Report = {
          ...each,
          command: 'check',
          startedAt,
          drift: { ...each.drift, oldest },
          residual: { missing: 3, stale: 0, arrived: 0, oldest },
          users: null,
        };
        for (const verdict of ['drift', 'unrepaired', 'in_sync', 'busy', 'interrupted'] as const) {
          expect(decided({ ...young, verdict }, null).kind).toBe('nothing');
          expect(decided({ ...young, verdict }, ended).kind).toBe('nothing');
        }
      }),
    );
  });

  test('the same report twice acts once', () => {
    fc.assert(
      fc.property(reports, people, (all, person) => {
        play(all, person, (each, issue, action) => {
          expect(decided(each, applied(issue, action)).kind).toBe('nothing');
        });
      }),
    );
  });

  test('an issue is open exactly while its marker is, unless a person has closed it', () => {
    fc.assert(
      fc.property(reports, (all) => {
        play(all, [], (_, issue, action) => {
          const next = applied(issue, action);
          if (next) expect(next.marker.open).toBe(next.state === 'open');
        });
      }),
    );
  });
});
