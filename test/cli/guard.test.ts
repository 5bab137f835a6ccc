import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;
let present: string[];
const cli = (args: string[], others: object = {}) => run(args, { url: db.url, config: { ...PLAIN_CONFIG, ...others } });

/** 120 of 160 users are missing: 75 %. */
beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  present = (await canaryCrowd(db, 160)).slice(0, 40);
});
afterAll(() => db.drop());
beforeEach(async () => {
  await db.query('truncate public.users');
  await db.query('insert into public.users (id) select unnest($1::uuid[])', [present]);
});

const text = ({ stdout }: { stdout: string }) => stdout.replace(/\n\s*/g, ' ');

describe('share', () => {
  test('too many missing: refused, nothing written, and the message names what allows it', async () => {
    const refused = await cli(['sync', '--json']);
    expect(refused.json()).toMatchObject({
      verdict: 'refused',
      reason: { code: 'share_limit', message: expect.stringMatching(/120 of 160 .*75%.*limit of 20%/) },
      drift: { missing: 120 },
      repair: { scanned: 0 },
    });
    expect(refused.code).toBe(4);
    const told = await cli(['sync', '--log-level', 'silent']);
    expect(told.stderr).toBe('');
    expect(text(told)).toMatch(/REFUSED .*120 of 160/);
    expect(text(told)).toMatch(/userdrift backfill, or userdrift sync --allow-share 75%/);
    expect(text(told)).toMatch(/Usual.*Dangerous.*userdrift check/);
    expect(await idsIn(db)).toHaveLength(40);
  });

  test.each([
    [['--allow-share', '74%'], 4],
    [['--allow-share', '75%'], 0],
    [['--allow-share'], 0],
  ] as const)('sync %j exits %i', async (flags, code) => {
    expect((await cli(['sync', ...flags])).code).toBe(code);
    expect(await idsIn(db)).toHaveLength(code === 0 ? 160 : 40);
  });

  test('the limits of the configuration count: share, and from how many on', async () => {
    expect((await cli(['sync', '--dry-run'], { limits: { share: '75%' } })).code).toBe(2);
    expect((await cli(['sync', '--dry-run'], { limits: { shareMinimum: 121 } })).code).toBe(2);
    expect((await cli(['sync', '--dry-run'], { limits: { shareMinimum: 120 } })).code).toBe(4);
  });

  test('backfill lifts it, unless a flag sets it', async () => {
    expect((await cli(['backfill', '--yes', '--allow-share', '50%'])).code).toBe(4);
    expect((await cli(['backfill', '--yes'])).code).toBe(0);
    expect(await idsIn(db)).toHaveLength(160);
  });
});

describe('writes', () => {
  const limits = { share: '100%', writes: 100 };

  test('too many rows: refused with the number that allows it, which then does', async () => {
    const refused = await cli(['sync', '--json'], { limits });
    expect(refused.json()).toMatchObject({ verdict: 'refused', reason: { code: 'writes_limit' } });
    const flags = /userdrift sync (--max-writes \d+)$/.exec(refused.json().reason?.fix ?? '')?.[1] ?? '';
    expect(flags).toBe('--max-writes 120');
    expect(refused.code).toBe(4);
    expect(await idsIn(db)).toHaveLength(40);
    expect((await cli(['sync', '--max-writes', '119'], { limits })).code).toBe(4);
    expect((await cli(['sync', ...flags.split(' ')], { limits })).code).toBe(0);
  });

  test('backfill lifts it, unless a flag sets it', async () => {
    expect((await cli(['backfill', '--yes', '--max-writes', '119'], { limits })).code).toBe(4);
    expect((await cli(['backfill', '--yes'], { limits })).code).toBe(0);
  });

  test('a shard may write its share of them', async () => {
    const report = await cli(['sync', '--shard', '1/4', '--json'], { limits: { share: '100%', writes: 12 } });
    expect(report.json().reason?.message).toMatch(/more than the limit of 3$/);
    expect(report.code).toBe(4);
  });
});

describe('triggers that reach outside', () => {
  beforeAll(async () => {
    await db.queryAsPostgres(`
      create function public.welcome() returns trigger language plpgsql as $$
      begin
        if current_setting('app.really', true) = 'yes' then perform net.http_post('https://example.com'); end if;
        return null;
      end $$;
      create trigger welcome after insert on public.users for each row execute function public.welcome()`);
  });

  test('refused above the limit, in backfill too; the flag allows it', async () => {
    for (const command of [
      ['sync', '--allow-share'],
      ['backfill', '--yes'],
    ]) {
      const { json, code } = await cli([...command, '--json']);
      expect(json()).toMatchObject({ verdict: 'refused', reason: { code: 'triggers_limit' } });
      expect(json().reason?.message).toContain('welcome');
      expect(json().reason?.fix).toContain('--allow-triggers');
      expect(code).toBe(4);
    }
    expect((await cli(['backfill', '--yes', '--allow-triggers', '119'])).code).toBe(4);
    expect(await idsIn(db)).toHaveLength(40);
    const { json, code } = await cli(['backfill', '--yes', '--allow-triggers', '--json']);
    expect(json().warnings).toContainEqual(expect.objectContaining({ code: 'trigger_outward' }));
    expect(code).toBe(0);
    expect(await idsIn(db)).toHaveLength(160);
  });

  test('below the limit it is a warning; disabled it is nothing', async () => {
    const { json } = await cli(['sync', '--allow-share', '--json'], { limits: { triggers: 120 } });
    expect(json()).toMatchObject({ verdict: 'repaired', repair: { inserted: 120 } });
    await db.query('truncate public.users');
    await db.queryAsPostgres('alter table public.users disable trigger welcome');
    const again = await cli(['backfill', '--yes', '--json'], { limits: { triggers: 0 } });
    expect(again.json()).toMatchObject({ verdict: 'repaired', repair: { inserted: 160 }, warnings: [] });
  });
});
