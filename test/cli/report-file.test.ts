import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { reportIn, run, start } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { insertUser } from '../support/people.ts';

let db: TestDatabase;
let folder: string;
const sync = (...args: string[]) => run(['sync', ...args], { url: db.url, config: PLAIN_CONFIG });

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  await insertUser(db);
  await insertUser(db);
  folder = mkdtempSync(join(tmpdir(), 'userdrift-reports-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await db.drop();
});
beforeEach(() => db.query('truncate public.users'));

describe('--report', () => {
  test('is the document that --json prints, beside the text for people', async () => {
    const { stdout, files, code } = await sync('--report', 'report.json');
    expect(stdout).toMatch(/REPAIRED {2}2 missing users/);
    expect(reportIn(files['report.json'] ?? '')).toMatchObject({ verdict: 'repaired', repair: { inserted: 2 } });
    expect(code).toBe(0);
    const both = await sync('--report', 'report.json', '--json');
    expect(both.files['report.json']).toBe(both.stdout);
  });

  test.each(['--quiet', '--no-ids'])('is written with %s too', async (flag) => {
    const { files } = await run(['check', flag, '--report', 'r.json'], { url: db.url, config: PLAIN_CONFIG });
    const report = reportIn(files['r.json'] ?? '');
    expect(report).toMatchObject({ verdict: 'drift', drift: { missing: 2 } });
    expect(report.sample).toHaveLength(flag === '--no-ids' ? 0 : 2);
  });

  test('is written when the run fails: the reason is worth keeping', async () => {
    const { files, code } = await run(['check', '--report', 'r.json', '--target', 'public.nowhere'], { url: db.url });
    expect(reportIn(files['r.json'] ?? '')).toMatchObject({ verdict: 'failed', reason: { code: 'target_missing' } });
    expect(code).toBe(1);
  });

  test('replaces an older one whole, and leaves nothing beside it', async () => {
    const path = join(folder, 'report.json');
    writeFileSync(path, 'x'.repeat(100_000));
    await sync('--report', path);
    expect(reportIn(readFileSync(path, 'utf8')).verdict).toBe('repaired');
    expect(readdirSync(folder)).toEqual(['report.json']);
  });

  test('no part of it is there before the end, and none after a kill', async () => {
    const client = await db.admin.connect();
    try {
      await client.query('begin; lock table public.users in share mode');
      const path = join(folder, 'killed.json');
      const { kill, done } = await start(['sync', '--report', path], { url: db.url, config: PLAIN_CONFIG });
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(existsSync(path)).toBe(false);
      kill('SIGKILL');
      expect((await done).signal).toBe('SIGKILL');
      expect(readdirSync(folder).filter((name) => name.startsWith('killed'))).toEqual([]);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  test.each([
    ['a folder that does not exist', () => join(folder, 'no', 'such', 'report.json'), 'ENOENT'],
    ['a file where a folder should be', () => join(folder, 'report.json', 'report.json'), 'ENOTDIR'],
    ['a folder', () => folder, 'EISDIR'],
  ])('%s: 1 before any write', async (_, path, code) => {
    writeFileSync(join(folder, 'report.json'), '');
    const end = await sync('--report', path(), '--log-level', 'silent');
    expect(end.stderr).toMatch(new RegExp(`^userdrift: --report \\S+ cannot be written \\(${code}\\)\\. .*\\n$`));
    expect(end.stdout).toBe('');
    expect(end.code).toBe(1);
    expect(await idsIn(db)).toEqual([]);
  });

  test('the configuration itself: 1, and it stays as it was', async () => {
    const { code, stderr, files } = await run(['check', '--report', 'userdrift.config.json', '--log-level', 'silent'], {
      url: db.url,
      config: PLAIN_CONFIG,
    });
    expect(stderr).toMatch(/^userdrift: --report userdrift\.config\.json would replace the configuration\. .*\n$/);
    expect({ code, files }).toEqual({ code: 1, files: {} });
  });

  test('a folder that may not be written to: 1 before any write', async () => {
    // Root may write everywhere but where the kernel itself says no.
    const closed = process.getuid?.() === 0 ? '/proc/self' : mkdtempSync(join(folder, 'closed-'));
    if (closed !== '/proc/self') chmodSync(closed, 0o500);
    const end = await sync('--report', join(closed, 'report.json'), '--log-level', 'silent');
    expect(end.stderr).toMatch(/^userdrift: --report \S+ cannot be written \(E[A-Z]+\)\. .*\n$/);
    expect(end.code).toBe(1);
    expect(await idsIn(db)).toEqual([]);
  });

  test('a full disk: the users are written, the reason is on stderr, and 1', async () => {
    const { code, said } = await sync('--report', '/dev/full');
    expect(said.join()).toMatch(/^userdrift: --report \/dev\/full cannot be written \(ENOSPC\)/);
    expect(code).toBe(1);
    expect(await idsIn(db)).toHaveLength(2);
  });

  test('a device is written to, never replaced', async () => {
    const { code } = await sync('--report', '/dev/null');
    expect(code).toBe(0);
    expect(readFileSync('/dev/null', 'utf8')).toBe('');
  });

  test('a link leads to the file, and stays a link', async () => {
    const path = join(folder, 'latest.json');
    const file = join(folder, 'real.json');
    writeFileSync(file, '');
    symlinkSync(file, path);
    await sync('--report', path);
    expect(reportIn(readFileSync(file, 'utf8')).verdict).toBe('repaired');
  });
});
