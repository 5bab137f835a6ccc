import { createPostgresConnection, type PostgresConnection } from '@supabase/lite/postgres';

/**
 * The way of Supabase Lite to a database. With its own serializer for jsonb it encodes values twice: a column or an
 * argument gets one JSON string with the object in it, and `raw_user_meta_data->>'full_name'` is null. The auth server and
 * the Data API of Supabase store the object.
 */
export function connectLite(url: string): PostgresConnection {
  const jsonb = {
    to: 3802,
    from: [3802],
    serialize: (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value)),
    parse: (text: string): unknown => JSON.parse(text),
  };
  return createPostgresConnection({ url, postgresOptions: { max: 4, onnotice: () => {}, types: { jsonb } } });
}
