/**
 * How many rows were ever written to the tables of the auth server: sign-ups, logins and renewed tokens. A run writes to none
 * of them, and anybody may ask. What a session does is counted within a second.
 */
export const TRAFFIC_SQL = `
select coalesce(sum(pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid) + pg_stat_get_tuples_deleted(oid)), 0)::float8 as rows
from pg_class where relnamespace = to_regnamespace('auth') and relkind = 'r'`;
