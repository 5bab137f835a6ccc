import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTable, fingerprint, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS.replace(/references.*cascade/, ''));
});
afterAll(() => db.drop());

test.each(['check', 'sync', 'backfill'])('%s: both tables empty are in sync, with a warning', async (command) => {
  const { json, code } = await run([command, '--json'], { url: db.url, config: PLAIN_CONFIG });
  expect(json()).toMatchObject({ verdict: 'in_sync', warnings: [expect.objectContaining({ code: 'both_empty' })] });
  expect(code).toBe(0);
  const text = await run([command, '--log-level', 'silent'], { url: db.url, config: PLAIN_CONFIG });
  expect(text.stdout).toMatch(/both tables are empty/);
});

test.each([['check'], ['sync'], ['sync', '--allow-share', '--max-writes', '1000000'], ['backfill', '--yes']])(
  '%s %s: an empty source beside a filled target is refused, whatever is allowed',
  async (...args) => {
    await db.query('insert into public.users (id) values (gen_random_uuid()) on conflict do nothing');
    const before = await fingerprint(db);
    const { json, code } = await run([...args, '--json'], { url: db.url, config: PLAIN_CONFIG });
    expect(json()).toMatchObject({ verdict: 'refused', reason: { code: 'empty_source' } });
    expect(json().reason?.fix).toMatch(/DATABASE_URL/);
    expect(code).toBe(4);
    expect(await fingerprint(db)).toBe(before);
  },
);
