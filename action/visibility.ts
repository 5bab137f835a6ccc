import { readFile } from 'node:fs/promises';
import type { Plan } from './inputs.ts';

/** The flag that leaves ids out, where others may read them: what a public repository shows, it shows to everybody. */
export async function idFlags(ids: Plan['ids'], eventFile: string | undefined): Promise<string[]> {
  const event = eventFile ? await readFile(eventFile, 'utf8').catch(() => null) : null;
  return ids === 'always' || (ids === 'auto' && isPrivate(event)) ? [] : ['--no-ids'];
}

/**
 * Do only the people of the repository read its logs? `event` is the payload of the event, as text; it names the
 * repository on every event, `schedule` included. Whatever is not known to be private counts as public, and so does
 * `internal`, which a whole enterprise reads.
 */
function isPrivate(event: string | null): boolean {
  const repository: unknown = field(parsed(event), 'repository');
  const visibility = field(repository, 'visibility');
  return visibility === undefined ? field(repository, 'private') === true : visibility === 'private';
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    return null;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
