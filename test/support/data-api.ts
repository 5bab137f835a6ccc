import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { inject } from 'vitest';

/** What happens to a call instead of, or besides, its answer. */
export type Disturbance =
  | { answer: { status: number; body?: string; headers?: Record<string, string> } }
  /** Not even carried out; the connection breaks. */
  | 'request lost'
  /** Carried out; the connection breaks before the answer. */
  | 'reply lost'
  /** Neither carried out nor answered. */
  | 'silence';

export interface Call {
  function: string;
  args: Record<string, unknown>;
  /** How many calls of this function came before. */
  earlier: number;
}

/**
 * The part of Supabase's Data API that userdrift uses: a gateway that turns keys into roles, and the rpc of PostgREST 14
 * as its documentation describes it. Supabase Lite has it too, but puts a code of its own in place of most SQLSTATEs.
 */
export interface DataApi {
  url: string;
  secretKey: string;
  publishableKey: string;
  /** A signed-in user: sent as bearer beside the publishable key. */
  userToken: string;
  calls: Call[];
  /** statement_timeout of a call; null: that of the role authenticator, 8 s */
  timeoutMs: number | null;
  disturb: (call: Call) => Disturbance | null;
}

const apis = new Map<string, Promise<DataApi>>();

/** The Data API before this database, started when it is first asked for; it ends with the process. */
export function dataApiOf(url: string): Promise<DataApi> {
  const name = new URL(url).pathname.slice(1);
  const known = apis.get(name) ?? start(name);
  apis.set(name, known);
  return known;
}

