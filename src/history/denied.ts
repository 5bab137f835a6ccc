import { Fault } from '../fault.ts';

/** What to say where the history is installed and closed to whoever asks. */
export function denied(cause: unknown): Fault {
  return new Fault('history_denied', 'this role may not read the history (42501)', {
    verdict: 'inconclusive',
    fix: 'grant execute on function public.userdrift_history(integer, text) to this role, or connect as postgres',
    cause,
  });
}
