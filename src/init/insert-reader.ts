import type { Name } from '../sql/name.ts';
import { type Token, tokensOf } from '../sql/tokens.ts';

/** An INSERT of a function that gives each listed column one expression. */
export interface Insert {
  /** schema null: named without one */
  table: { schema: string | null; name: string };
  /** The value of each column, in the function's own words; null: `default`. */
  columns: { name: string; value: Token[] | null }[];
}

/** An INSERT that is not of that shape, and why. */
export interface Unread {
  table: Insert['table'];
  why: string;
}

/** What a function in PL/pgSQL inserts, where. */
export interface Code {
  inserts: (Insert | Unread)[];
  /** It has branches or loops, so that not everybody may come by. */
  branches: boolean;
  /** It changes the new row before, so that `new.x` is not what was stored. */
  changesNew: boolean;
}

/**
 * Reads what a trigger function inserts: `insert into t (a, b) values (x, y)` or `select x, y`, and no other shape. It does
 * not know the language: what could be anything else is left unread.
 */
export function readCode(source: string): Code {
  const tokens = tokensOf(source);
  const starts = tokens.flatMap((token, at) => (isWord(token, 'insert') && isWord(tokens[at + 1], 'into') ? [at] : []));
  return {
    inserts: starts.flatMap((at) => readInsert(tokens.slice(at + 2)) ?? []),
    branches: tokens.some((token, at) => isBranch(token, tokens[at - 1])),
    changesNew: tokens.some((token, at) => isWord(token, 'new') && isAssigned(tokens.slice(at), tokens[at - 1])),
  };
}

/** The inserts into one table; a name without a schema counts, for the search_path decides. */
export function insertsInto({ inserts }: Code, { schema, name }: Name): (Insert | Unread)[] {
  return inserts.filter(({ table }) => table.name === name && (table.schema === null || table.schema === schema));
}

/** The expression `case` ends with `end`, the statement with `end case`. */
function isBranch(token: Token, before: Token | undefined): boolean {
  const words = ['if', 'loop', 'while', 'elsif', 'foreach'];
  return words.some((word) => isWord(token, word)) || (isWord(token, 'case') && isWord(before, 'end'));
}

/** `=` assigns where a statement begins; elsewhere it compares. `into` assigns as well. */
function isAssigned([, dot, , afterField]: readonly Token[], before: Token | undefined): boolean {
  if (isWord(before, 'into')) return true;
  const sign = dot?.word === '.' ? afterField : dot;
  const begins = before?.word === ';' || ['begin', 'then', 'else', 'loop'].some((word) => isWord(before, word));
  return sign?.word === ':=' || (sign?.word === '=' && begins);
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === 'name' && token.word === word;
}

function isName(token: Token | undefined): token is Token {
  return token?.kind === 'name' || token?.kind === 'quoted';
}

/** `tokens` begin after `insert into`; null: not even a table. */
function readInsert(tokens: readonly Token[]): Insert | Unread | null {
  const [first, dot, second] = tokens;
  if (!isName(first)) return null;
  const qualified = dot?.word === '.' && isName(second);
  const table = qualified ? { schema: first.word, name: second.word } : { schema: null, name: first.word };
  const unread = (why: string): Unread => ({ table, why });
  const list = group(tokens.slice(qualified ? 3 : 1));
  if (!list) return unread('it does not list its columns');
  const names = list.parts.map(([name, ...more]) => (isName(name) && more.length === 0 ? name.word : null));
  const values = valuesOf(list.rest);
  if (typeof values === 'string') return unread(values);
  if (names.includes(null) || names.length !== values.length) return unread('its columns and values do not pair up');
  return { table, columns: names.map((name, at) => ({ name: name ?? '', value: values[at] ?? null })) };
}

/** One value for each column, or why it cannot be told. */
function valuesOf(tokens: readonly Token[]): (Token[] | null)[] | string {
  const [verb] = tokens;
  if (isWord(verb, 'values')) {
    const row = group(tokens.slice(1));
    if (!row || !isEnd(row.rest[0])) return 'it inserts more than one row';
    return row.parts.map((part) => (part.length === 1 && isWord(part[0], 'default') ? null : part));
  }
  if (!isWord(verb, 'select')) return 'it takes its values from elsewhere';
  const { parts, rest } = split(tokens.slice(1));
  const plain = isEnd(rest[0]) && !parts.some((part) => part.length === 0 || isWord(part[0], 'distinct'));
  return plain ? parts.map(withoutAlias) : 'it selects its values from other rows, or for some users only';
}

/** `new.email as mail` and `new.email` are the same to an INSERT. */
function withoutAlias(part: Token[]): Token[] {
  let depth = 0;
  const at = part.findIndex((token) => {
    depth += step(token);
    return depth === 0 && isWord(token, 'as');
  });
  return at < 0 ? part : part.slice(0, at);
}

function isEnd(token: Token | undefined): boolean {
  return token?.word === ';' || isWord(token, 'on') || isWord(token, 'returning');
}

/** What follows the values of a SELECT at its own level. */
const CLAUSES = [
  'from',
  'where',
  'into',
  'union',
  'intersect',
  'except',
  'group',
  'having',
  'order',
  'limit',
  'window',
];

/** The parts between commas, at this level, up to what cannot belong to them. */
function split(tokens: readonly Token[]): { parts: Token[][]; rest: readonly Token[] } {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const [at, token] of tokens.entries()) {
    const last = parts.at(-1) ?? [];
    // `is distinct from` compares.
    const clause = CLAUSES.some((word) => isWord(token, word)) && !isWord(last.at(-1), 'distinct');
    if (depth === 0 && (isEnd(token) || clause || token.word === ')')) return { parts, rest: tokens.slice(at) };
    depth += step(token);
    if (depth === 0 && token.word === ',') parts.push([]);
    else last.push(token);
  }
  return { parts, rest: [] };
}

/** The same within parentheses; null: there are none. */
function group(tokens: readonly Token[]): { parts: Token[][]; rest: readonly Token[] } | null {
  if (tokens[0]?.word !== '(') return null;
  const { parts, rest } = split(tokens.slice(1));
  return rest[0]?.word === ')' ? { parts, rest: rest.slice(1) } : null;
}

function step({ kind, word }: Token): number {
  if (kind !== 'sign') return 0;
  if (word === '(' || word === '[') return 1;
  return word === ')' || word === ']' ? -1 : 0;
}
