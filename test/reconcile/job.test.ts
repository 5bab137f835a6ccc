import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { over, run as runOverPostgres, TEXTBOOK, TEXTBOOK_TABLE } from '../support/job.ts';
import { ago, insertUser, KINDS, type Kind, twelveKinds } from '../support/people.ts';
import { TRANSPORTS } from '../support/transport.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.query('drop table if exists public.users cascade; delete from auth.users');
  await db.queryAsPostgres(TEXTBOOK_TABLE);
});

const rows = () =>
  db.query<{ id: string; row: string }>(`select id, (xmin, ctid, p)::text as row from public.users p order by id`);
const present = async () => new Set((await rows()).map(({ id }) => id));

describe.each(TRANSPORTS)('over %s', (transport) => {
  const run = over(transport);

  describe('twelve kinds of user', () => {
    test('those who are expected get a row, the others none, and a second run writes nothing', async () => {
      const people = await twelveKinds(db);
      const byKind = (kind: Kind) => people[kind];
      const expected = KINDS.filter((kind) => byKind(kind).expected === 'missing');

      const check = await run('check', { url: db.url });
      expect(check).toMatchObject({ verdict: 'drift', exitCode: 2, drift: { missing: expected.length, stale: null } });
      expect(check.excluded).toEqual({ deleted: 1, anonymous: 1, sso: 0, grace: 1, filtered: 0 });
      expect(check.source.total).toBe(12);
      expect(await present()).toEqual(new Set());

      const sync = await run('sync', { url: db.url });
      expect(sync).toMatchObject({ verdict: 'repaired', exitCode: 0, residual: { missing: 0, stale: 0, arrived: 1 } });
      expect(sync.repair).toMatchObject({ scanned: expected.length, inserted: expected.length });
      expect(await present()).toEqual(new Set(expected.map((kind) => byKind(kind).id)));

      const before = await rows();
      const again = await run('backfill', { url: db.url });
      expect(again).toMatchObject({ verdict: 'in_sync', exitCode: 0, repair: { scanned: 0, inserted: 0 } });
      expect(await rows()).toEqual(before);
    });

    test('rows that were there before are byte-identical after a backfill', async () => {
      const people = await twelveKinds(db);
      await db.query(`insert into public.users (id, email, full_name) values ($1, 'the app wrote this', 'and this')`, [
        people.fullMetadata.id,
      ]);
      const [before] = await rows();
      const report = await run('backfill', { url: db.url });
      expect(report.verdict).toBe('repaired');
      expect(await rows()).toContainEqual(before);
    });

    test('the target has the values of the mapping, read when they are written', async () => {
      const { fullMetadata } = await twelveKinds(db);
      await run('sync', { url: db.url });
      const [row] = await db.query(
        'select p.email = u.email and p.created_at = u.created_at as same from public.users p join auth.users u using (id) where id = $1',
        [fullMetadata.id],
      );
      expect(row).toEqual({ same: true });
    });
  });

  describe('classes', () => {
    test('each user without a row falls in the first of deleted, anonymous, sso, filtered, grace', async () => {
      const young = ago({ seconds: 1 });
      await insertUser(db, { deleted_at: ago({ hours: 1 }), is_anonymous: true, is_sso_user: true, created_at: young });
      await insertUser(db, { is_anonymous: true, is_sso_user: true, created_at: young });
      await insertUser(db, { is_sso_user: true, created_at: young });
      await insertUser(db, { created_at: young, raw_app_meta_data: { provider: 'filtered' } });
      await insertUser(db, { created_at: young });
      const config = { ...TEXTBOOK, skip: { sso: true, where: "u.raw_app_meta_data->>'provider' = 'filtered'" } };
      const report = await run('check', { url: db.url, config });
      expect(report.excluded).toEqual({ deleted: 1, anonymous: 1, sso: 1, filtered: 1, grace: 1 });
      expect(report).toMatchObject({ verdict: 'in_sync', drift: { missing: 0 } });
    });

    test('excluded counts users without a row only', async () => {
      const gone = await insertUser(db, { deleted_at: ago({ hours: 1 }) });
      await db.query('insert into public.users (id) values ($1)', [gone.id]);
      const report = await run('check', { url: db.url });
      expect(report.excluded.deleted).toBe(0);
      expect(report.verdict).toBe('in_sync');
    });

    test('a filter that is NULL skips nobody', async () => {
      await insertUser(db, { raw_app_meta_data: null });
      const config = { ...TEXTBOOK, skip: { where: "u.raw_app_meta_data->>'provider' = 'sso'" } };
      expect((await run('check', { url: db.url, config })).drift.missing).toBe(1);
    });

    test('no sign-up time: not in grace, kept by since, and the oldest is unknown', async () => {
      await insertUser(db, { created_at: null });
      await insertUser(db, { created_at: ago({ hours: 48 }) });
      const report = await run('check', { url: db.url, flags: { since: ago({ hours: 24 }).toISOString() } });
      expect(report).toMatchObject({ drift: { missing: 1, oldest: null }, scope: { full: false } });
      expect((await run('check', { url: db.url })).drift).toMatchObject({ missing: 2, oldest: null });
    });

    test('the oldest that is left after a repair is another one than the oldest that was found', async () => {
      const old = await insertUser(db, { created_at: ago({ hours: 48 }) });
      const failing = await insertUser(db, { created_at: ago({ hours: 2 }) });
      await db.queryAsPostgres(`alter table public.users add constraint not_this check (id <> '${failing.id}')`);
      try {
        const { drift, residual } = await run('sync', { url: db.url });
        const hours = (moment: string | null | undefined) =>
          Math.round((Date.now() - Date.parse(moment ?? '')) / 3_600_000);
        expect(hours(drift.oldest), old.id).toBe(48);
        expect(residual.missing).toBe(1);
        expect(hours(residual.oldest)).toBe(2);
      } finally {
        await db.queryAsPostgres('alter table public.users drop constraint not_this');
      }
    });

    test('a sign-up time more than a day ahead is a broken clock, not grace', async () => {
      await insertUser(db, { created_at: ago({ hours: -48 }) });
      await insertUser(db, { created_at: ago({ hours: -12 }) });
      await insertUser(db, { created_at: 'infinity' });
      const report = await run('check', { url: db.url });
      expect(report.drift.missing).toBe(2);
      expect(report.excluded.grace).toBe(1);
    });

    test('one NULL in a nullable key hides nobody', async () => {
      await db.query(
        'drop table public.users; create table public.users (auth_id uuid unique, email text); grant all on public.users to postgres',
      );
      await db.query('insert into public.users values (null), (null)');
      await insertUser(db);
      expect((await run('check', { url: db.url, flags: { key: 'auth_id' } })).drift).toMatchObject({
        missing: 1,
        orphans: 0,
      });
    });
  });

  describe('verdicts', () => {
    test('max-drift speaks of missing in check and of the residual in sync', async () => {
      await insertUser(db);
      await insertUser(db, { email: null });
      const flags = { maxDrift: 2 };
      expect(await run('check', { url: db.url, flags })).toMatchObject({ verdict: 'in_sync', drift: { missing: 2 } });
      expect(await run('check', { url: db.url, flags: { maxDrift: 1 } })).toMatchObject({ verdict: 'drift' });
      await db.query('alter table public.users add check (email is not null)');
      expect(await run('sync', { url: db.url })).toMatchObject({
        verdict: 'unrepaired',
        exitCode: 2,
        residual: { missing: 1 },
      });
      expect(await run('sync', { url: db.url, flags: { maxDrift: 1 } })).toMatchObject({
        exitCode: 0,
        residual: { missing: 1 },
      });
    });

    test('--fail-on drift is 2 even when all was repaired', async () => {
      await insertUser(db);
      const report = await run('sync', { url: db.url, flags: { failOn: 'drift' } });
      expect(report).toMatchObject({
        verdict: 'drift',
        exitCode: 2,
        residual: { missing: 0 },
        repair: { inserted: 1 },
      });
      expect(await run('sync', { url: db.url, flags: { failOn: 'drift' } })).toMatchObject({
        verdict: 'in_sync',
        exitCode: 0,
      });
    });

    test('a dry run finds drift, shows the statement, and writes nothing', async () => {
      const { id } = await insertUser(db);
      const report = await run('sync', { url: db.url, flags: { dryRun: true } });
      expect(report).toMatchObject({
        verdict: 'drift',
        exitCode: 2,
        dryRun: true,
        sample: [id],
        repair: { scanned: 0 },
      });
      expect(report.statement).toContain('on conflict ("id") do nothing');
      expect(await present()).toEqual(new Set());
    });

    test('both tables empty: in sync, with a warning; an empty source beside rows: refused, in check too', async () => {
      expect(await run('check', { url: db.url })).toMatchObject({
        verdict: 'in_sync',
        warnings: [{ code: 'both_empty' }],
      });
      await db.query(
        'alter table public.users drop constraint users_id_fkey; insert into public.users values (gen_random_uuid())',
      );
      expect(await run('check', { url: db.url })).toMatchObject({
        verdict: 'refused',
        exitCode: 4,
        reason: { code: 'empty_source' },
      });
      expect(await run('backfill', { url: db.url })).toMatchObject({
        verdict: 'refused',
        reason: { code: 'empty_source' },
      });
    });

    test('orphans are counted where no foreign key excludes them, and never touched', async () => {
      await insertUser(db);
      await db.query(
        'alter table public.users drop constraint users_id_fkey; insert into public.users values (gen_random_uuid())',
      );
      const before = await rows();
      const report = await run('sync', { url: db.url });
      expect(report).toMatchObject({ verdict: 'repaired', drift: { orphans: 1 } });
      expect(await rows()).toEqual(expect.arrayContaining(before));
    });
  });

  describe('guard', () => {
    const many = (count: number) =>
      db.query(
        `insert into auth.users (id, email, created_at) select gen_random_uuid(), gen_random_uuid() || '@example.org', now() - interval '1 day' from generate_series(1, $1::int)`,
        [count],
      );

    test('share is ignored below its minimum, refused above it, and lifted by a number or by backfill', async () => {
      await many(99);
      expect(await run('sync', { url: db.url })).toMatchObject({ verdict: 'repaired' });
      await db.query('delete from public.users');
      await many(51);
      const refused = await run('sync', { url: db.url });
      expect(refused).toMatchObject({
        verdict: 'refused',
        exitCode: 4,
        reason: { code: 'share_limit' },
        repair: { scanned: 0 },
      });
      expect(refused.reason?.fix).toContain('--allow-share 100%');
      expect(await run('sync', { url: db.url, flags: { dryRun: true } })).toMatchObject({ verdict: 'refused' });
      expect(await run('sync', { url: db.url, flags: { allowShare: 0.99 } })).toMatchObject({ verdict: 'refused' });
      expect(await present()).toEqual(new Set());
      expect(await run('check', { url: db.url })).toMatchObject({ verdict: 'drift' });
      expect(await run('sync', { url: db.url, flags: { allowShare: 1 } })).toMatchObject({ verdict: 'repaired' });
      await db.query('delete from public.users');
      expect(await run('backfill', { url: db.url })).toMatchObject({ verdict: 'repaired', repair: { inserted: 150 } });
    });

    test('writes are counted with refreshes, divided among shards, and lifted by a number or by backfill', async () => {
      await many(30);
      const config = { ...TEXTBOOK, limits: { writes: 29 } };
      const refused = await run('sync', { url: db.url, config });
      expect(refused).toMatchObject({ verdict: 'refused', reason: { code: 'writes_limit' } });
      expect(refused.reason?.fix).toContain('--max-writes 30');
      expect(await run('sync', { url: db.url, config, flags: { shard: { index: 1, count: 29 } } })).toMatchObject({
        scope: { full: false },
      });
      expect(await run('sync', { url: db.url, config, flags: { maxWrites: 30 } })).toMatchObject({
        verdict: 'repaired',
      });
      await db.query('delete from public.users');
      expect(await run('backfill', { url: db.url, config })).toMatchObject({ verdict: 'repaired' });
    });

    test('a key without a unique index, or a column that nobody maps, stops a writer before the first row', async () => {
      const { id } = await insertUser(db);
      await db.query('alter table public.users drop constraint users_pkey');
      const refused = await run('backfill', { url: db.url, flags: { key: 'id' } });
      expect(refused).toMatchObject({ verdict: 'refused', exitCode: 4, reason: { code: 'key_not_unique' } });
      expect(await run('check', { url: db.url, flags: { key: 'id' } })).toMatchObject({
        drift: { missing: 1 },
        sample: [id],
      });
      await db.query('alter table public.users add primary key (id), add plan text not null');
      const failed = await run('sync', { url: db.url });
      expect(failed).toMatchObject({ verdict: 'failed', exitCode: 1, reason: { code: 'column_unmapped' } });
      expect(await present()).toEqual(new Set());
    });

    test('a trigger that reaches outside is refused above its limit, in a backfill too', async () => {
      await db.query(`create schema if not exists net; create or replace function net.http_post(url text) returns bigint language sql as 'select 1::bigint';
      create or replace function public.mail() returns trigger language plpgsql as $$ begin perform net.http_post('https://example.com'); return new; end $$;
      create trigger welcome after insert on public.users for each row execute function public.mail()`);
      await many(3);
      const config = { ...TEXTBOOK, limits: { triggers: 2 } };
      const refused = await run('backfill', { url: db.url, config });
      expect(refused).toMatchObject({ verdict: 'refused', reason: { code: 'triggers_limit' } });
      expect(refused.reason?.fix).toContain('--allow-triggers');
      expect(await run('check', { url: db.url, config })).toMatchObject({
        verdict: 'drift',
        warnings: [{ code: 'trigger_outward' }],
      });
      await db.query('grant usage on schema net to postgres');
      expect(await run('sync', { url: db.url, config, flags: { allowTriggers: true } })).toMatchObject({
        verdict: 'repaired',
      });
    });
  });
});

