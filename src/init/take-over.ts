import { AUTH_USERS_COLUMNS } from '../sql/auth-users.ts';
import type { Token } from '../sql/tokens.ts';

/** An expression over `u`, or why there is none that means the same. */
export type TakenOver = { sql: string } | { why: string };

/** What may stand in an expression besides columns, calls, types and values. A variable of the function may not. */
const WORDS = new Set(
  (
    'null true false and or not is isnull notnull case when then else end in like ilike similar to between symmetric distinct ' +
    'from for as at time zone with without varying precision array any all some escape both leading trailing ' +
    'current_timestamp current_date localtimestamp'
  ).split(' '),
);
const CLOCK = new Set(
  'now current_timestamp current_date localtimestamp clock_timestamp statement_timestamp transaction_timestamp'.split(
    ' ',
  ),
);
/** Types and units that stand without a sign before them, as in `interval '1 day'` and `extract(epoch from x)`. */
const BEFORE_TEXT = new Set('interval date timestamp timestamptz time uuid text jsonb json boolean'.split(' '));
/** Nobody but the auth server has a use for them. */
const CREDENTIAL = /^encrypted_password$|_token/;
const SESSION = new Set(['current_setting', 'set_config']);

/**
 * An expression of a trigger function on auth.users as one over the source row `u`: `new.x` becomes `u.x`. Whatever only
 * the function knows (its variables, the row as a whole, other rows, the session) is no expression for the job.
 */
export function overSource(tokens: readonly Token[]): TakenOver {
  const words: string[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (!token) break;
    const [before, next, third] = [tokens[at - 1], tokens[at + 1], tokens[at + 2]];
    const gap = before && token.at > before.at + before.raw.length ? ' ' : '';
    if (token.kind === 'name' && token.word === 'new') {
      if (next?.word !== '.' || !third || !AUTH_USERS_COLUMNS.includes(third.word))
        return { why: 'it takes the new row as a whole' };
      if (CREDENTIAL.test(third.word)) return { why: 'a password hash or a token belongs in no other table' };
      words.push(`${gap}u.${third.raw}`);
      at += 2;
      continue;
    }
    const why = complaint(token, tokens, at);
    if (why !== null) return { why };
    words.push(`${gap}${token.raw}`);
  }
  return { sql: words.join('') };
}

/** What is wrong with one word; null: nothing. */
function complaint(token: Token, tokens: readonly Token[], at: number): string | null {
  if (token.kind === 'text' || token.kind === 'sign') return token.word === ';' ? 'it is no single expression' : null;
  const [before, next, third, fourth] = [tokens[at - 1], tokens[at + 1], tokens[at + 2], tokens[at + 3]];
  if (token.word === 'select' || token.word === 'exists') return 'it reads other rows';
  if (SESSION.has(token.word) || (token.word === 'auth' && next?.word === '.'))
    return 'it depends on the session of the sign-up';
  const type = before?.word === '::' || before?.word === 'as';
  const call = next?.word === '(' || (next?.word === '.' && fourth?.word === '(');
  const rest = before?.word === '.';
  const typed = next?.kind === 'text' && BEFORE_TEXT.has(token.word);
  const unit = before?.word === '(' && next?.word === 'from' && tokens[at - 2]?.word === 'extract';
  if (type || call || typed || unit || (token.kind === 'name' && WORDS.has(token.word))) return null;
  if (rest && isPartOfName(tokens, at)) return null;
  const name = next?.word === '.' && third ? `${token.word}.${third.word}` : token.word;
  return `${name} is known to the function only`;
}

/** The second part of `schema.type` or `schema.function`. */
function isPartOfName(tokens: readonly Token[], at: number): boolean {
  const sign = tokens[at - 3]?.word;
  return sign === '::' || sign === 'as' || tokens[at + 1]?.word === '(';
}

/** Does it tell the time? In a trigger that is the moment of the sign-up, in a job it is not. */
export function tellsTime(tokens: readonly Token[]): boolean {
  return tokens.some(({ kind, word }) => kind === 'name' && CLOCK.has(word));
}

/** Can it be no NULL, whoever the user is? False where that is not plain to see. */
export function isNeverNull(tokens: readonly Token[]): boolean {
  const [first, open] = tokens;
  if (tokens.length === 1 && first) {
    return (
      first.kind === 'text' || /^\d/.test(first.word) || ['true', 'false', 'current_timestamp'].includes(first.word)
    );
  }
  if (tokens.length === 3) {
    return open?.word === '('
      ? ['now', 'gen_random_uuid'].includes(first?.word ?? '')
      : `${first?.word}${open?.word}` === 'new.' && tokens[2]?.word === 'id';
  }
  // The last value of a coalesce decides.
  const last = tokens.at(-2);
  const closed = tokens.at(-1)?.word === ')' && tokens.at(-3)?.word === ',' && isOneCall(tokens);
  return first?.word === 'coalesce' && closed && last !== undefined && isNeverNull([last]);
}

/** `f(…)` from its first word to its last, and nothing beside it. */
function isOneCall(tokens: readonly Token[]): boolean {
  let depth = 0;
  return tokens.slice(1).every(({ word }, at, rest) => {
    depth += word === '(' ? 1 : word === ')' ? -1 : 0;
    return depth > 0 || at === rest.length - 1;
  });
}
