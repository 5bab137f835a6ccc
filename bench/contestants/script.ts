// What most people write: pages of the Auth admin API, upserted through the Data API.
import { createClient } from '@supabase/supabase-js';

const PAGE = 1000;
const supabase = createClient(process.env.SUPABASE_URL ?? '', process.env.SUPABASE_SECRET_KEY ?? '', {
  auth: { persistSession: false },
});

for (let page = 1; ; page += 1) {
  const { data, error } = await supabase.auth.admin.listUsers({ page, perPage: PAGE });
  if (error) throw error;
  const rows = data.users.map(({ id, email, user_metadata, created_at }) => ({
    id,
    email,
    full_name: user_metadata.full_name ?? email?.split('@')[0],
    avatar_url: user_metadata.avatar_url,
    created_at,
  }));
  if (rows.length > 0) {
    const upserted = await supabase.from('users').upsert(rows, { onConflict: 'id', ignoreDuplicates: true });
    if (upserted.error) throw new Error(upserted.error.message);
  }
  if (rows.length < PAGE) break;
}
