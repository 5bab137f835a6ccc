import { describe, expect, test } from 'vitest';
import { type BackfillOptions, type CheckOptions, Fault, reconcile, type SyncOptions } from '../../src/index.ts';

const connection = { databaseUrl: 'postgresql://postgres:secret-word@127.0.0.1:1/postgres' };

/** What a JavaScript caller could pass. */
function call(command: string, options: unknown): Promise<unknown> {
  return Reflect.apply(reconcile, null, [command, options]);
}

async function faultOf(command: string, options: unknown): Promise<Fault> {
  const error = await call(command, options).catch((thrown: unknown) => thrown);
  if (!(error instanceof Fault)) throw new Error('no Fault', { cause: error });
  expect(`${error.message}${error.fix}`).not.toContain('secret-word');
  return error;
}

test('every fault is told at once, each with its path, before anything is connected to', async () => {
  const fault = await faultOf('sync', {
    connection: { databaseUrl: 'postgresql://u:secret-word@h/d', secretKey: 'sb_secret_secret-word' },
    config: { target: 'public.users; --', kee: 'id' },
    since: 'yesterday',
    shard: '3/2',
    users: ['123'],
    maxDrift: -1,
    deadline: 60,
    ids: 'no',
    signal: new AbortController(),
    log: {},
    dryrun: true,
    concurrency: 0,
    batchSize: 10_001,
    failOn: 'anything',
    allowShare: '200%',
    allowTriggers: -1,
    maxWrites: 1.5,
    wait: 'long',
    onProgress: true,
  });
  expect(fault).toMatchObject({ code: 'options_invalid', verdict: 'usage' });
  const told = fault.message.split('; ').map((line) => line.split(': ')[0]);
  for (const path of [
    ...['connection', 'config.target', 'config.kee', 'since', 'shard', 'users.0', 'maxDrift', 'deadline', 'ids'],
    ...['signal', 'log', 'dryrun', 'concurrency', 'batchSize', 'failOn', 'allowShare', 'allowTriggers', 'maxWrites'],
    ...['wait', 'onProgress'],
  ]) {
    expect(told).toContain(path);
  }
  expect(fault.message).toContain('connection: expected { databaseUrl, caCert? } or { supabaseUrl, secretKey }');
  expect(fault.message).toContain('allowShare: expected a percentage from 0% to 100%, or true');
});

describe('what is wrong before a run', () => {
  test.each([
    ['no options', 'check', undefined, /^the options: /],
    ['no connection', 'check', {}, /^connection: /],
    ['a command of no run', 'doctor', { connection }, /none of check, sync and backfill/],
    ['an inherited name', 'toString', { connection }, /none of check, sync and backfill/],
    ['a check that writes', 'check', { connection, dryRun: true }, /^dryRun: unknown key$/],
    ['a backfill of a few', 'backfill', { connection, users: [] }, /^users: unknown key$/],
    ['nobody', 'check', { connection, users: [] }, /^users: /],
    [
      'users and a part',
      'check',
      { connection, users: ['0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10'], shard: '1/2' },
      /^users: not together with since or shard$/,
    ],
    ['a date that is none', 'check', { connection, since: new Date(Number.NaN) }, /^since: expected a date/],
    ['a future', 'check', { connection, since: new Date(Date.now() + 60_000) }, /^since: expected a date/],
  ])('%s', async (_, command, options, line) => {
    expect(await faultOf(command, options)).toMatchObject({
      code: 'options_invalid',
      message: expect.stringMatching(line),
    });
  });

  test.each([
    [{ databaseUrl: 'https://abc.supabase.co' }, 'database_url_is_api_url', /^databaseUrl holds/],
    [{ supabaseUrl: 'http://abc.supabase.co', secretKey: 'sb_secret_x' }, 'supabase_url_invalid', /^supabaseUrl is/],
    [{ supabaseUrl: 'https://abc.supabase.co', secretKey: 'sb_publishable_x' }, 'supabase_key_invalid', /^secretKey /],
  ])('a connection: %j, in the words of the options', async (given, code, message) => {
    expect(await faultOf('check', { connection: given })).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  test('what HTTP cannot do', async () => {
    const config = { columns: { email: 'u.email' }, refresh: ['email'] };
    const http = { supabaseUrl: 'https://abc.supabase.co', secretKey: 'sb_secret_x' };
    expect(await faultOf('sync', { connection: http, config })).toMatchObject({ code: 'refresh_over_http' });
  });
});

test('the types refuse what is refused', async () => {
  // @ts-expect-error: a backfill is about everybody
  const backfill: BackfillOptions = { connection, users: ['0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10'] };
  // @ts-expect-error: a check writes nothing
  const writing: CheckOptions = { connection, dryRun: true };
  // @ts-expect-error: one way or the other
  const neither: SyncOptions = { connection: { supabaseUrl: 'https://abc.supabase.co' } };
  // @ts-expect-error: a table has a name
  const nameless: CheckOptions = { connection, config: { target: 1 } };
  const refused = [faultOf('backfill', backfill), faultOf('check', writing), faultOf('sync', neither)];
  for (const fault of await Promise.all([...refused, faultOf('check', nameless)])) {
    expect(fault.code).toBe('options_invalid');
  }
});
