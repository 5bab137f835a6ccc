import type { ClientBase } from 'pg';
import { type Catalog, keyOf, relationOf, tableBehind, targetOf } from '../catalog.ts';
import type { Facts, Sight } from '../facts.ts';
import type { Names } from '../port.ts';
import { oddKeysSql, ROLE, relationSql, SERVER } from '../sql/catalog.ts';
import type { Name } from '../sql/name.ts';
import { oursSql } from '../sql/ours.ts';
import { describeFunctions } from './repair-function.ts';
import type { Server } from './server.ts';
import { proveSource, proveTarget } from './sight.ts';
import { readSignUps } from './source-triggers.ts';

/** Everything that preflight, doctor and init need to know, in one read-only transaction. */
export async function inspect(server: Server, names: Names): Promise<Facts> {
  return server.read(
    // Compiling the questions to the catalog took 13 s on a server with JIT, asking them 0.2 s.
    { statement_timeout: '30s', lock_timeout: '5s', row_security: 'off', search_path: '', jit: 'off' },
    async (client) => {
      const about = await aboutServer(client);
      const source = await describe(client, names.source);
      const aim = names.target && { ...names, target: names.target };
      const target = aim && (await describe(client, aim.target));
      const targetSight = target && (await proveTarget(client, aim, names.writes));
      return {
        ...about,
        connection: { ...about.connection, ...server.connection },
        source: source && {
          ...relationOf(source),
          sight: await proveSource(client, names.source),
          signUps: await readSignUps(client, tableBehind(names.source, source.kind), names.target),
        },
        target: target && targetSight && { ...targetOf(target, source, names), sight: targetSight },
        repairFunction: names.repair && (await describeFunctions(client, names.repair)),
        key: target && targetSight && (await describeKey(client, aim, target, targetSight)),
      };
    },
  );
}

type About = Pick<Facts, 'server' | 'role' | 'ours'> & {
  connection: Pick<Facts['connection'], 'freeConnections' | 'timeouts'>;
};

async function aboutServer(client: ClientBase): Promise<About> {
  const { rows } = await client.query<{ about: About }>(`
select jsonb_build_object(
  'server', ${SERVER},
  'role', ${ROLE},
  'ours', ${oursSql('current_user')},
  'connection', jsonb_build_object(
    'freeConnections', least(
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - (select count(*) from pg_stat_activity where backend_type = 'client backend'),
      nullif(rolconnlimit, -1) - (select count(*) from pg_stat_activity where usename = current_user)),
    'timeouts', jsonb_build_object(
      'statement', ${resetValue('statement_timeout')}, 'idleSession', ${resetValue('idle_session_timeout')}))
) as about
from pg_roles where rolname = current_user`);
  const [row] = rows;
  if (!row) throw new TypeError('the catalog does not know the current role');
  return row.about;
}

/** What a setting is before this session changes it, in milliseconds. */
function resetValue(name: string): string {
  return `(select reset_val::int from pg_settings where name = '${name}')`;
}

/** null: there is no such relation, or its schema is closed to this role. */
async function describe(client: ClientBase, name: Name): Promise<Catalog | null> {
  const { rows } = await client.query<{ catalog: Catalog }>(relationSql('$1', '$2'), [name.schema, name.name]);
  return rows[0]?.catalog ?? null;
}

type Aim = Names & { target: Name };

async function describeKey(client: ClientBase, names: Aim, catalog: Catalog, sight: Sight): Promise<Facts['key']> {
  const key = keyOf(catalog, names.key);
  if (!key) return null;
  return { ...key, oddRows: key.type === 'text' && sight.seen && (await hasOddKeys(client, names, sight.through)) };
}

async function hasOddKeys(client: ClientBase, { target, key }: Aim, through: 'role' | 'policy'): Promise<boolean> {
  await client.query(`set local row_security = ${through === 'policy' ? 'on' : 'off'}`);
  const { rows } = await client.query<{ odd: boolean }>(oddKeysSql(target, key));
  return rows[0]?.odd === true;
}
