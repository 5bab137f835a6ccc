import type { Report } from '../report.ts';
import { type Field, field } from './grid.ts';

/** What is usual and what is dangerous about a refusal. The reason's fix allows the one; `look` tells it from the other. */
interface Refusal {
  usual: string;
  dangerous: string;
  look: string;
}

const REFUSALS: Record<string, Refusal> = {
  share_limit: {
    usual: 'a first run on an app that already has users, or a long outage of the webhook',
    dangerous: 'a wrong target, key or database: rows would be written where nobody wants them',
    look: 'userdrift check',
  },
  writes_limit: {
    usual: 'a first run on a large app, or a long outage of the webhook',
    dangerous: 'a skip rule that was lifted: users who never had a row would all get one',
    look: 'userdrift check',
  },
  triggers_limit: {
    usual: 'a trigger that tells another system of each new user',
    dangerous: 'a welcome mail to everybody whose row is repaired',
    look: 'userdrift doctor',
  },
  empty_source: {
    usual: 'a new project with a seeded table; it passes with the first sign-up',
    dangerous: 'the wrong database: every row of the table would look like an orphan',
    look: 'userdrift doctor',
  },
  key_not_unique: {
    usual: 'a key column that was added later, without an index',
    dangerous: 'two writers would give one user two rows, and no error would say so',
    look: 'userdrift doctor',
  },
  key_not_canonical: {
    usual: 'a text key that was filled by hand or by an import',
    dangerous: 'a user whose id is spelled in two ways would get a second row',
    look: 'userdrift doctor',
  },
};

/**
 * What a person needs to know before allowing what was refused; nothing where the reason says it all. `again`: flags that make
 * the command speak of the same tables, with a leading space.
 */
export function refusalFields({ verdict, reason }: Report, again = ''): Field[] {
  const refusal = verdict === 'refused' && reason && Object.hasOwn(REFUSALS, reason.code) && REFUSALS[reason.code];
  if (!refusal) return [];
  return [
    field('Usual', refusal.usual, reason.fix ?? ''),
    field('Dangerous', refusal.dangerous, `look first: ${refusal.look}${again}`),
  ];
}