async function start(database: string): Promise<DataApi> {
  const pool = new pg.Pool({
    ...inject('superuser'),
    user: 'authenticator',
    database,
    ssl: false,
    max: 6,
    allowExitOnIdle: true,
  });
  pool.on('error', () => {});
  const api: DataApi = {
    url: '',
    secretKey: 'sb_secret_dGVzdCBzZWNyZXQga2V5_1',
    publishableKey: 'sb_publishable_dGVzdCBwdWJsaWMga2V5_1',
    userToken: 'token.of.user',
    calls: [],
    timeoutMs: null,
    disturb: () => null,
  };
  const server = createServer((request, response) => {
    serve(api, pool, request, response).catch(() => request.socket.destroy());
  });
  api.url = await listen(server);
  return api;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Reply {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

async function serve(api: DataApi, pool: pg.Pool, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const name = /^\/rest\/v1\/rpc\/(\w+)$/.exec(request.url ?? '')?.[1];
  const role = roleOf(api, request);
  if (role === null) return send(response, error(401, null, 'Invalid API key'));
  if (name === undefined || request.method !== 'POST') return send(response, error(404, 'PGRST125', 'Invalid path'));
  const args: Record<string, unknown> = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
  const call = { function: name, args, earlier: api.calls.filter((earlier) => earlier.function === name).length };
  api.calls.push(call);
  const disturbance = api.disturb(call);
  if (disturbance === 'silence') return;
  if (disturbance === 'request lost') return void request.socket.destroy();
  if (disturbance !== null && typeof disturbance === 'object') {
    const { status, body = '', headers = {} } = disturbance.answer;
    return send(response, { status, body, headers });
  }
  const reply = await perform(pool, role, call, api.timeoutMs);
  if (disturbance === 'reply lost') return void request.socket.destroy();
  send(response, reply);
}

function roleOf(api: DataApi, { headers }: IncomingMessage): string | null {
  if (headers.apikey === api.secretKey) return 'service_role';
  if (headers.apikey !== api.publishableKey) return null;
  return headers.authorization === `Bearer ${api.userToken}` ? 'authenticated' : 'anon';
}

function send(response: ServerResponse, { status, body, headers }: Reply): void {
  // An answer without content has no type of one.
  const type = status === 204 ? {} : { 'content-type': 'application/json; charset=utf-8' };
  response.writeHead(status, { ...type, ...headers });
  response.end(body);
}

function error(status: number, code: string | null, message: string, details: string | null = null): Reply {
  return { status, body: JSON.stringify({ code, message, details, hint: null }) };
}

interface Known {
  names: string[] | null;
  types: string[];
  required: number;
  volatile: boolean;
  /** returns void */
  nothing: boolean;
}

async function perform(pool: pg.Pool, role: string, call: Call, timeoutMs: number | null): Promise<Reply> {
  const client = await pool.connect();
  let healthy = false;
  try {
    const known = await find(client, call);
    if (!known) {
      healthy = true;
      const message = `Could not find the function public.${call.function}(${Object.keys(call.args).join(', ')}) in the schema cache`;
      return error(404, 'PGRST202', message);
    }
    const body = await carryOut(client, role, call, known, timeoutMs);
    healthy = true;
    return known.nothing ? { status: 204, body: '' } : { status: 200, body };
  } catch (thrown) {
    if (!(thrown instanceof pg.DatabaseError))
      return error(503, 'PGRST001', 'Database client error. Retrying the connection.');
    healthy = await client.query('rollback').then(
      () => true,
      () => false,
    );
    return error(statusOf(thrown.code ?? '', role), thrown.code ?? null, thrown.message, thrown.detail ?? null);
  } finally {
    client.release(!healthy);
  }
}

/** As PostgREST chooses: the names of the arguments must be those of the body, and those without a default be given. */
async function find(client: pg.PoolClient, call: Call): Promise<Known | null> {
  const { rows } = await client.query<Known>(
    `select proargnames as names, string_to_array(oidvectortypes(proargtypes), ', ') as types,
       pronargs - pronargdefaults as required, provolatile = 'v' as volatile,
       prorettype = 'void'::regtype as nothing
     from pg_proc where pronamespace = 'public'::regnamespace and proname = $1`,
    [call.function],
  );
  const given = Object.keys(call.args);
  const fits = ({ names, required }: Known) =>
    given.every((name) => names?.includes(name)) &&
    (names ?? []).slice(0, required).every((name) => given.includes(name));
  return rows.find(fits) ?? null;
}

async function carryOut(
  client: pg.PoolClient,
  role: string,
  call: Call,
  { names, types, volatile }: Known,
  timeoutMs: number | null,
): Promise<string> {
  const given = Object.keys(call.args).map((name) => ({ name, type: types[names?.indexOf(name) ?? -1] }));
  const columns = given.map(({ name, type }) => `"${name}" ${type}`).join(', ');
  const list = given.map(({ name }) => `"${name}" := body."${name}"`).join(', ');
  const from = given.length > 0 ? `from json_to_record($1::json) as body (${columns})` : '';
  await client.query(`begin isolation level read committed ${volatile ? 'read write' : 'read only'}`);
  await client.query(
    `select set_config('role', $1, true), set_config('request.jwt.claims', json_build_object('role', $1::text)::text, true),
       set_config('search_path', 'public, extensions', true)`,
    [role],
  );
  if (timeoutMs !== null) await client.query(`set local statement_timeout = ${timeoutMs}`);
  const values = given.length > 0 ? [JSON.stringify(call.args)] : [];
  const { rows } = await client.query<{ body: string }>(
    `select public."${call.function}"(${list})::text as body ${from}`,
    values,
  );
  await client.query('commit');
  return rows[0]?.body ?? 'null';
}

/** The table "Errors, HTTP status codes" of PostgREST's documentation. */
function statusOf(state: string, role: string): number {
  if (state === '42501') return role === 'anon' ? 401 : 403;
  const exact: Record<string, number> = {
    '23503': 409,
    '23505': 409,
    '25006': 405,
    '42883': 404,
    '42P01': 404,
    '42P17': 500,
    '53400': 500,
    P0001: 400,
  };
  const byClass: Record<string, number> = {
    '08': 503,
    '09': 500,
    '0L': 403,
    '0P': 403,
    '25': 500,
    '28': 403,
    '2D': 500,
    '38': 500,
    '39': 500,
    '3B': 500,
    '40': 500,
    '53': 503,
    '54': 500,
    '55': 500,
    '57': 500,
    '58': 500,
    F0: 500,
    HV: 500,
    P0: 500,
    XX: 500,
  };
  return exact[state] ?? byClass[state.slice(0, 2)] ?? 400;
}
