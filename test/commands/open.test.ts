import { expect, test } from 'vitest';
import { openDatabase } from '../../src/commands/open.ts';
import { envOf } from '../../src/config/env.ts';
import { parseConfig } from '../../src/config/load.ts';
import { Fault } from '../../src/fault.ts';

const options = { runId: 'open', concurrency: 1, signal: new AbortController().signal, onRetry: () => {} };
const SUPABASE_URL = 'https://abc.supabase.co';
const KEY = 'sb_secret_x';

const open = (env: Record<string, string>, transport?: 'postgres' | 'http', config: object = {}) => {
  const read = parseConfig(JSON.stringify(config), 'test');
  return openDatabase(envOf(env), { config: { ...read, key: 'id' } }, transport, options);
};

async function faultOf(...args: Parameters<typeof open>): Promise<Fault> {
  const error: unknown = await open(...args).catch((thrown: unknown) => thrown);
  if (error instanceof Fault) return error;
  throw new TypeError('it was opened');
}

test.each([
  ['the URL and the key alone', { SUPABASE_URL, SUPABASE_SECRET_KEY: KEY }, undefined],
  ['a legacy key', { SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY: KEY }, undefined],
  [
    '--transport http',
    { SUPABASE_URL, SUPABASE_SECRET_KEY: KEY, DATABASE_URL: 'postgresql://nobody' },
    'http' as const,
  ],
])('%s leads over HTTP', async (_, env, transport) => {
  const port = await open(env, transport);
  expect(port).toMatchObject({ transport: 'http', address: { host: 'abc.supabase.co', user: 'service_role' } });
  await port.close('settle');
});

test('of two keys the new one is taken, without a warning', async () => {
  const port = await open({ SUPABASE_URL, SUPABASE_SECRET_KEY: KEY, SUPABASE_SERVICE_ROLE_KEY: 'old key' });
  expect(port.notes).toEqual([]);
});

test.each([
  ['nothing is set', {}, undefined, 'database_url_missing', /DATABASE_URL is not set/],
  ['a URL without a key', { SUPABASE_URL }, undefined, 'database_url_missing', /DATABASE_URL is not set/],
  [
    '--transport postgres',
    { SUPABASE_URL, SUPABASE_SECRET_KEY: KEY },
    'postgres' as const,
    'database_url_missing',
    /./,
  ],
  ['--transport http without a key', { SUPABASE_URL }, 'http' as const, 'supabase_env_missing', /^SUPABASE_SECRET_KEY/],
  [
    '--transport http without a URL',
    { SUPABASE_SECRET_KEY: KEY },
    'http' as const,
    'supabase_env_missing',
    /^SUPABASE_URL/,
  ],
  ['a bad URL', { SUPABASE_URL: 'abc', SUPABASE_SECRET_KEY: KEY }, undefined, 'supabase_url_invalid', /^SUPABASE_URL/],
  [
    'a bad key',
    { SUPABASE_URL, SUPABASE_SECRET_KEY: 'sb_publishable_x' },
    undefined,
    'supabase_key_invalid',
    /^SUPABASE_SECRET_KEY/,
  ],
  [
    'a bad old key',
    { SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY: 'a b' },
    undefined,
    'supabase_key_invalid',
    /^SUPABASE_SERVICE/,
  ],
])('%s: a fault that names what to set', async (_, env, transport, code, message) => {
  const fault = await faultOf(env, transport);
  expect(fault).toMatchObject({ code, message: expect.stringMatching(message) });
  if (code === 'database_url_missing') expect(fault.fix).toContain('SUPABASE_URL and SUPABASE_SECRET_KEY');
});

test.each([
  ['refresh', { columns: { email: 'u.email' }, refresh: ['email'] }, 'refresh_over_http'],
  ['repair.function', { repair: { function: 'public.copy_user' } }, 'repair_over_http'],
])('%s is for DATABASE_URL', async (_, config, code) => {
  const env = { SUPABASE_URL, SUPABASE_SECRET_KEY: KEY };
  expect(await faultOf(env, undefined, config)).toMatchObject({ code, fix: expect.stringContaining('DATABASE_URL') });
});
