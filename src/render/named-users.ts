import type { Report, UserOutcome } from '../report.ts';
import { type Look, mark, paint, type Tone } from './look.ts';
import { columns, hang } from './wrap.ts';

const TONES: Record<UserOutcome['outcome'], Tone> = {
  inserted: 'good',
  already_present: 'good',
  missing: 'bad',
  excluded: 'warn',
  suppressed: 'bad',
  failed: 'bad',
  unresolved: 'warn',
  no_such_user: 'bad',
};

// Below this, mark and id have the line to themselves.
const ROOMY = 48;

/** One line for each user that `--user` named: what became of it, and why. */
export function namedUsers({ users }: Report, look: Look): string[] {
  const indent = look.width < ROOMY ? '' : '  ';
  return (users ?? []).flatMap((user, index) => {
    const tone = TONES[user.outcome];
    const sign = mark(tone, look);
    const head = `${indent}${sign.padEnd(columns(mark('good', look)))} ${user.id ?? `user ${index + 1}`}  `;
    return hang(head, outcome(user), look.width, 4).map((line, row) =>
      row === 0 ? line.replace(sign, paint(tone, sign, look)) : line,
    );
  });
}

/** `excluded (anonymous)`, `failed (23505, users_email_key)` */
function outcome(user: UserOutcome): string {
  const details = [user.why, user.code, user.constraint, user.column].filter(Boolean).join(', ');
  return `${user.outcome.replaceAll('_', ' ')}${details && ` (${details})`}`;
}
