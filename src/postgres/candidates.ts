import type { Candidate } from '../port.ts';
import type { Name } from '../sql/name.ts';
import type { Server } from './server.ts';

/**
 * Tables that may hold the application's users: a single-column foreign key to the source (behind a view: to
 * auth.users), or one of the usual names with a uuid column that the auth id would be in. The platform's own schemas
 * are left out.
 */
export async function findCandidates(server: Server, source: Name): Promise<Candidate[]> {
  return server.read({ statement_timeout: '30s', lock_timeout: '5s', jit: 'off' }, async (client) => {
    const { rows } = await client.query<Row>(CANDIDATES, [source.schema, source.name]);
    return rows.map(({ schema, name, ...rest }) => ({ target: { schema, name }, ...rest }));
  });
}

/** A candidate in the wider sense of init, with what makes it more or less likely. */
export interface Prospect extends Candidate {
  /** The column is a text of some kind, in which auth ids may be written. */
  text: boolean;
  /** Columns of the table that people have: email, full_name, avatar_url. */
  personal: string[];
}

/** As the candidates, and the tables and keys that have usual names only: members, accounts, customers; text keys. */
export async function findProspects(server: Server, source: Name): Promise<Prospect[]> {
  return server.read({ statement_timeout: '30s', lock_timeout: '5s', jit: 'off' }, async (client) => {
    const { rows } = await client.query<Row & Prospect>(PROSPECTS, [source.schema, source.name]);
    return rows.map(({ schema, name, ...rest }) => ({ ...rest, target: { schema, name } }));
  });
}

type Row = Omit<Candidate, 'target'> & Name;

const REFERRED = `
with referred as (
  select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where (n.nspname, c.relname) in (($1::name, $2::name), ('auth', 'users'))
)`;

/** Of column `a` of table `c` in schema `n`. */
const COLUMNS = `n.nspname as schema, c.relname as name, a.attname as key,
  exists (
    select from pg_constraint f
    where f.contype = 'f' and f.conrelid = c.oid and f.conkey = array[a.attnum] and f.confrelid in (select oid from referred)
  ) as "references",
  exists (
    select from pg_index i
    where i.indrelid = c.oid and i.indisunique and i.indnkeyatts = 1 and i.indkey[0] = a.attnum
  ) as "unique",
  a.atthasdef or a.attidentity <> '' as filled`;

const TABLES = `
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
where c.relkind in ('r', 'p') and not c.relispartition
  and n.nspname not in ('auth', 'storage', 'realtime', 'vault', 'extensions', 'pg_catalog', 'information_schema')`;

const CANDIDATES = `${REFERRED}
select ${COLUMNS}${TABLES}
  and (
    exists (
      select from pg_constraint f
      where f.contype = 'f' and f.conrelid = c.oid and f.conkey = array[a.attnum] and f.confrelid in (select oid from referred)
    )
    or a.atttypid = 'uuid'::regtype and lower(a.attname) in ('id', 'user_id', 'auth_id', 'auth_user_id', 'profile_id', 'uid', 'uuid')
      and (lower(c.relname) in ('users', 'profiles', 'user', 'profile') or exists (
        select from pg_constraint f
        where f.contype = 'f' and f.conrelid = c.oid and cardinality(f.conkey) = 1 and f.confrelid in (select oid from referred)
      ))
  )
order by 4 desc, 1, 2, a.attnum`;

/** Names without their underscores, as one spells them in every style. */
const PLAIN = (name: string) => `replace(lower(${name}), '_', '')`;

const PROSPECTS = `${REFERRED}
select ${COLUMNS},
  t.typcategory = 'S' as text,
  array(
    select b.attname::text from pg_attribute b
    where b.attrelid = c.oid and b.attnum > 0 and not b.attisdropped and ${PLAIN('b.attname')} in (
      'email', 'phone', 'name', 'fullname', 'displayname', 'firstname', 'lastname', 'username', 'avatarurl', 'avatar', 'picture')
    order by b.attnum) as personal${TABLES}
  and (
    exists (
      select from pg_constraint f
      where f.contype = 'f' and f.conrelid = c.oid and f.conkey = array[a.attnum] and f.confrelid in (select oid from referred)
    )
    or (a.atttypid = 'uuid'::regtype or t.typbasetype = 'uuid'::regtype or t.typcategory = 'S')
      and ${PLAIN('a.attname')} in ('id', 'userid', 'authid', 'authuserid', 'profileid', 'uid', 'uuid', 'supabaseid', 'supabaseuserid', 'authuid')
      and ${PLAIN('c.relname')} ~ '^(app|auth)?(users?|profiles?|userprofiles?|members?|accounts?|customers?|people|persons?|useraccounts?|employees?|staff)$'
  )
order by 4 desc, 1, 2, a.attnum`;
