import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { demo, type Stage } from '../../src/demo/demo.ts';
import { STARTING, STORY } from '../../src/demo/story.ts';

let place: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'demo-test-'));
  await chmod(place, 0o755);
  vi.stubEnv('TMPDIR', place);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(place, { recursive: true, force: true });
});

/** A stage whose commands end as the story says, and what was said on it. */
function stageOf(overrides: Partial<Stage> = {}): { stage: Stage; said: string[]; urls: string[] } {
  const said: string[] = [];
  const urls: string[] = [];
  const stage: Stage = {
    async run(command, databaseUrl) {
      const step = STORY[urls.push(databaseUrl) - 1];
      return { text: `report of ${command} ${urls.length}\n`, exitCode: step?.exitCode ?? -1 };
    },
    say: (text) => said.push(text),
    signal: new AbortController().signal,
    ...overrides,
  };
  return { stage, said, urls };
}

test('runs every step on one server of its own, explains each after its report, and leaves nothing', async () => {
  vi.stubEnv('DATABASE_URL', 'postgres://somebody@example.com/precious');
  const { stage, said, urls } = stageOf();
  expect(await demo(stage)).toBe(true);
  expect(new Set(urls).size).toBe(1);
  expect(urls[0]).toMatch(/^postgres:\/\/postgres:[^@]+@127\.0\.0\.1:\d+\/postgres\?/);
  const order = STORY.flatMap((step, index) => [`report of ${step.command} ${index + 1}`, step.explanation]);
  expect(said.filter((text) => order.includes(text))).toEqual(order);
  expect(said.join('\n')).not.toContain('precious');
  expect(await readdir(place)).toEqual([]);
});

test('what it shows is a Supabase project in which 132 users are missing', async () => {
  const { stage } = stageOf({
    async run(_, databaseUrl) {
      const client = new pg.Client({ connectionString: databaseUrl });
      await client.connect();
      const { rows } = await client.query(`
        select current_user as role, pg_get_userbyid(datdba) as owner, (
          select count(*)::int from auth.users u where not exists (select from public.users p where p.id = u.id)
            and deleted_at is null and not is_anonymous and created_at < now() - interval '5 minutes'
        ) as missing from pg_database where datname = current_database()`);
      await client.end();
      expect(rows).toEqual([{ role: 'postgres', owner: 'postgres', missing: 132 }]);
      return { text: '', exitCode: 0 };
    },
  });
  // The first step of the story ends with 2: this one is not as told.
  expect(await demo(stage)).toBe(false);
});

test('stops explaining when a step ends otherwise than the story goes', async () => {
  const { stage, said } = stageOf({ run: async () => ({ text: 'the report', exitCode: 1 }) });
  expect(await demo(stage)).toBe(false);
  expect(said.at(-1)).toContain('exit code 1 instead of 2');
  expect(said.filter((text) => text === 'the report')).toHaveLength(1);
});

test.each([50, 900, 1400])('an abort after %i ms, while the server is made ready, leaves nothing', async (delay) => {
  const abort = new AbortController();
  const reason = new Error('enough');
  const { stage, said } = stageOf({ signal: abort.signal, run: () => Promise.reject(reason) });
  setTimeout(() => abort.abort(reason), delay);
  await expect(demo(stage)).rejects.toBe(reason);
  if (delay === 50) expect(said).toEqual([STARTING]);
  expect(await readdir(place)).toEqual([]);
});

test('an abort during a command ends the story after its report', async () => {
  const abort = new AbortController();
  const reason = new Error('enough');
  const { stage, said } = stageOf({
    signal: abort.signal,
    async run() {
      abort.abort(reason);
      return { text: 'a partial report', exitCode: 130 };
    },
  });
  await expect(demo(stage)).rejects.toBe(reason);
  expect(said.at(-1)).toBe('a partial report');
  expect(await readdir(place)).toEqual([]);
});

test('a command that throws takes the server with it, and the way to kill it is handed over before', async () => {
  const fault = new Error('no way');
  const kills: (() => void)[] = [];
  const { stage } = stageOf({
    run: () => Promise.reject(fault),
    holdKill: (kill) => kills.push(kill),
  });
  await expect(demo(stage)).rejects.toBe(fault);
  expect(kills).toHaveLength(1);
  expect(await readdir(place)).toEqual([]);
});

test('the story fits a terminal of 120 columns', () => {
  const lines = STORY.flatMap((step) => step.explanation.split('\n'));
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
});
