import type { ClientBase } from 'pg';
import type { Finding } from '../facts.ts';
import { eligible, type Mapping, sourceOf, whole } from '../sql/mapping.ts';
import { ident } from '../sql/name.ts';
import { insertAtOnceSql, refreshAtOnceSql } from '../sql/write.ts';
import { proveCall } from './prove-call.ts';
import type { Server } from './server.ts';
import { classify, sqlState } from './sqlstate.ts';

interface Expression {
  /** path in the configuration */
  path: string;
  /** as the configuration has it */
  raw: string;
  sql: string;
}

/**
 * Has PostgreSQL judge every expression of the configuration by itself, so that a fault names its field: prepared over
 * the extended protocol (one statement, exactly two columns) under an empty search_path, so that it means the same in
 * every session. `write` also plans the INSERT, or the call of the repair function, and evaluates each expression for one row in a read-only transaction.
 * The text of the server is quoted while no row is read: it speaks of the configuration only.
 */
export async function prove(
  server: Server,
  mapping: Mapping,
  depth: 'read' | 'write',
  rowSecurity: boolean,
): Promise<Finding[]> {
  const faults = await judge(server, mapping, depth, rowSecurity);
  return faults.length > 0 ? faults : proveStable(server, mapping);
}

const SETTINGS = { statement_timeout: '30s', lock_timeout: '5s', row_security: 'off' };

async function judge(
  server: Server,
  mapping: Mapping,
  depth: 'read' | 'write',
  rowSecurity: boolean,
): Promise<Finding[]> {
  return server.read({ ...SETTINGS, row_security: rowSecurity ? 'on' : 'off' }, async (client) => {
    const faults: Finding[] = [];
    for (const expression of expressionsOf(mapping, depth)) {
      const fault = await attempt(client, expression.path, 'expression_invalid', () =>
        prepare(client, mapping, expression),
      );
      if (fault) faults.push(fault);
    }
    if (faults.length > 0 || depth === 'read') return faults;
    const written = mapping.repair
      ? await proveCall(client, mapping, mapping.repair)
      : await attempt(client, 'columns', 'insert_invalid', () =>
          client.query(`explain ${insertAtOnceSql(mapping)}`, [[]]),
        );
    if (written) return [written];
    const refreshed = mapping.refresh.length > 0 && (await proveRefresh(client, mapping));
    return refreshed ? [refreshed] : evaluateAll(client, mapping);
  });
}

function proveRefresh(client: ClientBase, mapping: Mapping): Promise<Finding | null> {
  return attempt(client, 'refresh', 'refresh_invalid', () =>
    client.query(`explain ${refreshAtOnceSql(mapping)}`, [[]]),
  );
}

/** A check needs the filter and the refresh columns only. */
function expressionsOf(mapping: Mapping, depth: 'read' | 'write'): Expression[] {
  const { where } = mapping.skip;
  const columns = depth === 'write' ? mapping.columns : mapping.refresh;
  return [
    ...(where === null ? [] : [{ path: 'skip.where', raw: where, sql: `${whole(where)} is true` }]),
    ...columns.map(({ name, expression }) => ({ path: `columns.${name}`, raw: expression, sql: whole(expression) })),
  ];
}

async function prepare(client: ClientBase, mapping: Mapping, { path, raw, sql }: Expression): Promise<void> {
  await client.query(`set local search_path = ''`);
  const text = `select u.id, ${sql} from ${sourceOf(mapping)} limit 0`;
  const { fields } = await client.query({ text, queryMode: 'extended' } as { text: string });
  if (fields.length !== 2) throw new NotOneExpression(path);
  // `a) or (b` closes our parentheses and stays one column; between brackets it is a syntax error.
  const bracketed = `select u.id, array[\n${raw}\n] from ${sourceOf(mapping)} limit 0`;
  await client.query({ text: bracketed, queryMode: 'extended' } as { text: string });
}

class NotOneExpression extends Error {}

/** Row faults are none of ours here: one odd user does not make a mapping wrong. 25006 says that the expression writes. */
async function evaluateAll(client: ClientBase, mapping: Mapping): Promise<Finding[]> {
  const faults: Finding[] = [];
  for (const { path, sql } of expressionsOf(mapping, 'write')) {
    const fault = await attempt(client, path, 'expression_fails', async () => {
      await client.query(`set local search_path = ''`);
      await client.query(`select ${sql} from ${sourceOf(mapping)} where ${eligible(mapping)} limit 1`);
    });
    if (fault && fault.code !== 'row_fault') faults.push(fault);
  }
  return faults;
}

