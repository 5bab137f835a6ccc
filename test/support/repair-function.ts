import type { TestDatabase } from './database.ts';

/** The table of the app and a record of every call that was committed; nothing in it keeps a call from happening twice. */
const TABLES = `
create table public.users (id uuid primary key, email text, full_name text, created_at timestamptz);
create table public.calls (id uuid, at timestamptz default clock_timestamp());
create sequence public.tries`;

export const CONFIG = { target: 'public.users', repair: { function: 'public.repair_user' } };

/** What the function of the tests does unless a test says otherwise. */
export const RECORD = 'insert into public.calls (id) values (user_id);';
export const WRITE = `${RECORD} insert into public.users (id, email) select id, email from auth.users where id = user_id;`;

/** An empty schema public with the app's tables, and no users. */
export async function startOver(db: TestDatabase): Promise<void> {
  await db.query(`drop schema if exists net cascade; drop schema public cascade;
    create schema public authorization postgres; delete from auth.users`);
  await db.queryAsPostgres(TABLES);
}

/** Makes `public.repair_user(user_id uuid)`, owned by postgres. */
export async function repairFunction(db: TestDatabase, body: string, returns = 'void', options = ''): Promise<void> {
  await db.queryAsPostgres(
    `create function public.repair_user(user_id uuid) returns ${returns} language plpgsql ${options} as $$ begin ${body} end $$`,
  );
}

/** The users of the calls that were committed, ascending. */
export async function calls(db: TestDatabase): Promise<string[]> {
  const rows = await db.query<{ id: string }>('select id from public.calls order by id');
  return rows.map(({ id }) => id);
}

/** A part of a function's body: waits until the gate is open. */
export const AT_GATE = 'while not exists (select from public.gate) loop perform pg_sleep(0.02); end loop;';

/** A gate for function bodies, closed at first. */
export async function makeGate(
  db: TestDatabase,
): Promise<{ open: () => Promise<void>; waiting: () => Promise<number> }> {
  await db.queryAsPostgres('create table public.gate (open boolean)');
  return {
    open: async () => void (await db.query('insert into public.gate values (true)')),
    waiting: async () => {
      const [row] = await db.query<{ count: string }>(
        `select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
      );
      return Number(row?.count);
    },
  };
}
