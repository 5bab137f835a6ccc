import pg from 'pg';
import { parseAddress } from '../../src/postgres/address.ts';
import { openPostgres } from '../../src/postgres/port.ts';
import { aimOf } from '../../src/reconcile/discover.ts';
import type { Asked } from '../../src/reconcile/job.ts';
import { mappingOf } from '../../src/reconcile/mapping.ts';
import { look, tellsProviders } from '../../src/reconcile/preflight.ts';
import { functionsSql } from '../../src/sql/functions.ts';
import type { Mapping } from '../../src/sql/mapping.ts';
import type { TestDatabase } from './database.ts';

/** What `userdrift sql functions` prints for this job: its mapping is completed by what the database is like. */
async function scriptFor(url: string, asked: Asked): Promise<string> {
  const signal = new AbortController().signal;
  const options = { runId: 'functions', concurrency: 1, signal, onRetry: () => {} };
  const port = await openPostgres(parseAddress(url, { rootCert: null }), options);
  try {
    const { config, keyGiven } = asked;
    const known = config.target && keyGiven;
    const aim = known ? {} : aimOf(asked, await port.candidates(config.source), asked.command);
    const { target, ...rest } = { ...config, ...aim };
    if (!target) throw new TypeError('no target');
    const { job, facts } = await look(port, { ...asked, config: { ...rest, target } });
    return functionsSql(mappingOf(job, facts), { graceMs: config.grace, providers: tellsProviders(facts) });
  } finally {
    await port.close('settle');
  }
}

/** Makes the functions for this job, as the role of the connection string. */
export async function makeFunctions(url: string, asked: Asked): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    // A test that makes schema public anew leaves out what every project has.
    await client.query('grant usage on schema public to anon, authenticated, service_role');
    await client.query(await scriptFor(url, asked));
  } finally {
    await client.end();
  }
}

/** The mapping of the textbook, as `TEXTBOOK` has it. */
export const TEXTBOOK_MAPPING: Mapping = {
  source: { schema: 'auth', name: 'users' },
  target: { schema: 'public', name: 'users' },
  key: 'id',
  keyType: 'uuid',
  columns: [
    { name: 'email', expression: 'u.email' },
    { name: 'full_name', expression: "u.raw_user_meta_data->>'full_name'" },
    { name: 'created_at', expression: 'u.created_at' },
  ],
  refresh: [],
  skip: { deleted: true, anonymous: true, sso: false, where: null },
  repair: null,
};

/** Calls a function as the role postgres; the arguments are SQL. */
export async function call<T>(db: TestDatabase, name: string, args = ''): Promise<T> {
  const [row] = await db.queryAsPostgres<{ answer: T }>(`select public.${name}(${args}) as answer`);
  if (!row) throw new TypeError(`${name} returned no row`);
  return row.answer;
}
