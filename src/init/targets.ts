import { Fault } from '../fault.ts';
import type { Prospect } from '../postgres/candidates.ts';
import type { SignUpCode } from '../postgres/sign-up-code.ts';
import { shellWord } from '../reconcile/shell-word.ts';
import { display, type Name } from '../sql/name.ts';
import { type Insert, readCode } from './insert-reader.ts';

/** A table and a key that may be meant, with what speaks for it. */
export interface Choice {
  target: Name;
  key: string;
  score: number;
  reasons: string[];
  /** A trigger writes the id of each new user there. */
  written: boolean;
}

const USUAL = /^(users?|profiles?)$/;
const RELATED =
  /^(app|auth)?_?(user_?profiles?|user_?accounts?|users|members?|accounts?|customers?|people|persons?|employees?|staff)$/;
const USUAL_KEY = /^(id|userid|authid|authuserid|profileid|uid|uuid|supabaseid|supabaseuserid|authuid)$/;
/** Less than this is no more than a guess. */
const LIKELY = 4;
/** So much more than the next table has, or a person decides. */
const CLEAR = 2;
const LISTED = 8;

/** The tables that may hold the users of the app, each with its likeliest key, the likeliest table first. Pure. */
export function rank(prospects: readonly Prospect[], code: readonly SignUpCode[]): Choice[] {
  const keys = code.flatMap((each) => (each.trigger === null ? [] : keysWritten(each)));
  const all = [...prospects, ...unlisted(keys, prospects)].map((prospect) => judge(prospect, keys));
  const best = new Map<string, Choice>();
  for (const choice of all.sort((a, b) => b.score - a.score)) {
    const name = display(choice.target);
    if (!best.has(name)) best.set(name, choice);
  }
  return [...best.values()].filter(({ score }) => score > 0);
}

/** The one that stands out; null: a person has to say. */
export function clearChoice([first, second]: readonly Choice[]): Choice | null {
  if (!first || first.score < LIKELY) return null;
  return second && first.score - second.score < CLEAR ? null : first;
}

/** Lists what could be meant as commands ready to type. */
export function undecided(choices: readonly Choice[]): Fault {
  const commands = choices
    .slice(0, LISTED)
    .map(({ target, key }) => `userdrift init --target ${shellWord(display(target))} --key ${shellWord(key)}`);
  const message =
    choices.length > 0 ? 'several tables could be the target' : 'no table looks like the one of the users';
  const fix =
    choices.length > 0 ? `name it: ${commands.join(' | ')}` : 'name it with --target, e.g. --target public.users';
  return new Fault('target_unknown', message, { fix });
}

/** A column into which a trigger writes the id of who signs up. */
interface Written {
  trigger: string;
  table: Insert['table'];
  key: string;
}

function keysWritten({ trigger, text }: SignUpCode): Written[] {
  return readCode(text).inserts.flatMap((insert) => {
    if ('why' in insert) return [];
    const ids = insert.columns.filter(
      ({ value }) =>
        value
          ?.map(({ word }) => word)
          .join('')
          .replace(/::text$/, '') === 'new.id',
    );
    return ids.map(({ name }) => ({ trigger: trigger ?? '', table: insert.table, key: name }));
  });
}

/** Tables with unusual names that a trigger fills all the same. */
function unlisted(keys: readonly Written[], prospects: readonly Prospect[]): Prospect[] {
  return keys.flatMap(({ table, key }): Prospect[] => {
    const target = { schema: table.schema ?? 'public', name: table.name };
    const known = prospects.some((prospect) => isSame(prospect, { table, key }));
    return known ? [] : [{ target, key, references: false, unique: true, filled: false, text: false, personal: [] }];
  });
}

function isSame({ target, key }: Pick<Prospect, 'target' | 'key'>, written: Omit<Written, 'trigger'>): boolean {
  const { schema, name } = written.table;
  return target.name === name && (schema === null || target.schema === schema) && key === written.key;
}

function judge(prospect: Prospect, keys: readonly Written[]): Choice {
  const { target, key, references, unique, filled, text, personal } = prospect;
  const writer = keys.find((written) => isSame(prospect, written));
  const usualKey = USUAL_KEY.test(key.replaceAll('_', '').toLowerCase());
  const evidence: [boolean, number, string][] = [
    [writer !== undefined, 6, `trigger ${writer?.trigger} writes the id of each new user into ${key}`],
    [references, 4, `${key} references auth.users`],
    [USUAL.test(target.name.toLowerCase()), 3, `it is called ${target.name}`],
    [
      RELATED.test(target.name.toLowerCase()) && !USUAL.test(target.name.toLowerCase()),
      2,
      `it is called ${target.name}`,
    ],
    [personal.length > 0, 1, `it has ${personal.slice(0, 3).join(', ')}`],
    [unique && usualKey && !filled, 1, ''],
    [!unique, -5, ''],
    [filled && !references && !writer, -4, ''],
    [text && !writer, -1, ''],
  ];
  const holds = evidence.filter(([is]) => is);
  return {
    target,
    key,
    written: writer !== undefined,
    score: holds.reduce((sum, [, weight]) => sum + weight, 0),
    reasons: holds.map(([, , reason]) => reason).filter((reason) => reason !== ''),
  };
}
