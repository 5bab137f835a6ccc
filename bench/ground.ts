import { join } from 'node:path';
import type pg from 'pg';
import { createRoles } from '../src/demo/auth-roles.ts';
import { createAuthSchema } from '../src/demo/auth-schema.ts';
import { type Server, startServer } from '../src/demo/server.ts';
import { type Arena, connected } from './arena.ts';
import { nameOf, PEOPLE_SQL, type Population, portion, STATEMENT_SQL, TARGET_SQL } from './population.ts';
import { LOG_FILE, LOGGING, SETTINGS } from './settings.ts';

/** The server of a bench, with a template database for every population that was asked for. */
export interface Ground {
  readonly server: Server;
  /** Of the server's log; what it holds is counted in bytes. */
  readonly logFile: string;
  /** A fresh copy of the population, byte for byte the same each time, checkpointed, nothing in shared buffers. */
  arena(population: Population): Promise<Arena>;
  /** Makes room; the next arena of this population builds it anew. */
  forget(population: Population): Promise<void>;
}

/** What the template databases get beside the tables: the functions that `userdrift sql functions` prints. */
export type Furnish = (url: string) => Promise<string>;

const BASE = 'bench_base';
const PORTION = 100_000;

/** Starts the server and makes its roles and the empty database that all others come from. */
export async function startGround(furnish: Furnish, say: (line: string) => void, signal: AbortSignal): Promise<Ground> {
  const server = await startServer({ settings: { ...SETTINGS, ...LOGGING }, signal });
  try {
    await layBase(server, furnish);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return groundOn(server, say);
}

async function layBase(server: Server, furnish: Furnish): Promise<void> {
  await connected(server.url(), async (client) => {
    await createRoles(client, server.superuser.password);
    await client.query(`create database ${BASE} owner postgres`);
  });
  await connected(server.url({ database: BASE }), async (client) => {
    await createAuthSchema(client);
    await client.query('create extension pg_stat_statements schema extensions');
  });
  const url = server.url({ database: BASE, user: 'postgres' });
  await connected(url, (client) => client.query(TARGET_SQL));
  const functions = await furnish(url);
  await connected(url, (client) => client.query(functions));
}

function groundOn(server: Server, say: (line: string) => void): Ground {
  const built = new Map<string, Promise<void>>();
  let clones = 0;
  const template = async (population: Population): Promise<string> => {
    const name = nameOf(population);
    const building = built.get(name) ?? build(population);
    built.set(name, building);
    await building;
    return name;
  };
  const build = async (population: Population): Promise<void> => {
    const { copied = false, ...rest } = population;
    const from = copied ? await template(rest) : BASE;
    say(`making ${population.users} users${copied ? ', all with a row' : ''}`);
    await onServer(server, (client) => copyDatabase(client, nameOf(population), from));
    await connected(server.url({ database: nameOf(population) }), (client) =>
      copied ? fillTarget(client) : fillSource(client, population),
    );
  };
  return {
    server,
    logFile: join(server.dataDir, LOG_FILE),
    async arena(population) {
      const from = await template(population);
      clones += 1;
      const name = `arena_${clones}`;
      await onServer(server, (client) => copyDatabase(client, name, from));
      return arenaOf(server, name);
    },
    async forget(population) {
      const name = nameOf(population);
      if (!built.delete(name)) return;
      await onServer(server, (client) => client.query(`drop database ${name} with (force)`));
    },
  };
}

/** A copy of the files, which is the same to the byte, with a checkpoint before and after it. */
async function copyDatabase(client: pg.Client, name: string, from: string): Promise<void> {
  await client.query(`create database ${name} template ${from} owner postgres strategy file_copy`);
}

async function fillSource(client: pg.Client, population: Population): Promise<void> {
  for (let from = 1; from <= population.users; from += PORTION) {
    await client.query(PEOPLE_SQL, portion(population, from, Math.min(from + PORTION - 1, population.users)));
  }
  await client.query('vacuum (analyze, freeze) auth.users');
}

/** The lock of the foreign key dirties every row of auth.users; vacuum makes index-only scans possible again. */
async function fillTarget(client: pg.Client): Promise<void> {
  await client.query(STATEMENT_SQL);
  await client.query('vacuum (analyze, freeze) auth.users, public.users');
}

function arenaOf(server: Server, database: string): Arena {
  const superuserUrl = server.url({ database });
  return {
    name: database,
    url: server.url({ database, user: 'postgres' }),
    superuserUrl,
    authUrl: server.url({ database, user: 'supabase_auth_admin' }),
    query: async (sql, values) => connected(superuserUrl, async (client) => (await client.query(sql, values)).rows),
    drop: () => onServer(server, (client) => client.query(`drop database ${database} with (force)`)),
  };
}

async function onServer(server: Server, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  await connected(server.url(), work);
}
