import { Webhook } from 'standardwebhooks';

/** The base64 of 24, 32 and 32 bytes. */
export const SECRET = 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const NEXT_SECRET = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=';
export const STRANGER = 'HxwdHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=';

export const URL = 'http://localhost/sync-user';
export const USER = '0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10';

/** An event as the trigger on auth.users sends it. */
export const event = (userId: unknown = USER) => ({
  type: 'user.created',
  user_id: userId,
  occurred_at: '2026-11-27T12:00:00.000Z',
});

/** The after-user-created hook of Supabase Auth, with what is nobody's business here. */
export const hook = (name = 'after-user-created', id: unknown = USER) => ({
  metadata: { uuid: crypto.randomUUID(), time: '2026-11-27T12:00:00Z', name, ip_address: '203.0.113.7' },
  user: { id, aud: 'authenticated', email: 'canary@example.com', user_metadata: { full_name: 'Canary' } },
});

interface Signing {
  secrets?: string[];
  /** how long ago it was signed */
  secondsAgo?: number;
  /** what is sent in place of what was signed */
  tampered?: string;
  headers?: Record<string, string>;
}

/** A request signed as Supabase Auth signs: with each of the secrets, the signatures joined by a comma and a blank. */
export function signed(payload: unknown, signing: Signing = {}): Request {
  const { secrets = [SECRET], secondsAgo = 0, headers = {} } = signing;
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const id = crypto.randomUUID();
  const at = new Date(Date.now() - secondsAgo * 1000);
  return new Request(URL, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': `${Math.floor(at.getTime() / 1000)}`,
      'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(', '),
      ...headers,
    },
    body: signing.tampered ?? body,
  });
}
