import { Fault } from '../fault.ts';
import type { Candidate } from '../port.ts';
import { display, type Name } from '../sql/name.ts';
import type { Command } from './job.ts';
import { shellWord } from './shell-word.ts';

const USUAL = new Set(['users', 'profiles', 'user', 'profile']);
const LISTED = 8;

/**
 * The one table that references the source and has a usual name. Several or none: a Fault that lists the candidates as
 * commands ready to type. Pure.
 */
export function chooseTarget(
  candidates: readonly Candidate[],
  asked: { command: Command | 'doctor'; key: string | null },
): { target: Name; key: string } {
  const fitting = candidates.filter(({ key }) => asked.key === null || key === asked.key);
  const usual = fitting.filter(({ references, target }) => references && USUAL.has(target.name.toLowerCase()));
  const tables = new Set(usual.map(({ target }) => display(target)));
  // A table may reference auth.users more than once (id, invited_by): the auth id is what is unique.
  const [first, second] = [...usual].sort((a, b) => Number(b.unique) - Number(a.unique));
  const clear = tables.size === 1 && first && (!second || first.unique !== second.unique);
  if (clear) return { target: first.target, key: first.key };
  throw new Fault(
    'target_unknown',
    tables.size > 1 ? 'several tables could be the target' : 'no target table is named',
    {
      fix: fitting.length > 0 ? `name it: ${commandsFor(fitting, asked.command)}` : NO_IDEA,
    },
  );
}

const NO_IDEA = 'name it with --target, e.g. --target public.users, or as "target" in userdrift.config.json';

function commandsFor(candidates: readonly Candidate[], command: Command | 'doctor'): string {
  const commands = candidates
    .slice(0, LISTED)
    .map(({ target, key }) => `userdrift ${command} --target ${shellWord(display(target))} --key ${shellWord(key)}`);
  return [...commands, ...(candidates.length > LISTED ? [`and ${candidates.length - LISTED} more`] : [])].join(' | ');
}
