import { masked } from '../config/masked.ts';
import type { Parsed } from './parsed.ts';

/** What a line may run. */
const RUNNABLE = new Set(['check', 'sync', 'alert', 'doctor']);

/** Flags of npx that change nothing about what is run. */
const NPX_FLAGS = new Set(['-y', '--yes', '--no', '--no-install', '--offline', '--prefer-offline']);

/** The arguments of userdrift in the words of a line (`userdrift …`, `/path/to/userdrift …`, `npx userdrift …`). */
export function argumentsIn(words: readonly string[]): Parsed<string[]> {
  const rest = afterProgram(words);
  if (rest === null) return { faults: [`begins with "${shown(words[0])}"${remedyFor(words)}`] };
  const [command = ''] = rest;
  if (command === 'backfill') {
    return {
      faults: [
        'backfill lifts the limits that stop an accident, so a person runs it; write sync, with --max-writes if need be',
      ],
    };
  }
  if (RUNNABLE.has(command)) return { value: rest };
  const given = command === '' ? 'no command' : `"${shown(command)}"`;
  return { faults: [`${given} after userdrift; write one of ${[...RUNNABLE].join(', ')}`] };
}

/** Of a variable the name alone: its value may be a token. */
function shown(word = ''): string {
  return masked(word).replace(/^(\w+)=.*$/s, '$1=***');
}

function afterProgram([program = '', ...rest]: readonly string[]): string[] | null {
  if (program === 'npx') {
    const name = rest.findIndex((word) => !NPX_FLAGS.has(word));
    return rest[name] === 'userdrift' ? rest.slice(name + 1) : null;
  }
  return /^(.*[/\\])?userdrift(\.js|\.cmd)?$/.test(program) ? rest : null;
}

function remedyFor([program = '', second = '']: readonly string[]): string {
  if (/^\w+=/.test(program)) return '; a variable stands on a line of its own, above';
  if (/^(.*\/)?userdrift/.test(second)) {
    return '; a line starts with userdrift itself, without a user name, flock, timeout or node before it';
  }
  return '; only userdrift can be run here: userdrift check, sync, alert or doctor';
}
