import type { TestDatabase } from './database.ts';

/**
 * Stands in for pg_net, which is in no embedded server: net.http_post with the signature of pg_net 0.19, which records the
 * very bytes that pg_net would send, as a part of the transaction. pg_net takes them from its queue after the commit, and
 * does not keep them.
 */
export const PG_NET = `
create schema net;
grant usage on schema net to public;
create table net.requests (url text, sent bytea, headers jsonb, timeout int);
create function net.http_post(
  url text, body jsonb default '{}', params jsonb default '{}', headers jsonb default '{"Content-Type": "application/json"}',
  timeout_milliseconds int default 5000
) returns bigint language plpgsql security definer set search_path = '' as $$
begin
  insert into net.requests values (url, convert_to(body::text, 'UTF8'), headers, timeout_milliseconds);
  return 1;
end $$;`;

/** What pg_net was asked to send. */
export interface PostedRequest {
  url: string;
  body: Buffer;
  headers: Record<string, string>;
}

/** Takes all requests from the queue, as the worker of pg_net does. */
export async function takeRequests(db: TestDatabase): Promise<PostedRequest[]> {
  return db.query<PostedRequest & Record<string, unknown>>(
    'delete from net.requests returning url, sent as body, headers',
  );
}
