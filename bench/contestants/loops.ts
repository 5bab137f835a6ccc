import { type Arena, connected } from '../arena.ts';
import { timed } from '../measure.ts';
import type { Outing } from '../rounds.ts';

const LOOP_SQL = `
do $$
declare
  missing record;
begin
  for missing in
    select u.id from auth.users u left join public.users p on p.id = u.id where p.id is null
  loop
    perform public.sync_user_from_auth(missing.id);
  end loop;
end
$$`;

/** A migration that calls the repair function for one user after the other, inside the server. */
export function loopInServer({ url }: Arena): Promise<Outing> {
  return connected(url, async (client) => ({ seconds: await timed(() => client.query(LOOP_SQL)) }));
}

/** The same loop in a client: one call, one round trip and one commit for each of the first `count` users. */
export function loopInClient({ url }: Arena, count: number): Promise<Outing> {
  return connected(url, async (client) => {
    const { rows } = await client.query<{ id: string }>('select id from auth.users limit $1', [count]);
    const seconds = await timed(async () => {
      for (const { id } of rows) await client.query('select public.sync_user_from_auth($1)', [id]);
    });
    return { seconds };
  });
}
