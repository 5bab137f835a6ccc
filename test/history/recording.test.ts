import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runsIn } from '../../src/history/rows.ts';
import { parseHttpAddress } from '../../src/http/address.ts';
import { openHttp } from '../../src/http/port.ts';
import { pastRunOf } from '../../src/past-run.ts';
import type { Port } from '../../src/port.ts';
import { Interruption } from '../../src/reconcile/stop.ts';
import { SIGNATURES } from '../../src/sql/signatures.ts';
import { dataApiOf } from '../support/data-api.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { over, TEXTBOOK_TABLE } from '../support/job.ts';
import { beforeWrite } from '../support/on-tables.ts';
import { insertUser } from '../support/people.ts';
import { apply, printed, withClient } from '../support/printed.ts';
import { TRANSPORTS } from '../support/transport.ts';

let db: TestDatabase;
const install = async () => apply(db, await printed('history', {}));

beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(TEXTBOOK_TABLE);
});
afterAll(() => db.drop());

beforeEach(async () => {
  await db.query(`drop schema if exists userdrift cascade; delete from auth.users;
    ${SIGNATURES.history.map(({ name }) => `drop function if exists public.${name}`).join(';')}`);
});

async function recorded() {
  const rows = await db.query<{ run: unknown }>('select to_jsonb(r) as run from userdrift.runs r order by started_at');
  return runsIn(rows.map(({ run }) => run));
}

/** What a row is read back as: the database has microseconds, and a Date has none. */
function toMilliseconds(moment: string | null): string | null {
  return moment && new Date(moment).toISOString();
}

describe.each(TRANSPORTS)('over %s', (transport) => {
  const run = over(transport);

  test('a run leaves what its report counts, and reading it back gives the same', async () => {
    await install();
    const { id } = await insertUser(db);
    const reports = [
      await run('check', { url: db.url }),
      await run('sync', { url: db.url, flags: { dryRun: true } }),
      await run('check', { url: db.url, flags: { user: [id, '00000000-0000-4000-8000-000000000000'] } }),
      await run('check', { url: db.url, flags: { since: '2026-01-01T00:00:00.000Z', shard: { index: 1, count: 4 } } }),
      await run('sync', { url: db.url }),
      await run('backfill', { url: db.url }),
    ];
    const runs = await recorded();
    expect(runs).toEqual(reports.map(pastRunOf).map((run) => ({ ...run, oldest: toMilliseconds(run.oldest) })));
    expect(runs.map(({ verdict }) => verdict)).toEqual(
      expect.arrayContaining(['drift', 'failed', 'repaired', 'in_sync']),
    );
    expect(runs[2]).toMatchObject({ namedUsers: 2, full: false });
  });

  test('where there is no history, a run is as it was and asks for none', async () => {
    const api = await dataApiOf(db.url);
    api.calls.length = 0;
    const told: unknown[] = [];
    const report = await run('check', { url: db.url, unrecorded: (error) => told.push(error) });
    expect(report).toMatchObject({ verdict: 'in_sync', warnings: [{ code: 'both_empty' }] });
    expect(told).toEqual([]);
    expect(api.calls.filter((call) => call.function === 'userdrift_record_run')).toEqual([]);
  });

  test('an entry that fails is told once, and the run is as good as without it', async () => {
    await install();
    await db.query('alter table userdrift.runs add column of_a_later_version text not null');
    const told: unknown[] = [];
    const report = await run('check', { url: db.url, unrecorded: (error) => told.push(error) });
    expect(report).toMatchObject({ verdict: 'in_sync', exitCode: 0 });
    expect(told).toMatchObject([{ code: '23502' }]);
  });

  test('what is sent has no id in it', async () => {
    await install();
    const { id } = await insertUser(db);
    await db.query(`create table userdrift.seen (document text);
      alter function public.userdrift_record_run(jsonb) rename to record_run;
      create function public.userdrift_record_run(report jsonb) returns void language sql security definer
        as 'insert into userdrift.seen values (report::text) -- userdrift';
      grant execute on function public.userdrift_record_run(jsonb) to service_role`);
    await run('check', { url: db.url });
    await run('sync', { url: db.url, flags: { user: [id] } });
    const documents = (await db.query('select document from userdrift.seen')).map(({ document }) => String(document));
    expect(documents).toHaveLength(2);
    expect(documents.join()).not.toContain(id);
    await db.query('drop function public.record_run(jsonb)');
  });

  test('a run that a signal interrupts is recorded as such, before it has seen anything or in the middle', async () => {
    await install();
    await insertUser(db);
    const stop = new AbortController();
    const middle = await run('sync', {
      url: db.url,
      stop: stop.signal,
      wrap: beforeWrite(async () => stop.abort(new Interruption('SIGTERM'))),
    });
    expect(middle).toMatchObject({ verdict: 'interrupted', exitCode: 143 });
    expect(await recorded()).toMatchObject([{ runId: middle.runId, verdict: 'interrupted', exitCode: 143 }]);
  });

  test('a run that hurries leaves no entry, and tries none', async () => {
    await install();
    await insertUser(db);
    const stop = new AbortController();
    const hurry = new AbortController();
    const abandon = () => {
      stop.abort(new Interruption('SIGINT'));
      hurry.abort();
      return Promise.resolve();
    };
    const told: unknown[] = [];
    await run('sync', {
      url: db.url,
      stop: stop.signal,
      hurry: hurry.signal,
      wrap: beforeWrite(abandon),
      unrecorded: (error) => told.push(error),
    });
    expect(told).toEqual([]);
    expect(await recorded()).toEqual([]);
  });
});

