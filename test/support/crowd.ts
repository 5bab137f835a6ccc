import type { TestDatabase } from './database.ts';

/** Makes `count` users who signed up a day ago, with random ids; returns their ids in ascending order. */
export async function crowd(db: TestDatabase, count: number): Promise<string[]> {
  const made = await db.query<{ id: string }>(
    `with made as (
      insert into auth.users (id, email, created_at, raw_user_meta_data)
      select gen_random_uuid(), gen_random_uuid() || '@example.org', now() - interval '1 day', '{}'
      from generate_series(1, $1::int) returning id
    ) select id from made order by id`,
    [count],
  );
  return made.map(({ id }) => id);
}
