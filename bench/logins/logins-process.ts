// People who log in, as the auth server writes it down, at a pace that does not depend on how fast the server is.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { asked, serve } from '../beside.ts';
import { paceSchema } from './logins.ts';
import { paced } from './paced.ts';

const { url, connections, perSecond } = paceSchema.parse(asked());
const clients = Array.from({ length: connections }, () => new pg.Client({ connectionString: url }));
await Promise.all(clients.map((client) => client.connect()));
const { rows: members = [] } = (await clients[0]?.query<{ id: string }>(
  'select id from auth.users order by md5(id::text) limit 20000',
)) ?? { rows: [] };

async function logIn(client: pg.Client): Promise<void> {
  const member = members[Math.floor(Math.random() * members.length)];
  await client.query('begin');
  await client.query('select id, encrypted_password from auth.users where id = $1', [member?.id]);
  await client.query('update auth.users set last_sign_in_at = now(), updated_at = now() where id = $1', [member?.id]);
  await client.query(
    "insert into auth.sessions (id, user_id, created_at, updated_at, aal) values ($1, $2, now(), now(), 'aal1')",
    [randomUUID(), member?.id],
  );
  await client.query('commit');
}

const done = new AbortController();
const working = clients.map((client) => paced(perSecond, () => logIn(client), done.signal));
serve('ready', async () => {
  done.abort();
  const turns = (await Promise.all(working)).flat();
  await Promise.all(clients.map((client) => client.end()));
  return turns;
});
