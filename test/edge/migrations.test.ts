import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SQL_KINDS } from '../../src/sql/kinds.ts';
import { run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { apply } from '../support/printed.ts';

const FOLDER = 'supabase/migrations';
const CONFIG = readFileSync('supabase/userdrift.config.json', 'utf8');

const migrations = readdirSync(FOLDER).sort();
const textOf = (name: string) => readFileSync(`${FOLDER}/${name}`, 'utf8');
const kindOf = (name: string) => SQL_KINDS.find((kind) => name.endsWith(`_${kind}.sql`));

let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase();
  for (const name of migrations) await apply(db, textOf(name));
});
afterAll(() => db?.drop());

describe('the migrations of supabase/', () => {
  it('are the table, the functions, the trigger and the history, in this order, and never the webhook', () => {
    expect(migrations.map(kindOf)).toEqual([undefined, 'functions', 'trigger', 'history']);
    expect(migrations.every((name) => /^20260101000\d00_[a-z]+\.sql$/.test(name))).toBe(true);
  });

  // scripts/migrations.ts makes them without a database; here they are printed in sight of one that has them already.
  it.for(migrations.slice(1))('%s is what `userdrift sql` prints for supabase/userdrift.config.json', async (name) => {
    const { code, stdout } = await run(['sql', kindOf(name) ?? ''], { config: CONFIG, url: db.url });
    expect(code).toBe(0);
    expect(stdout, 'npm run migrations').toBe(textOf(name));
  });

  it('are taken away by `userdrift sql uninstall`, but for the table and the history', async () => {
    const { stdout } = await run(['sql', 'uninstall'], { config: CONFIG, url: db.url });
    await apply(db, stdout);
    const left = await db.query(`
      select n.nspname || '.' || o.name as name from pg_namespace n join (
        select pronamespace as home, proname as name from pg_proc
        union all select relnamespace, relname from pg_class where relkind in ('r', 'v', 'm', 'p', 'S')
        union all select relnamespace, tgname from pg_trigger t join pg_class c on c.oid = tgrelid where not tgisinternal
      ) o on o.home = n.oid where n.nspname in ('public', 'userdrift') or o.name like '%userdrift%' order by 1`);
    expect(left).toEqual([{ name: 'public.users' }, { name: 'userdrift.runs' }]);
  });
});
