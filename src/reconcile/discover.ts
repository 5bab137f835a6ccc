import { Fault } from '../fault.ts';
import type { Candidate } from '../port.ts';
import { display, type Name } from '../sql/name.ts';
import type { Asked, Command } from './job.ts';
import { shellWord } from './shell-word.ts';

const USUAL_TABLES = new Set(['users', 'profiles', 'user', 'profile']);
const USUAL_KEYS = new Set(['id', 'user_id', 'auth_id', 'auth_user_id', 'profile_id', 'uid', 'uuid']);
const LISTED = 8;

/** What was asked for, for the commands that a Fault lists. */
interface Asking {
  command: Command | 'doctor' | 'init' | `sql ${string}`;
  /** The key that was named; null: none was. */
  key: string | null;
}

/**
 * The table and the key that a run means, as far as they were not named. Where more than one could be meant, or none, a
 * Fault that lists the candidates as commands ready to type. Pure.
 */
export function aimOf(
  { config, keyGiven }: Pick<Asked, 'config' | 'keyGiven'>,
  candidates: readonly Candidate[],
  command: Asking['command'],
): { target: Name; key: string } {
  const asked = { command, key: keyGiven ? config.key : null };
  const { target } = config;
  return target ? { target, key: chooseKey(candidates, target, asked) } : chooseTarget(candidates, asked);
}

/** The one table that references the source and has a usual name, with its key. */
function chooseTarget(candidates: readonly Candidate[], asked: Asking): { target: Name; key: string } {
  const fitting = candidates.filter(({ key }) => asked.key === null || key === asked.key);
  const usual = fitting.filter(({ target }) => USUAL_TABLES.has(target.name.toLowerCase()));
  const referring = usual.filter(({ references }) => references);
  const [table, ...others] = new Set(referring.map(({ target }) => display(target)));
  if (table === undefined) throw unknown('no target table is named', fitting, asked);
  if (others.length > 0) throw unknown('several tables could be the target', fitting, asked);
  const columns = usual.filter(({ target }) => display(target) === table);
  const [best, ...rivals] = likeliest(columns);
  if (best && rivals.length === 0) return { target: best.target, key: best.key };
  throw unknown(`several columns of ${table} could hold the auth id`, columns, asked);
}

/** The key of a table that was named without one: `id`, unless another column is the one that holds auth ids. */
function chooseKey(candidates: readonly Candidate[], target: Name, asked: Asking): string {
  const columns = candidates.filter((candidate) => display(candidate.target) === display(target));
  const [best, ...rivals] = likeliest(columns);
  if (!best || [best, ...rivals].every(isUncertain)) return 'id';
  if (rivals.length === 0) return best.key;
  throw unknown(`several columns of ${display(target)} could hold the auth id`, [best, ...rivals], asked);
}

/** The columns that most likely hold the auth id: more than one where nothing tells them apart. */
function likeliest(columns: readonly Candidate[]): Candidate[] {
  const most = Math.max(...columns.map(likelihood));
  return columns.filter((column) => likelihood(column) === most);
}

/**
 * A foreign key says that a column holds auth ids, not whose: `invited_by` has one, too. A column without one may be the
 * auth id all the same, unless the table makes its values up itself.
 */
function likelihood({ key, references, unique, filled }: Candidate): number {
  const usual = USUAL_KEYS.has(key.toLowerCase());
  if (references && usual) return unique ? 5 : 4;
  if (!references) return usual && unique && !filled ? 3 : 0;
  return unique ? 3 : 1;
}

function isUncertain(candidate: Candidate): boolean {
  return likelihood(candidate) <= 1;
}

function unknown(message: string, candidates: readonly Candidate[], { command }: Asking): Fault {
  const fix = candidates.length > 0 ? `name it: ${commandsFor(candidates, command)}` : NO_IDEA;
  return new Fault('target_unknown', message, { fix });
}

const NO_IDEA = 'name it with --target, e.g. --target public.users, or as "target" in userdrift.config.json';

function commandsFor(candidates: readonly Candidate[], command: Asking['command']): string {
  const commands = candidates
    .slice(0, LISTED)
    .map(({ target, key }) => `userdrift ${command} --target ${shellWord(display(target))} --key ${shellWord(key)}`);
  return [...commands, ...(candidates.length > LISTED ? [`and ${candidates.length - LISTED} more`] : [])].join(' | ');
}