async function attempt(
  client: ClientBase,
  path: string,
  code: string,
  work: () => Promise<unknown>,
): Promise<Finding | null> {
  await client.query('savepoint proof');
  try {
    await work();
    await client.query('rollback to savepoint proof');
    return null;
  } catch (error) {
    const finding = describe(error, path, code);
    if (!finding) throw error;
    await client.query('rollback to savepoint proof');
    return finding;
  }
}

const RIGHTS: ReadonlyMap<string, readonly [deed: string, right: string]> = new Map([
  ['insert_invalid', ['insert into the target', 'insert']],
  ['refresh_invalid', ['update the target', 'update']],
]);

function describe(error: unknown, path: string, code: string): Finding | null {
  const problem = (fact: string, fix: string): Finding => ({
    about: 'columns',
    level: 'problem',
    code,
    fact,
    fix,
    verdict: 'failed',
  });
  const fix = `correct ${path} in the configuration; it is SQL over the source row u, and every type and function in it needs its schema`;
  const state = sqlState(error);
  // 08P01: it has a parameter such as $1, which nothing fills.
  if (error instanceof NotOneExpression || state === '08P01') return problem(`${path} is not one expression`, fix);
  if (state === null || !(error instanceof Error)) return null;
  if (state === '25006') return problem(`${path} writes to the database when it is evaluated (25006)`, fix);
  if (classify(error) === 'row') return { ...problem(path, fix), code: 'row_fault' };
  if (classify(error) !== 'stop') return null;
  const [deed, right] = RIGHTS.get(code) ?? [];
  if (state === '42501' && deed) {
    const grant = `grant select and ${right} on the target to this role, or connect as postgres`;
    return { ...problem(`this role may not ${deed} (42501)`, grant), verdict: 'inconclusive' };
  }
  // Once a row was read the text of the server can quote it.
  const said = code === 'expression_fails' ? 'fails when it is evaluated' : error.message;
  return problem(`${path}: ${said} (${state})`, fix);
}

/**
 * A refresh column is compared in every run: an expression that changes by itself (random(), now()) would be stale for
 * ever. Two transactions look at one row; a row that changed between them proves nothing.
 */
async function proveStable(server: Server, mapping: Mapping): Promise<Finding[]> {
  if (mapping.refresh.length === 0) return [];
  const clocked = mapping.refresh.filter(({ expression }) => CLOCKED.test(expression));
  if (clocked.length > 0) return clocked.map(({ name }) => unstable(name));
  const first = await fingerprints(server, mapping);
  const second = await fingerprints(server, mapping);
  if (first.row !== second.row) return [];
  return mapping.refresh.filter(({ name }) => first[name] !== second[name]).map(({ name }) => unstable(name));
}

/** `now()::date` differs once a day: no two looks in a row would show it. */
const CLOCKED =
  /\b(now|random|gen_random_uuid|clock_timestamp|transaction_timestamp|statement_timestamp|timeofday)\s*\(|\b(current_(date|time|timestamp)|localtime(stamp)?)\b/i;

function unstable(name: string): Finding {
  return {
    about: 'columns',
    level: 'problem',
    code: 'refresh_unstable',
    fact: `refresh: columns.${name} gives another value each time it is evaluated`,
    fix: 'take it out of refresh, or map it to an expression without now() or random()',
    verdict: 'failed',
  };
}

/** Hashes, made by the server: no value of a row comes here. */
async function fingerprints(server: Server, mapping: Mapping): Promise<Record<string, string>> {
  const columns = mapping.refresh.map(({ name, expression }) => `md5(${whole(expression)}::text) as ${ident(name)}`);
  const text = `select md5(u::text) as "row", ${columns.join(', ')}
    from ${sourceOf(mapping)} where ${eligible(mapping)} order by u.id limit 1`;
  return server.read(
    { ...SETTINGS, search_path: '' },
    async (client) => (await client.query<Record<string, string>>(text)).rows[0] ?? {},
  );
}
