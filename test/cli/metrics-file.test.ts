import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { reportIn, run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { insertUser } from '../support/people.ts';

let db: TestDatabase;
const folder = mkdtempSync(join(tmpdir(), 'userdrift-metrics-'));
const sync = (...args: string[]) => run(['sync', ...args], { url: db.url, config: PLAIN_CONFIG });

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  await insertUser(db);
  await insertUser(db);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await db.drop();
});
beforeEach(() => db.query('truncate public.users'));

describe('--metrics-file', () => {
  test('tells of the run, beside the report', async () => {
    const { code, files } = await sync('--quiet', '--metrics-file', 'run.prom', '--report', 'report.json');
    const { startedAt, durationMs } = reportIn(files['report.json'] ?? '');
    const endedAt = (Date.parse(startedAt) + durationMs) / 1000;
    const lines = files['run.prom']?.split('\n') ?? [];
    expect(lines).toEqual(
      expect.arrayContaining([
        'userdrift_drift_missing{target="public.users",command="sync"} 2',
        'userdrift_residual_missing{target="public.users",command="sync"} 0',
        'userdrift_repair_inserted{target="public.users",command="sync"} 2',
        'userdrift_exit_code{target="public.users",command="sync"} 0',
        'userdrift_verdict{target="public.users",command="sync",verdict="repaired"} 1',
        `userdrift_last_success_timestamp_seconds{target="public.users",command="sync"} ${endedAt}`,
      ]),
    );
    expect(code).toBe(0);
  });

  test('keeps the last success of the file that is there through runs that fail', async () => {
    const path = join(folder, 'run.prom');
    const success = 'userdrift_last_success_timestamp_seconds{target="public.users",command="check"} 1790000000.5\n';
    writeFileSync(path, success);
    for (const _ of [1, 2]) {
      const { code } = await run(['check', '--quiet', '--metrics-file', path], { url: db.url, config: PLAIN_CONFIG });
      expect(code).toBe(2);
      const text = readFileSync(path, 'utf8');
      expect(text).toContain(success);
      expect(text).toContain('userdrift_exit_code{target="public.users",command="check"} 2\n');
    }
    expect(readdirSync(folder)).toEqual(['run.prom']);
  });

  test('that cannot be written: 1 before any write', async () => {
    const { code, stdout, stderr } = await sync('--metrics-file', 'no/such/run.prom', '--log-level', 'silent');
    expect(stderr).toMatch(/^userdrift: --metrics-file no\/such\/run\.prom cannot be written \(ENOENT\)\. .*\n$/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(await idsIn(db)).toEqual([]);
  });

  test.each([
    ['userdrift.config.json', [], 'the configuration'],
    ['both.json', ['--report', './both.json'], 'the report'],
  ])('%s is something else, and stays it', async (file, args, what) => {
    const { code, stderr } = await sync('--metrics-file', file, ...args, '--log-level', 'silent');
    expect(stderr).toBe(`userdrift: --metrics-file ${file} would replace ${what}. Fix: name another file\n`);
    expect(code).toBe(1);
    expect(await idsIn(db)).toEqual([]);
  });

  test('a full disk is what it is for a report: the users are written, the reason is on stderr, and 1', async () => {
    const { code, said, files } = await sync('--quiet', '--metrics-file', '/dev/full', '--report', 'report.json');
    expect(said.join()).toMatch(/^userdrift: --metrics-file \/dev\/full cannot be written \(ENOSPC\)/);
    expect(reportIn(files['report.json'] ?? '').verdict).toBe('repaired');
    expect(code).toBe(1);
    expect(await idsIn(db)).toHaveLength(2);
  });
});
