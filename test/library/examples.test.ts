import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { reportSchema } from '../../src/index.ts';
import { createTable, idsIn, PLAIN_COLUMNS } from '../support/app.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { serve } from '../support/http-stub.ts';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  await crowd(db, 3);
});
afterAll(() => db.drop());

/** Starts an example as its first lines say. */
function start(name: string, env: Record<string, string>): ChildProcess {
  const ours = { PATH: '/usr/bin:/bin', DATABASE_URL: db.url };
  return spawn(process.execPath, [`examples/${name}`], {
    env: { ...ours, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** All that it prints, and its exit code. */
async function ended(child: ChildProcess): Promise<{ printed: string; code: unknown }> {
  const [printed, [code]] = await Promise.all([child.stdout ? text(child.stdout) : '', once(child, 'exit')]);
  return { printed, code };
}

test('alert-on-drift.ts tells the hook, then endpoint.ts repairs, then there is nothing to tell', async () => {
  const hook = await serve(() => ({}));
  const endpoint = start('endpoint.ts', { CRON_SECRET: 'token', PORT: '0' });
  try {
    const drift = await ended(start('alert-on-drift.ts', { HOOK_URL: hook.url }));
    expect(drift).toEqual({ printed: 'drift: 3 missing\n', code: 2 });
    expect(hook.heard.map(({ body }): unknown => JSON.parse(body))).toEqual([
      { text: 'userdrift: drift, 3 missing. ' },
    ]);

    const [line] = endpoint.stdout ? await once(endpoint.stdout, 'data') : [];
    const url = `http://127.0.0.1:${/\d+/.exec(String(line))?.[0]}/sync`;
    expect((await fetch(url, { method: 'POST' })).status).toBe(401);
    const answer = await fetch(url, { method: 'POST', headers: { authorization: 'Bearer token' } });
    expect(answer.status).toBe(200);
    expect(reportSchema.parse(await answer.json())).toMatchObject({ verdict: 'repaired', repair: { inserted: 3 } });
    expect(await idsIn(db)).toHaveLength(3);

    const green = await ended(start('alert-on-drift.ts', { HOOK_URL: hook.url }));
    expect(green).toEqual({ printed: 'in_sync: 0 missing\n', code: 0 });
    expect(hook.heard).toHaveLength(1);
  } finally {
    endpoint.kill('SIGTERM');
    await hook.close();
  }
  expect(await once(endpoint, 'exit')).toEqual([0, null]);
});
