import type { Facts, Finding, SourceTrigger } from '../facts.ts';
import type { Site } from '../postgres/installed.ts';
import type { Job } from '../reconcile/job.ts';
import { inferredNote } from '../reconcile/preflight.ts';
import type { SqlKind } from '../sql/kinds.ts';
import { COPY_FUNCTION, COPY_TRIGGER } from '../sql/trigger.ts';
import { POST_FUNCTION } from '../sql/webhook.ts';

/** What was found on the way. */
interface Seen {
  site: Site;
  facts: Facts | null;
  found: readonly Finding[];
  /** The job whose columns the table suggested; null: the configuration has them. */
  inferred: Job | null;
}

/** What a person should know before applying the SQL, for its header. */
export function notesOf(kind: SqlKind, { site, facts, found, inferred }: Seen): string[] {
  return [
    ...found.filter(({ code }) => code === 'privilege_from_metadata').map(({ fact, fix }) => `${fact}: ${fix}.`),
    ...(inferred ? [inferredNote(inferred)].map(({ message, fix }) => `${message}; ${fix}`) : []),
    ...(kind === 'trigger' ? [...rivals(facts), ...pathless(site)] : []),
    ...(kind === 'webhook' ? requirements(site) : []),
  ];
}

/** Triggers on auth.users fire in the order of their names, and theirs may not expect to find the row. */
function rivals(facts: Facts | null): string[] {
  const others = (facts?.source?.signUps?.triggers ?? []).filter(
    ({ enabled, insert, function: run }) => enabled && insert && run !== COPY_FUNCTION && run !== POST_FUNCTION,
  );
  return others
    .filter(({ mentions }) => mentions)
    .map(({ name, function: run }) =>
      unquoted(name) < COPY_TRIGGER
        ? `trigger ${name} on auth.users runs ${run}, which writes to the table as well. Two writers are harmless: whichever comes second finds the row there and leaves it alone.`
        : `trigger ${name} on auth.users fires after this one, and ${run} writes to the table as well: without "on conflict do nothing" it would fail on the row that is there by then, and the sign-up with it.`,
    );
}

function unquoted(name: SourceTrigger['name']): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

function pathless({ pathless: triggers }: Site): string[] {
  return triggers.map(
    ({ trigger, function: run }) =>
      `trigger ${trigger} of the table runs ${run}, which has no search_path of its own. If it names anything without a schema, no sign-up will be copied until: alter function ${run} set search_path = public, extensions;`,
  );
}

function requirements({ pgNet, hmac }: Site): string[] {
  return [
    ...(pgNet ? [] : ['pg_net is not installed here, so nothing is posted until: create extension pg_net;']),
    ...(hmac
      ? []
      : [
          'pgcrypto is not in schema extensions, so nothing is posted until: create extension pgcrypto schema extensions;',
        ]),
  ];
}
