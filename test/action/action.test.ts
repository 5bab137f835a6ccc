import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type ActionOptions, PRIVATE, PUBLIC, runAction } from '../support/action.ts';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { insertUser } from '../support/people.ts';
import { apply, printed } from '../support/printed.ts';

const ID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const files = { 'userdrift.config.json': JSON.stringify(PLAIN_CONFIG) };

let db: TestDatabase;
let ids: string[];

/** The step, on the database of this file. */
function action(inputs: Record<string, string>, options: ActionOptions = {}) {
  return runAction({ 'database-url': db.url, ...inputs }, { files, ...options });
}

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  ids = [(await insertUser(db)).id, (await insertUser(db)).id].sort();
});
afterAll(() => db.drop());
beforeEach(() => db.query('truncate public.users'));

describe('a check', () => {
  test('that finds nobody missing is silent, and says so in outputs and summary', async () => {
    await db.query('insert into public.users (id) select id from auth.users');
    const { code, annotations, outputs, summary, seen } = await action({});
    expect(annotations).toEqual([]);
    expect(outputs).toMatchObject({ verdict: 'in_sync', 'exit-code': '0', missing: '0', residual: '0', oldest: '' });
    expect(summary).toMatch(/^### ✓ userdrift check: IN SYNC\n\n\*\*2 of 2 expected users are in public\\?\.users\*\*/);
    expect(seen).toContain('✓ IN SYNC  2 of 2 expected users');
    expect(code).toBe(0);
  });

  test('that finds drift is one error, with a table, the next command and the ids', async () => {
    const { code, annotations, outputs, summary, report, seen } = await action({ command: 'check' });
    expect(annotations).toEqual([
      {
        level: 'error',
        title: 'userdrift check: drift',
        message: expect.stringMatching(/^2 users are missing from public\.users\nLikely cause: .+/),
      },
    ]);
    expect(outputs).toMatchObject({ verdict: 'drift', 'exit-code': '2', missing: '2', inserted: '0' });
    expect(Date.parse(outputs.oldest ?? '')).toBeLessThan(Date.now() - 23 * 3_600_000);
    expect(summary).toContain('| &emsp;missing | 2 | oldest 1d');
    expect(summary).toContain('**Next:** `userdrift sync --dry-run`');
    for (const id of ids) expect(summary).toContain(id);
    expect(report?.sample.toSorted()).toEqual(ids);
    expect(seen).toContain('✗ DRIFT  2 users are missing');
    expect(code).toBe(2);
    expect(await idsIn(db)).toEqual([]);
  });

  test.each([
    ['a public repository', {}, PUBLIC],
    ['an internal one', {}, { repository: { private: true, visibility: 'internal' } }],
    ['one of which nothing is known', {}, {}],
    ['an event that cannot be read', {}, null],
    ['a private one that asks for none', { ids: 'never' }, PRIVATE],
  ])('in %s shows no id anywhere', async (_, inputs, event) => {
    const { all, outputs, report } = await action(inputs, { event });
    expect(all).not.toMatch(ID);
    expect(outputs).toMatchObject({ verdict: 'drift', missing: '2' });
    expect(report?.sample).toEqual([]);
  });

  test('without a summary writes none, and the rest all the same', async () => {
    const { summary, outputs, annotations } = await action({ summary: 'false' });
    expect(summary).toBe('');
    expect([outputs.missing, annotations.length]).toEqual(['2', 1]);
  });

  test('in a public repository that asks for ids shows them', async () => {
    const { summary } = await action({ ids: 'always' }, { event: PUBLIC });
    expect(summary).toContain(ids[0]);
  });
});

describe('a sync', () => {
  test('repairs, proves it, and is green', async () => {
    const { code, annotations, outputs, summary } = await action({ command: 'sync', deadline: '5m' });
    expect(annotations).toEqual([]);
    expect(outputs).toMatchObject({
      verdict: 'repaired',
      missing: '2',
      inserted: '2',
      residual: '0',
      'exit-code': '0',
    });
    expect(summary).toContain('REPAIRED');
    expect(summary).toContain('**Proof:** a closing query found 0 missing');
    expect(code).toBe(0);
    expect(await idsIn(db)).toEqual(ids);
  });

  test('writes nothing on a dry run, and shows the statement', async () => {
    const { code, outputs, summary } = await action({ command: 'sync', 'dry-run': 'true' });
    expect(outputs).toMatchObject({ verdict: 'drift', inserted: '0' });
    expect(summary).toMatch(/<details><summary>Statement of a sync<\/summary>\n\n```text\ninsert into/);
    expect(code).toBe(2);
    expect(await idsIn(db)).toEqual([]);
  });

  test('of one user copies that user', async () => {
    const { summary } = await action({ command: 'sync', user: `${ids[0]}\n` });
    expect(await idsIn(db)).toEqual([ids[0]]);
    expect(summary).toContain(`${ids[0]}  inserted`);
  });

  test('that is refused is an error that names what allows it', async () => {
    const { code, annotations } = await action({ command: 'sync', 'max-writes': '1' });
    expect(annotations).toMatchObject([{ level: 'error', title: 'userdrift sync: refused' }]);
    expect(annotations[0]?.message).toContain('--max-writes');
    expect(code).toBe(4);
  });

  test('works in the folder that it is given, and leaves its report there', async () => {
    const { outputs, report } = await action(
      { command: 'sync', 'working-directory': 'apps/web', config: 'drift.json', report: 'out.json' },
      { files: { 'apps/web/drift.json': files['userdrift.config.json'] } },
    );
    expect(outputs.report).toMatch(/\/work\/apps\/web\/out\.json$/);
    expect(report).toMatchObject({ verdict: 'repaired' });
  });
});

describe('an alert that fails', () => {
  test('is a warning, and leaves the exit code of the run alone', async () => {
    const { code, annotations, outputs } = await action({ command: 'check', alert: 'true', environment: 'production' });
    expect(annotations).toMatchObject([
      { level: 'error', title: 'userdrift check: drift' },
      { level: 'warning', title: 'userdrift alert' },
    ]);
    expect(outputs['exit-code']).toBe('2');
    expect(code).toBe(2);
  });

  test('as a step of its own is an error', async () => {
    const { code, annotations } = await runAction({ command: 'alert', report: 'nowhere.json' });
    expect(annotations).toMatchObject([{ level: 'error', title: 'userdrift alert' }]);
    expect(code).not.toBe(0);
  });
});

describe('with a history', () => {
  beforeAll(async () => {
    await apply(db, await printed('history', {}));
  });

  test('the summary has a chart of the last runs of this target, and the log no word of it', async () => {
    const quiet = { 'fail-on': 'unrepaired', command: 'sync' };
    expect((await action(quiet)).summary).not.toContain('mermaid');
    await db.query('delete from public.users where id = $1', [ids[0]]);
    await action(quiet);
    await db.query(`insert into userdrift.runs
      select o.* from (select to_jsonb(r) as run from userdrift.runs r limit 1) one, generate_series(1, 5) i,
        jsonb_populate_record(null::userdrift.runs, run || jsonb_build_object('run_id', i, 'target', 'public.other')) o`);
    const { code, summary, seen } = await action(quiet);
    expect(code).toBe(0);
    expect(summary).toMatch(
      /```mermaid\nxychart-beta\n {2}x-axis "runs, [^"]+" 1 --> 3\n {2}y-axis "missing users" 0 --> 2\n {2}bar \[2, 1, 0\]\n```/,
    );
    expect(seen).not.toMatch(/history|"runs"/);
  });

  test('a run about one user has none', async () => {
    const { summary } = await action({ command: 'check', user: ids[0] ?? '' });
    expect(summary).not.toContain('mermaid');
  });

  test('one that cannot be read leaves the summary as it was', async () => {
    await db.query('insert into public.users (id) select id from auth.users');
    await db.query('alter function public.userdrift_history(integer, text) rename to gone');
    const { code, summary, annotations } = await action({ command: 'check' });
    expect([code, annotations]).toEqual([0, []]);
    expect(summary).toMatch(/^### ✓ userdrift check: IN SYNC/);
    expect(summary).not.toContain('mermaid');
  });
});
