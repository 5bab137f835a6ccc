import { App, generateApiKey } from '@supabase/lite';
import type { PostgresConnection } from '@supabase/lite/postgres';
import { createClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG } from './support/app.ts';
import { run } from './support/cli.ts';
import { createDatabase, type TestDatabase } from './support/database.ts';
import { connectLite } from './support/lite.ts';
import { completeAuthSchema } from './support/supabase-lite.ts';

// Runs before the imports: Supabase Lite must not report its use.
vi.hoisted(() => {
  process.env.LITE_TELEMETRY = '0';
});

interface Person {
  email: string;
  password: string;
  full_name: string;
}

type Client = ReturnType<typeof createClient>;

const PEOPLE: readonly Person[] = [
  { email: 'ada.lovelace@example.com', password: 'one-Analytical-engine', full_name: 'Ada Lovelace' },
  { email: 'anders.angstrom@example.com', password: 'two-Spectral-lines', full_name: 'Anders Ångström' },
  { email: 'miles.obrien@example.com', password: "three-Transporter's-rooms", full_name: `Miles "Chief" O'Brien` },
];

let db: TestDatabase;
let connection: PostgresConnection;
let client: () => Client;

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  await db.queryAsPostgres(`
    alter table public.users enable row level security;
    create policy own on public.users for select to authenticated using (auth.uid() = id)`);
  await completeAuthSchema(db);

  vi.stubGlobal('fetch', (...[input]: Parameters<typeof fetch>) => {
    throw new Error(`a request to the outside: ${input instanceof Request ? input.url : input}`);
  });
  const { key } = await generateApiKey('publishable');
  connection = connectLite(db.url);
  const app = new App({
    connection,
    auth: { enabled: true, jwt_secret: crypto.randomUUID(), publishable_key: key },
  });
  client = () =>
    createClient('http://localhost', key, {
      auth: { persistSession: false, autoRefreshToken: false },
      global: { fetch: (input, init) => app.fetch(new Request(input, init)) },
    });
});

afterAll(async () => {
  vi.unstubAllGlobals();
  await connection?.close();
  await db?.drop();
});

/** Runs the CLI as the role postgres; whatever it does, it says nothing of who the users are. */
async function cli(...args: string[]) {
  const finished = await run(args, { url: db.url, config: PLAIN_CONFIG });
  const output = [finished.stdout, finished.stderr, ...Object.values(finished.files)].join('\n');
  const details = PEOPLE.flatMap(({ email, full_name }) => [email, full_name, JSON.stringify(full_name).slice(1, -1)]);
  expect(details.filter((detail) => output.includes(detail))).toEqual([]);
  return finished;
}

/** Signs up as an application does; the client stays signed in. */
async function signUp({ email, password, full_name }: Person): Promise<{ id: string; own: Client }> {
  const own = client();
  const { data, error } = await own.auth.signUp({ email, password, options: { data: { full_name } } });
  expect(error).toBeNull();
  return { id: data.user?.id ?? '', own };
}

/** A later session of the same person. */
async function signIn({ email, password }: Person): Promise<Client> {
  const own = client();
  const { error } = await own.auth.signInWithPassword({ email, password });
  expect(error).toBeNull();
  return own;
}

/** Reads public.users without a filter: all rows that this client may see. */
async function visibleTo(reader: Client): Promise<unknown> {
  return (await reader.from('users').select('id, email, full_name').throwOnError()).data;
}

test('who signs up and has no row gets it from a sync, and may read that row and no other', async () => {
  const ids: string[] = [];
  for (const person of PEOPLE) {
    const { id, own } = await signUp(person);
    expect(await visibleTo(own)).toEqual([]);
    ids.push(id);
  }

  const young = await cli('check', '--json');
  expect(young.json()).toMatchObject({ verdict: 'in_sync', drift: { missing: 0 }, excluded: { grace: 3 } });
  expect(young.code).toBe(0);
  const before = await cli('check', '--grace', '0', '--json');
  expect(before.json()).toMatchObject({ verdict: 'drift', source: { total: 3 }, drift: { missing: 3, orphans: 0 } });
  expect(new Set(before.json().sample)).toEqual(new Set(ids));
  expect(before.code).toBe(2);

  const sync = await cli('sync', '--grace', '0', '--report', 'report.json');
  expect(sync.stdout).toMatch(/REPAIRED {2}3 missing users inserted into public\.users/);
  expect(sync.code).toBe(0);
  expect(new Set(await idsIn(db))).toEqual(new Set(ids));
  expect((await cli('check', '--grace', '0')).code).toBe(0);

  for (const [index, person] of PEOPLE.entries()) {
    const { email, full_name } = person;
    expect(await visibleTo(await signIn(person))).toEqual([{ id: ids[index], email, full_name }]);
  }
  expect(await visibleTo(client()), 'nobody is signed in').toEqual([]);
});
