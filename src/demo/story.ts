import { CONFIG, COUNTS, GROUPS, MENDED_CONFIG, USERS } from './people.ts';

/** One command of the demo, with what a stranger needs to understand its report. */
export interface Step {
  command: 'check' | 'sync';
  /** In the shape of userdrift.config.json. */
  config: typeof CONFIG;
  /** With any other exit code the explanation would be wrong. */
  exitCode: number;
  explanation: string;
}

const repaired = COUNTS.missing - COUNTS.refused;

export const STARTING = 'Starting a throw-away PostgreSQL with invented users; nothing of yours is read or written ...';

export const OPENING = `
An application on Supabase with ${USERS.toLocaleString('en')} users. Whoever signs up is in auth.users; a webhook then adds a row to the
application's own table, public.users. A week ago the webhook was down for a day, and now and then it loses one.
Nobody noticed.`;

export const STORY: readonly Step[] = [
  {
    command: 'check',
    config: CONFIG,
    exitCode: 2,
    explanation: `
Exit code 2 is drift: a scheduled check would raise the alarm here. ${COUNTS.missing} people can sign in, but for the application
they do not exist: ${GROUPS.deadDay} of the day without webhook, the others lost one by one. "Not expected" have no row either, and
should not: anonymous visitors, deleted accounts, and sign-ups of the last minute, whose webhook may be on its way.`,
  },
  {
    command: 'sync',
    config: CONFIG,
    exitCode: 2,
    explanation: `
${repaired} people are back. ${COUNTS.refused} rows were refused by the table itself; they were singled out, so that they held up nobody else:
  23505  users_email_key         an SSO user whose mail address another user's row already has
  23514  users_full_name_length  a name longer than the 120 characters that the table allows
Exit code 2 once more: as long as one expected user is missing, userdrift does not say that all is well. What to do
depends on the application. Here the mapping in userdrift.config.json is changed, and sync runs again:
  "email":     "${MENDED_CONFIG.columns.email}"
  "full_name": "left(coalesce(...), 120)"`,
  },
  {
    command: 'sync',
    config: MENDED_CONFIG,
    exitCode: 0,
    explanation: `
Exit code 0 is earned by a closing query, not by counting inserts. Rows that were there before have not been touched.`,
  },
  {
    command: 'check',
    config: MENDED_CONFIG,
    exitCode: 0,
    explanation: `
This check is a run of its own: it trusts nothing that the others said and compares both tables again. Every user who
should have a row has one. Run on a schedule, it will say so when that is no longer true.`,
  },
];

export const CLOSING = `
The server and its data are gone. On your own project, first a look that writes nothing:
  DATABASE_URL=postgresql://... npx userdrift check`;

/** What to say instead of the explanation when a step ended otherwise than the story goes. */
export function surprise(step: Step, exitCode: number): string {
  return `\nThis is not how the demo should go: exit code ${exitCode} instead of ${step.exitCode}. The report above says why.`;
}
