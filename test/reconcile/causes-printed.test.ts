import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { codesOf, doctor } from '../support/doctor.ts';
import { run, TEXTBOOK, TEXTBOOK_TABLE } from '../support/job.ts';
import { insertUser } from '../support/people.ts';
import { apply, printed } from '../support/printed.ts';

/** What doctor says of the triggers that `userdrift sql` has printed. */
let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await insertUser(db);
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.query(`drop schema if exists userdrift, net, extensions cascade; drop schema public cascade;
    create schema public authorization postgres; create schema extensions; grant usage on schema extensions to postgres;
    create extension pgcrypto schema extensions; create schema net; grant usage on schema net to public;
    create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{}',
      timeout_milliseconds int default 5000) returns bigint language sql as 'select 1::bigint'`);
  await db.queryAsPostgres(TEXTBOOK_TABLE);
});

const install = async (kind: 'trigger' | 'webhook') => apply(db, await printed(kind, TEXTBOOK, db.url));
const causes = async () => (await doctor(db.url)).findings.filter(({ about }) => about === 'causes');

describe('the trigger of ours', () => {
  test('is no cause, although it swallows errors: on purpose, and with a warning', async () => {
    await install('trigger');
    const fact = 'trigger zz_userdrift_copy on auth.users runs userdrift.copy_user at each sign-up';
    expect(await causes()).toEqual([{ about: 'causes', level: 'ok', code: 'copied', fact, fix: null }]);
    expect((await run('check', { url: db.url })).causes).toEqual([]);
  });

  test('is one while it is disabled, and printed again it is not', async () => {
    await install('trigger');
    await db.query('alter table auth.users disable trigger zz_userdrift_copy');
    const [found, ...others] = (await run('check', { url: db.url })).causes;
    expect(others).toEqual([]);
    expect(found).toEqual({
      code: 'trigger_disabled',
      message: 'trigger zz_userdrift_copy on auth.users is disabled',
      fix: 'apply userdrift sql trigger again, which enables it',
    });
    await install('trigger');
    expect(codesOf(await doctor(db.url))).toEqual([]);
  });

  test('is one when the table has lost a column that it fills', async () => {
    await install('trigger');
    await db.queryAsPostgres('alter table public.users drop full_name');
    const found = (await causes()).find(({ code }) => code === 'trigger_columns_missing');
    expect(found?.fact).toBe('userdrift.copy_user fills full_name of public.users, which has no such column');
  });

  test('is not taken for one that makes another trigger sound', async () => {
    await db.queryAsPostgres(`create function public.handle() returns trigger language plpgsql security definer
      set search_path = '' as $$ begin insert into public.users (id) values (new.id); return new;
      exception when others then return new; end $$;
      create trigger handle after insert on auth.users for each row execute function public.handle()`);
    expect((await causes()).map(({ code }) => code)).toEqual(['trigger_swallows']);
    await install('trigger');
    expect((await causes()).map(({ level }) => level)).toEqual(['ok']);
  });
});

describe('the webhook of ours', () => {
  test('is what a webhook is, and gives nothing away', async () => {
    await install('webhook');
    expect((await causes()).map(({ code }) => code)).toEqual(['webhook']);
  });

  test('is named while it is disabled', async () => {
    await install('webhook');
    await db.query('alter table auth.users disable trigger zz_userdrift_post');
    expect((await causes()).map(({ code, fix }) => [code, fix])).toEqual([
      ['trigger_disabled', 'apply userdrift sql webhook again, which enables it'],
    ]);
  });

  test('is nothing to speak of beside the trigger', async () => {
    await install('webhook');
    await install('trigger');
    expect((await causes()).map(({ level }) => level)).toEqual(['ok']);
  });
});