describe('refresh', () => {
  const run = runOverPostgres;
  const config = { ...TEXTBOOK, refresh: ['email'] };

  test('a column that differs is drift; sync updates it and nothing else; a deleted user keeps the old value', async () => {
    const { id } = await insertUser(db);
    const gone = await insertUser(db, { deleted_at: ago({ hours: 1 }) });
    await db.query(
      `insert into public.users (id, email, full_name) values ($1, 'old', 'of the app'), ($2, 'old', 'of the app')`,
      [id, gone.id],
    );
    expect(await run('check', { url: db.url, config })).toMatchObject({
      verdict: 'drift',
      drift: { missing: 0, stale: 1 },
    });
    const report = await run('sync', { url: db.url, config });
    expect(report).toMatchObject({ verdict: 'repaired', repair: { scanned: 0, refreshed: 1 }, residual: { stale: 0 } });
    const after = await db.query(
      'select p.email = u.email as fresh, full_name from public.users p join auth.users u using (id) order by u.deleted_at nulls first',
    );
    expect(after).toEqual([
      { fresh: true, full_name: 'of the app' },
      { fresh: false, full_name: 'of the app' },
    ]);
    expect(await run('sync', { url: db.url, config })).toMatchObject({ verdict: 'in_sync', repair: { refreshed: 0 } });
  });

  test('the value is compared as the column would hold it', async () => {
    await db.query('alter table public.users alter email type varchar(5)');
    const { id } = await insertUser(db, { email: 'abcdefgh@example.com' });
    await db.query(`insert into public.users (id, email) values ($1, 'abcde')`, [id]);
    expect(await run('check', { url: db.url, config })).toMatchObject({ verdict: 'in_sync', drift: { stale: 0 } });
  });

  test('what cannot be refreshed is a failure of its own kind and stays stale', async () => {
    const { id } = await insertUser(db);
    await db.query(`insert into public.users (id, email) values ($1, 'old'); `.replace('$1', `'${id}'`));
    await db.query(`alter table public.users add constraint old_only check (email = 'old')`);
    const report = await run('sync', { url: db.url, config });
    expect(report).toMatchObject({
      verdict: 'unrepaired',
      residual: { stale: 1 },
      repair: { failed: 0, refreshed: 0 },
    });
    expect(report.failures).toEqual([{ id, op: 'refresh', code: '23514', constraint: 'old_only', column: null }]);
  });

  test.each(['now()::text', 'random()::text', 'clock_timestamp()::text'])(
    '%s cannot be kept equal',
    async (expression) => {
      await insertUser(db);
      const report = await run('check', { url: db.url, config: { ...config, columns: { email: expression } } });
      expect(report).toMatchObject({ verdict: 'failed', reason: { code: 'refresh_unstable' } });
    },
  );
});
