import { Fault } from '../fault.ts';
import type { Note } from '../report.ts';

/** Where the Data API of a project is, and the key to it. */
export interface Address {
  url: string;
  /** a secret */
  key: string;
  host: string;
  notes: Note[];
}

const WHERE = 'the dashboard shows it under Project Settings, Data API: https://<project ref>.supabase.co';
const WHICH = 'use a secret key (sb_secret_…; dashboard: Project Settings, API Keys)';

/**
 * Reads SUPABASE_URL and a secret key. Throws a Fault; neither its text nor a note quotes the key.
 * `legacy`: the key came in SUPABASE_SERVICE_ROLE_KEY.
 */
export function parseHttpAddress(url: string, key: string, { legacy = false } = {}): Address {
  const name = legacy ? 'SUPABASE_SERVICE_ROLE_KEY' : 'SUPABASE_SECRET_KEY';
  const parsed = parseUrl(url);
  refuseWrongKey(key, name);
  return { url: parsed.origin, key, host: parsed.host, notes: legacy ? [LEGACY] : [] };
}

const LEGACY: Note = {
  code: 'legacy_key',
  message: 'SUPABASE_SERVICE_ROLE_KEY is deprecated: keys of that kind go away by the end of 2026',
  fix: 'make a secret key (dashboard: Project Settings, API Keys) and set SUPABASE_SECRET_KEY',
};

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw invalid('is not a URL', WHERE);
  if (url.username !== '' || url.password !== '') throw invalid('holds a user or a password', WHERE);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') throw invalid('holds more than a host', WHERE);
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw invalid('is not encrypted, and userdrift sends no key in the clear', 'write https:// in front of the host');
  }
  return url;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function invalid(what: string, fix: string): Fault {
  return new Fault('supabase_url_invalid', `SUPABASE_URL ${what}`, { fix });
}

/** A key of the wrong kind would be refused as well, but only by the database, and with less to say. */
function refuseWrongKey(key: string, name: string): void {
  const kind = kindOf(key);
  if (kind === null) return;
  throw new Fault('supabase_key_invalid', `${name} holds ${kind}`, { fix: WHICH });
}

/** What a key is that is no secret key; null: it may be one. */
function kindOf(key: string): string | null {
  if (!/^[\x21-\x7e]+$/.test(key)) return 'characters that no key has';
  if (key.startsWith('sb_publishable_')) return 'a publishable key, which may not call the functions';
  if (key.startsWith('sb_')) return /^sb_(secret|temp)_/.test(key) ? null : 'a key of a kind that is not known';
  const role = roleIn(key);
  return role === null || role === 'service_role'
    ? null
    : `a key of the role ${role}, which may not call the functions`;
}

/** The role that a legacy key names; null: it is no such key, or names one that is no plain word. */
function roleIn(key: string): string | null {
  const [, payload] = /^[\w-]+\.([\w-]+)\.[\w-]+$/.exec(key) ?? [];
  if (payload === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const role: unknown = typeof claims === 'object' && claims !== null ? Reflect.get(claims, 'role') : null;
    return typeof role === 'string' && /^[a-z_]{1,40}$/.test(role) ? role : null;
  } catch {
    return null;
  }
}
