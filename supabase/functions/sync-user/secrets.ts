import { Webhook } from 'standardwebhooks';

/** The secrets that a request may be signed with, or why there are none: then every request is refused. */
export type Secrets = { verifiers: readonly Webhook[]; fault?: undefined } | { verifiers?: undefined; fault: string };

/** Below this a secret can be guessed; the Standard Webhooks specification and Supabase Auth ask for as much. */
const SHORTEST_SECRET_BYTES = 24;

/**
 * Reads SYNC_USER_WEBHOOK_SECRET: one secret, or several separated by `|` while one replaces another. Each is
 * `whsec_<base64>`, with `v1,` in front as Supabase Auth writes it, or the bare base64. One that is wrong refuses them
 * all: it would look like a rotation that nobody can sign for.
 */
export function readSecrets(text: string | undefined): Secrets {
  const parts = (text ?? '').split('|').map((part) => part.trim()).filter((part) => part !== '');
  if (parts.length === 0) return { fault: 'SYNC_USER_WEBHOOK_SECRET is not set' };
  const bad = parts.findIndex((part) => !isSecret(part));
  if (bad !== -1) {
    const which = parts.length === 1 ? '' : `: number ${bad + 1} of ${parts.length}`;
    return { fault: `SYNC_USER_WEBHOOK_SECRET is not whsec_ and the base64 of 24 bytes or more${which}` };
  }
  return { verifiers: parts.map((part) => new Webhook(bare(part))) };
}

/** The library takes the secret without `v1,`, and anything that it can decode. */
function bare(secret: string): string {
  return secret.replace(/^v1,/, '').replace(/^whsec_/, '');
}

function isSecret(secret: string): boolean {
  try {
    return atob(bare(secret)).length >= SHORTEST_SECRET_BYTES;
  } catch {
    return false;
  }
}
