import type { Column, Facts } from '../facts.ts';
import type { SignUpCode } from '../postgres/sign-up-code.ts';
import { isPrivilege, isPrivilegeFromMetadata } from '../reconcile/findings/columns.ts';
import { orDefault } from '../reconcile/infer.ts';
import type { Name } from '../sql/name.ts';
import type { Token } from '../sql/tokens.ts';
import { insertsInto, readCode } from './insert-reader.ts';
import { holdsKey } from './keys.ts';
import { isNeverNull, overSource, tellsTime } from './take-over.ts';

/** What the app's own function says of the target. */
export interface TriggerMapping {
  code: SignUpCode;
  /** Why nothing of it was taken over; null: it was read. */
  unread: string | null;
  /** It has branches, or its trigger a condition: not everybody may get a row by it. */
  partial: boolean;
  columns: Map<string, Written>;
}

/** What decides whether a value is taken over. */
interface Circumstances {
  column: Column;
  /** The function may write it for some users only. */
  partial: boolean;
  /** Functions that may do more than compute a value. */
  volatile: readonly string[];
  /** What the job would infer. */
  inferred: string | undefined;
}

/** What the function writes into one column. */
export interface Written {
  /** as the function has it */
  own: string;
  tokens: readonly Token[];
}

/**
 * The functions that fill the target at a sign-up, those that a trigger runs before those that none does. `facts` say which
 * have to do with the target, also where they name it without a schema. Pure.
 */
export function triggerMappings(
  code: readonly SignUpCode[],
  { source }: Facts,
  target: Name,
  key: string,
): TriggerMapping[] {
  const signUps = source?.signUps;
  const running = signUps?.triggers.filter(({ insert, mentions }) => insert && mentions) ?? [];
  const strays = signUps?.strays.map((stray) => stray.function) ?? [];
  const about = code.filter((each) =>
    each.trigger === null ? strays.includes(each.function) : running.some(({ name }) => name === each.trigger),
  );
  const conditional = (name: string | null) =>
    signUps?.triggers.some((trigger) => trigger.name === name && trigger.conditional) ?? false;
  return about.map((each) => mappingIn(each, { target, key, conditional: conditional(each.trigger) }));
}

function mappingIn(
  code: SignUpCode,
  { target, key, conditional }: { target: Name; key: string; conditional: boolean },
): TriggerMapping {
  const read = readCode(code.text);
  const [insert, ...others] = insertsInto(read, target);
  const unread = (why: string): TriggerMapping => ({ code, unread: why, partial: conditional, columns: new Map() });
  if (!insert) return unread('it does not insert into the table itself');
  if (others.length > 0) return unread('it inserts into the table in more than one place');
  if ('why' in insert) return unread(insert.why);
  if (read.changesNew) return unread('it changes the new row before it reads it');
  const columns = new Map(
    insert.columns.flatMap(({ name, value }) => (value ? [[name, { own: shown(value), tokens: value }] as const] : [])),
  );
  if (!/^new\.("id"|id)(::(text|uuid))?$/i.test(columns.get(key)?.own ?? ''))
    return unread(`it does not write new.id into ${key}`);
  return { code, unread: null, partial: conditional || read.branches, columns };
}

function shown(tokens: readonly Token[]): string {
  const text = spelled(tokens);
  return holdsKey(text) ? 'what may be a key' : text;
}

/** On one line, without comments. */
function spelled(tokens: readonly Token[]): string {
  return tokens
    .map(({ raw, at }, index) => {
      const before = tokens[index - 1];
      return before && at > before.at + before.raw.length ? ` ${raw}` : raw;
    })
    .join('');
}

/** The same for whoever comes by, such as the organisation of those whom a branch is about. */
function isFixed(tokens: readonly Token[]): boolean {
  const varies = ['new', 'null', 'gen_random_uuid'];
  return !tellsTime(tokens) && tokens.every(({ kind, word }) => kind !== 'name' || !varies.includes(word));
}

/** The value as an expression over `u`, or why the proposal does without it. */
export function taken(
  { tokens }: Written,
  { column, partial, volatile, inferred }: Circumstances,
): { sql: string } | { why: string } {
  if (column.generated || column.identity) return { why: 'the database computes the column' };
  if (holdsKey(spelled(tokens))) return { why: 'a key has no place in a configuration' };
  if (partial && (isPrivilege(column.name) || isFixed(tokens))) return { why: 'not everybody may get that there' };
  const found = overSource(tokens);
  if ('why' in found) return found;
  // Only to look, an expression is evaluated for somebody: that must not send, write or count anything.
  const deed = tokens.find(({ word }, at) => tokens[at + 1]?.word === '(' && volatile.includes(word));
  if (deed) return { why: `${deed.word}() may do more than compute a value; --set takes it all the same` };
  if (isPrivilegeFromMetadata(column.name, found.sql)) return { why: 'users could give themselves the privilege' };
  if (inferred !== undefined && tellsTime(tokens)) return { why: 'in a trigger that is the moment of the sign-up' };
  if (!column.notNull || isNeverNull(tokens)) return found;
  // Where the trigger writes NULL, the sign-up fails or the user is lost: those are the missing ones.
  if (column.default !== null) return { sql: orDefault(found.sql, column) };
  const otherwise = inferred === undefined || inferred === found.sql ? null : inferred;
  return { sql: otherwise === null ? found.sql : `coalesce(${found.sql}, ${otherwise})` };
}
