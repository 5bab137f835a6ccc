import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { functionsSql } from '../../src/sql/functions.ts';
import { createTable, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { type CliOptions, run } from '../support/cli.ts';
import { dataApiOf } from '../support/data-api.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { TEXTBOOK_MAPPING } from '../support/functions.ts';

const RECORDER = pathToFileURL('test/support/record-modules.ts').href;
const folder = mkdtempSync(join(tmpdir(), 'userdrift-loaded-'));
let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await db.drop();
});

/** What a run loads: npm packages by name, and how many files of our own. */
async function loaded(args: readonly string[], options: CliOptions = {}) {
  const file = join(folder, `${args.join(' ').replaceAll('/', '')}.json`);
  const env = { ...options.env, NODE_OPTIONS: `--import=${RECORDER}`, LOADED_MODULES: file };
  const { code } = await run(args, { ...options, env });
  expect(code).toBe(0);
  const urls = z.array(z.string()).parse(JSON.parse(readFileSync(file, 'utf8')));
  const packages = urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? []);
  return { packages: new Set(packages), own: urls.filter((url) => url.includes('/src/')).length };
}

const PINO = [
  ...['pino', 'pino-std-serializers', 'thread-stream', 'sonic-boom', 'atomic-sleep', 'on-exit-leak-free'],
  ...['@pinojs/redact', 'quick-format-unescaped', 'safe-stable-stringify'],
];
const PG = [
  ...['pg', 'pg-cursor', 'pg-pool', 'pg-protocol', 'pg-types', 'pg-int8', 'pg-connection-string'],
  ...['postgres-array', 'postgres-bytea', 'postgres-date', 'postgres-interval', 'xtend'],
];
const JOB = [
  'commander',
  ...PINO,
  'zod',
  'jsonc-parser',
  'ulid',
  'p-limit',
  'yocto-queue',
  'p-retry',
  'is-network-error',
];
const SUPABASE = ['supabase-js', 'auth-js', 'functions-js', 'phoenix', 'postgrest-js', 'realtime-js', 'storage-js'];

// Whoever adds to these lists makes every run wait for it: can it be loaded where it is used?
test.concurrent('--version loads the command line and nothing else', async () => {
  const { packages, own } = await loaded(['--version']);
  expect(packages).toEqual(new Set(['commander']));
  expect(own).toBeLessThanOrEqual(20);
});

test.concurrent('a check loads no way but the one it goes, and nothing that serves, alerts, asks or draws', async () => {
  const { packages, own } = await loaded(['check'], { url: db.url, config: PLAIN_CONFIG });
  expect(packages).toEqual(new Set([...JOB, ...PG]));
  expect(own).toBeLessThanOrEqual(165);
});

test.concurrent('a sync over HTTP loads supabase-js, and no PostgreSQL driver', async () => {
  const api = await dataApiOf(db.url);
  const columns = Object.entries(PLAIN_CONFIG.columns).map(([name, expression]) => ({ name, expression }));
  await db.queryAsPostgres(functionsSql({ ...TEXTBOOK_MAPPING, columns }));
  const env = { SUPABASE_URL: api.url, SUPABASE_SECRET_KEY: api.secretKey };
  const { packages, own } = await loaded(['sync'], { config: PLAIN_CONFIG, env });
  expect(packages).toEqual(new Set([...JOB, ...SUPABASE.map((name) => `@supabase/${name}`), 'iceberg-js', 'tslib']));
  expect(own).toBeLessThanOrEqual(140);
});