describe('over postgres', () => {
  const run = over('postgres');

  test('a busy run is recorded, with the exit code that --busy-ok gives it', async () => {
    await install();
    await insertUser(db);
    let inner: Promise<unknown> | null = null;
    await run('sync', {
      url: db.url,
      wrap: beforeWrite(async () => {
        inner ??= run('sync', { url: db.url, flags: { busyOk: true } });
        await inner;
      }),
    });
    const runs = (await recorded()).map(({ verdict, exitCode }) => ({ verdict, exitCode }));
    expect(runs).toContainEqual({ verdict: 'busy', exitCode: 0 });
    expect(runs).toContainEqual({ verdict: 'repaired', exitCode: 0 });
  });

  test('a busy run asks for a history that is not there without a word', async () => {
    await insertUser(db);
    const told: unknown[] = [];
    const busy: unknown[] = [];
    await run('sync', {
      url: db.url,
      wrap: beforeWrite(async () => {
        busy.push((await run('sync', { url: db.url, unrecorded: (error) => told.push(error) })).verdict);
      }),
    });
    expect(busy).toEqual(['busy']);
    expect(told).toEqual([]);
  });

  test.for<[string, string]>([
    ['may not call the function', ''],
    ['may not write at all', 'default_transaction_read_only = on'],
  ])('a role that %s leaves no entry, and that is no error', async ([, setting]) => {
    await install();
    const role = await db.createRole('bypassrls');
    await db.query(`grant pg_read_all_data to ${role.name}; grant usage on schema auth, public to ${role.name}`);
    if (setting !== '') {
      await db.query(`alter role ${role.name} set ${setting};
        grant execute on function public.userdrift_record_run(jsonb) to ${role.name}`);
    }
    const told: unknown[] = [];
    const report = await run('check', { url: role.url, unrecorded: (error) => told.push(error) });
    expect(report.verdict).toBe('in_sync');
    expect(told).toEqual([]);
    expect(await recorded()).toEqual([]);
    await db.query(`drop owned by ${role.name}`);
  });

  test('a table that is locked holds the end of a run up for two seconds at the most', async () => {
    await install();
    await withClient(db.url, async (client) => {
      await client.query('begin; lock table userdrift.runs in access exclusive mode');
      const told: unknown[] = [];
      const report = await run('check', { url: db.url, unrecorded: (error) => told.push(error) });
      expect(report.verdict).toBe('in_sync');
      expect(told).toMatchObject([{ code: expect.stringMatching(/^(57014|55P03)$/) }]);
      await client.query('rollback');
    });
    expect(await recorded()).toEqual([]);
  });
});

describe('over http', () => {
  const run = over('http');

  test('an answer that does not come is not waited for', async () => {
    await install();
    const api = await dataApiOf(db.url);
    api.disturb = (call) => (call.function === 'userdrift_record_run' ? 'silence' : null);
    const told: unknown[] = [];
    const closed: string[] = [];
    const watched = (port: Port) => {
      const close = port.close.bind(port);
      port.close = (how) => close(how).finally(() => closed.push(how));
      return port;
    };
    const report = await run('check', { url: db.url, wrap: watched, unrecorded: (error) => told.push(error) });
    api.disturb = () => null;
    expect(report.verdict).toBe('in_sync');
    expect(told).toMatchObject([{ code: 'history_late' }]);
    expect(closed[0]).toBe('now');
  });

  test('functions of an earlier userdrift do not tell of the history, so the run finds out itself', async () => {
    await install();
    const api = await dataApiOf(db.url);
    const told: unknown[] = [];
    const asked = { url: db.url, unrecorded: (error: unknown) => told.push(error) };
    const before = await run('check', asked);
    // What they answer is this, without the one key.
    const [source] = await db.query<{ text: string }>(
      `select pg_get_functiondef('public.userdrift_measure(jsonb)'::regprocedure) as text`,
    );
    expect(source?.text).toContain(`'ours'`);
    api.calls.length = 0;
    await db.query(String(source?.text).replace(`'ours', `, `'theirs', `));
    const open = () =>
      openHttp(parseHttpAddress(api.url, api.secretKey), { signal: new AbortController().signal, onRetry: () => {} });
    const after = await run('check', { ...asked, open });
    expect((await recorded()).map(({ runId }) => runId)).toEqual([before.runId, after.runId]);
    await db.query('drop function public.userdrift_record_run(jsonb)');
    expect((await run('check', { ...asked, open })).verdict).toBe('in_sync');
    expect(api.calls.filter((call) => call.function === 'userdrift_record_run')).toHaveLength(2);
    expect(told).toEqual([]);
  });
});
