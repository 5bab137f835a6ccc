import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTable, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { makeAuthority, makeServerCertificate } from '../support/certificate.ts';
import { type Finished, run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { eavesdrop } from '../support/eavesdropper.ts';

const PASSWORD = 'gehe/im@nis:%nie';
const USER = 'jemand';
const authority = makeAuthority('Test Root');
const SELF = makeAuthority('localhost');

/** In every spelling in which a password may get out. */
const SPELLINGS = [
  PASSWORD,
  encodeURIComponent(PASSWORD),
  encodeURI(PASSWORD),
  Buffer.from(PASSWORD).toString('base64'),
  Buffer.from(PASSWORD).toString('hex'),
  'gehe',
  '%nie',
];

function expectNoPassword({ stdout, stderr, files }: Pick<Finished, 'stdout' | 'stderr' | 'files'>): void {
  for (const text of [stdout, stderr, ...Object.values(files)]) {
    for (const spelling of SPELLINGS) expect(text).not.toContain(spelling);
  }
}

const ca = { DATABASE_CA_CERT: authority.pem };

/** The real CLI against a server that listens; what it heard, and what the run said. */
async function call(certificate: Parameters<typeof eavesdrop>[0], env: Record<string, string>) {
  await using server = await eavesdrop(certificate);
  const url = `postgresql://${USER}:${encodeURIComponent(PASSWORD)}@localhost:${server.port}/app?sslmode=require`;
  const end = await run(['check', '--json', '--report', 'report.json', '--log-level', 'debug'], {
    url,
    env,
    config: PLAIN_CONFIG,
  });
  expectNoPassword(end);
  expect(end.code).toBe(1);
  return { heard: server.heard(), end };
}

describe('a server that is not the right one hears neither the user nor the password', () => {
  test('the right one does: this server can hear', async () => {
    const { heard, end } = await call(makeServerCertificate('localhost', authority), ca);
    expect(heard).toContain(PASSWORD);
    expect(heard).toContain(USER);
    expect(end.json().reason?.code).toBe('wrong_password');
  });

  test.each([
    ['signed by nobody', SELF, ca, 'tls_untrusted'],
    ['signed by somebody else', makeServerCertificate('localhost', makeAuthority('Other Root')), ca, 'tls_untrusted'],
    ['signed by a CA that nobody named', makeServerCertificate('localhost', authority), {}, 'tls_untrusted'],
    ['for another host', makeServerCertificate('db.example.org', authority), ca, 'tls_wrong_host'],
    ['that has expired', makeServerCertificate('localhost', authority, -1), ca, 'tls_expired'],
    ['at all: it has none', null, ca, 'tls_unsupported'],
  ] as const)('a certificate %s', async (_, certificate, env, code) => {
    const { heard, end } = await call(certificate, env);
    expect(heard).not.toContain(PASSWORD);
    expect(heard).not.toContain(USER);
    expect(end.json()).toMatchObject({ verdict: 'failed', reason: { code } });
  });

  test('not even where Node is told to look away', async () => {
    const { heard, end } = await call(SELF, { ...ca, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' });
    expect(heard).not.toContain(PASSWORD);
    expect(end.json().reason?.code).toBe('tls_untrusted');
  });
});

describe('whatever is logged', () => {
  let db: TestDatabase;
  let url: string;

  beforeAll(async () => {
    db = await createDatabase();
    await createTable(db, PLAIN_COLUMNS);
    const { name } = await db.createRole('bypassrls');
    await db.query(`alter role ${name} password '${PASSWORD}';
      grant usage on schema auth, public to ${name}; grant select on auth.users, public.users to ${name}`);
    const address = new URL(db.url);
    url = `postgresql://${name}:${encodeURIComponent(PASSWORD)}@${address.host}${address.pathname}`;
  });
  afterAll(() => db.drop());

  // What the other levels tell, debug tells as well.
  test('at debug: no password of a run that works, nor of one that does not', async () => {
    const args = ['check', '--report', 'report.json', '--log-level', 'debug'];
    const config = PLAIN_CONFIG;
    const works = await run(args, { url, config });
    expect(works.code, works.stderr).toBe(0);
    expectNoPassword(works);
    // The server that a test talks to trusts nobody without a password.
    expectNoPassword(await run(args, { url: url.replace('nie@', 'nienie@'), config }));
    expectNoPassword(await run(args, { url: url.replace(/:\d+\//, ':1/'), config }));
    expectNoPassword(await run(args, { url: url.replace(/@.*\//, `@${PASSWORD}/`), config }));
  });
});
