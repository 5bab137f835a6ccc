import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { insertUser } from '../support/people.ts';
import { apply } from '../support/printed.ts';
import { type Finished, supabaseCli } from '../support/supabase-cli.ts';

const CONFIG = readFileSync('supabase/userdrift.config.json', 'utf8');

const migrations = readdirSync('supabase/migrations').sort();

const finding = z.object({ name: z.string(), level: z.enum(['INFO', 'WARN', 'ERROR']), detail: z.string() });
type Finding = z.infer<typeof finding>;

let db: TestDatabase;
beforeEach(async () => {
  db = await createDatabase();
});
afterEach(() => db?.drop());

function push(): Promise<Finished> {
  return supabaseCli(['db', 'push', `--remote=${db.url}`, '--yes']);
}

/** What the advisors of Supabase say of the database at this level and above. */
async function advice(level: 'info' | 'warn'): Promise<{ code: unknown; findings: Finding[] }> {
  const flags = ['--level', level, '--fail-on', 'warn', '--output-format', 'json'];
  const { code, stdout } = await supabaseCli(['db', 'advisors', `--remote=${db.url}`, ...flags]);
  return { code, findings: z.object({ results: z.array(finding) }).parse(JSON.parse(stdout)).results };
}

describe('the migrations of supabase/', () => {
  it('are applied once by the Supabase CLI; then whoever signs up has a row', async () => {
    const first = await push();
    expect(first.code, first.stderr).toBe(0);
    expect(first.stderr.match(/Applying migration (\S+?)\.\.\./g)).toHaveLength(migrations.length);

    const second = await push();
    expect(second.code, second.stderr).toBe(0);
    expect(second.stderr).not.toContain('Applying');
    expect(second.stdout).toContain('up to date');

    const known = await db.query('select version from supabase_migrations.schema_migrations order by 1');
    expect(known).toEqual(migrations.map((name) => ({ version: name.slice(0, 14) })));
    const { id } = await insertUser(db);
    expect(await db.query('select id from public.users')).toEqual([{ id }]);
  });

  it('give the advisors of Supabase nothing to warn of, not even with the webhook', async () => {
    expect((await advice('info')).findings).toEqual([]);
    expect((await push()).code).toBe(0);
    const webhook = await run(['sql', 'webhook'], { config: CONFIG });
    await apply(db, webhook.stdout);

    expect(await advice('warn')).toEqual({ code: 0, findings: [] });
    const noted = (await advice('info')).findings.map(({ name, detail }) => `${name}: ${detail}`);
    expect(noted.filter((line) => !line.includes('userdrift.'))).toEqual([]);

    // The advisors do look: what is taken away is missed.
    await db.queryAsPostgres('alter function public.sync_user_from_auth(uuid) reset search_path');
    const after = await advice('warn');
    expect(after.code).toBe(1);
    expect(after.findings.map(({ name }) => name)).toEqual(['function_search_path_mutable']);
  });

  it('leave a table of the application as it is', async () => {
    await db.queryAsPostgres(`
      create table public.users (
        id uuid primary key, email text, full_name text, created_at timestamptz, plan text not null default 'free');
      grant select on public.users to anon`);
    const [before] = await db.query(`select relrowsecurity, relacl::text from pg_class where relname = 'users'`);
    expect((await push()).code).toBe(0);
    expect(
      await db.query(`select relrowsecurity, relacl::text from pg_class where oid = 'public.users'::regclass`),
    ).toEqual([before]);
    expect(await db.query(`select policyname from pg_policies where schemaname = 'public'`)).toEqual([]);
    const { id } = await insertUser(db);
    expect(await db.query('select id, plan from public.users')).toEqual([{ id, plan: 'free' }]);
  });
});
