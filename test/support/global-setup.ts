import pg from 'pg';
import type { TestProject } from 'vitest/node';
import type { Address } from '../../src/demo/address.ts';
import { createRoles } from '../../src/demo/auth-roles.ts';
import { createAuthSchema } from '../../src/demo/auth-schema.ts';
import { binariesIn } from '../../src/demo/binaries.ts';
import { type Server, startServer } from '../../src/demo/server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The superuser of the one server of this run. */
    superuser: Address;
    serverPid: number;
  }
}

export const TEMPLATE = 'userdrift_template';

/** One embedded server for the whole run, with a template database that every test file clones. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Another PostgreSQL than the embedded one: a folder with bin, lib and share.
  const other = process.env.USERDRIFT_TEST_POSTGRES;
  const server = await startServer(other ? { binaries: binariesIn(other) } : {});
  try {
    await buildTemplate(server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  project.provide('superuser', server.superuser);
  project.provide('serverPid', server.pid);
  return () => server.stop();
}

/** What `createDatabase` clones. */
export async function buildTemplate(server: Server): Promise<void> {
  await as(server.superuser, async (client) => {
    await createRoles(client, server.superuser.password);
    await client.query(`create database ${TEMPLATE} owner postgres`);
  });
  await as({ ...server.superuser, database: TEMPLATE }, createAuthSchema);
  // A template is cloned only while nobody is connected to it.
  await as(server.superuser, (client) => client.query(`alter database ${TEMPLATE} allow_connections false`));
}

async function as(address: Address, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ ...address, ssl: false });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
