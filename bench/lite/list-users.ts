import type pg from 'pg';

/**
 * The list of users of the Auth admin API, which Supabase Lite does not have: the newest first, by page and offset, with
 * a count of all, as the auth server asks for them. null: another request.
 */
export function listUsers(pool: pg.Pool, request: Request): Promise<Response> | null {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname !== '/auth/v1/admin/users' || !request.headers.get('apikey')?.startsWith('sb_secret_')) return null;
  const size = Number(searchParams.get('per_page') || 50);
  return answer(pool, size, Number(searchParams.get('page') || 1));
}

async function answer(pool: pg.Pool, size: number, page: number): Promise<Response> {
  const { rows: counted } = await pool.query<{ total: number }>(
    `select count(*)::int as total from auth.users where ${AUDIENCE}`,
  );
  const { rows: users } = await pool.query(
    `select id, aud, role, email, phone, email_confirmed_at, last_sign_in_at, raw_app_meta_data as app_metadata,
       raw_user_meta_data as user_metadata, created_at, updated_at, is_anonymous, deleted_at
     from auth.users where ${AUDIENCE} order by created_at desc limit $1 offset $2`,
    [size, (page - 1) * size],
  );
  const total = counted[0]?.total ?? 0;
  return Response.json({ users, aud: 'authenticated' }, { headers: { 'x-total-count': String(total) } });
}

const AUDIENCE = "instance_id = '00000000-0000-0000-0000-000000000000' and aud = 'authenticated'";
