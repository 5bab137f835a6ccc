import type { Report } from '../report.ts';
import { type Field, field } from './grid.ts';

/** What is usual and what is dangerous about a refusal, with the command for each. */
interface Refusal {
  usual: [text: string, command: string | null];
  dangerous: [text: string, command: string];
}

const REFUSALS: Record<string, Refusal> = {
  share_limit: {
    usual: ['a first run on an app that already has users, or a long outage of the webhook', 'userdrift backfill'],
    dangerous: ['a wrong target, key or database: rows would be written where nobody wants them', 'userdrift check'],
  },
  writes_limit: {
    usual: ['a first run on a large app, or a long outage of the webhook', 'userdrift backfill'],
    dangerous: ['a skip rule that was lifted: users that never had a row would all get one', 'userdrift check'],
  },
  trigger_limit: {
    usual: ['a trigger that tells another system of each new user, one call per insert', 'userdrift doctor'],
    dangerous: ['a welcome mail to everybody who is repaired', 'userdrift check'],
  },
  empty_source: {
    usual: ['a new project with a seeded table: it passes with the first sign-up', null],
    dangerous: ['the wrong database, or a role that sees no row: every user would look gone', 'userdrift doctor'],
  },
  no_unique_key: {
    usual: ['a key column such as auth_id that was added later, without an index', 'userdrift doctor'],
    dangerous: ['two writers would give one user two rows, and no error would say so', 'userdrift check'],
  },
};

/** What a person needs to know before allowing what was refused. */
export function refusalFields({ verdict, reason }: Report): Field[] {
  const refusal = verdict === 'refused' && reason ? REFUSALS[reason.code] : undefined;
  if (!refusal) return [];
  return [
    field('Usual', refusal.usual[0], command('then', refusal.usual[1])),
    field('Dangerous', refusal.dangerous[0], command('look first', refusal.dangerous[1])),
  ];
}

function command(when: string, words: string | null): string {
  return words === null ? '' : `${when}: ${words}`;
}
