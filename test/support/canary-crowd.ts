import type { TestDatabase } from './database.ts';
import { insertUser } from './people.ts';

/**
 * Many users in one statement, who signed up one after the other a day ago; mail, phone, name and password hash of each
 * carry the canary of the first. Returns their ids in the order in which they signed up.
 */
export async function canaryCrowd(db: TestDatabase, count: number): Promise<string[]> {
  const { id: first } = await insertUser(db);
  await db.query(
    `insert into auth.users (id, instance_id, aud, role, email, phone, encrypted_password, raw_user_meta_data,
       raw_app_meta_data, created_at, updated_at)
     select gen_random_uuid(), instance_id, aud, role, n || email, phone || n, encrypted_password || n,
       jsonb_build_object('full_name', raw_user_meta_data->>'full_name' || ' ' || n, 'crowd', $1::uuid), raw_app_meta_data,
       created_at + n * interval '1 millisecond', updated_at
     from auth.users, generate_series(1, $2::int - 1) as n where id = $1`,
    [first, count],
  );
  const rest = await db.query<{ id: string }>(
    `select id from auth.users where raw_user_meta_data->>'crowd' = $1 order by created_at`,
    [first],
  );
  return [first, ...rest.map(({ id }) => id)];
}
