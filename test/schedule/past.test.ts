import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pastRunOf } from '../../src/past-run.ts';
import { parseCrontab } from '../../src/schedule/crontab.ts';
import { type Asking, historyArguments, pastRuns } from '../../src/schedule/past.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { over, TEXTBOOK_TABLE } from '../support/job.ts';
import { apply, printed } from '../support/printed.ts';

/** Compiling the sources is half of a short run. */
const COMPILED = { NODE_COMPILE_CACHE: 'node_modules/.cache/userdrift-tests' };
const folder = mkdtempSync(join(tmpdir(), 'userdrift-past-'));
let db: TestDatabase;
beforeAll(async () => {
  db = await createDatabase();
  await db.queryAsPostgres(TEXTBOOK_TABLE);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await db.drop();
});

function linesOf(text: string) {
  const { lines, faults } = parseCrontab(text, () => null);
  expect(faults).toEqual([]);
  return lines;
}

/** As the schedule asks; each time is remembered. */
function asking(change: Partial<Asking> = {}) {
  const asked: string[] = [];
  const never = new AbortController().signal;
  return {
    asked,
    script: 'bin/userdrift.js',
    stop: never,
    hurry: never,
    leave: never,
    envOf: ({ args, variables }: { args: string[]; variables: object }) => {
      asked.push(args.join(' '));
      return { ...COMPILED, DATABASE_URL: db.url, ...variables };
    },
    ...change,
  };
}

/** A stand-in for the command line. */
function script(source: string): string {
  const file = join(folder, 'script.cjs');
  writeFileSync(file, source);
  return file;
}

const EVERY = '*/5 * * * *';

test('a database without a history, or out of reach, has no past and no word of it', async () => {
  const lines = linesOf(`${EVERY} userdrift check\n`);
  expect(await pastRuns(lines, asking())).toEqual([]);
  const nowhere = asking({
    envOf: () => ({ ...COMPILED, DATABASE_URL: 'postgresql://postgres:x@127.0.0.1:1/postgres' }),
  });
  expect(await pastRuns(lines, nowhere)).toEqual([]);
});

test('the runs of all lines come together, the newest first, and each once', async () => {
  await apply(db, await printed('history', {}));
  const reports = [await over('postgres')('check', { url: db.url }), await over('postgres')('sync', { url: db.url })];
  const lines = linesOf(
    [
      `${EVERY} userdrift sync --quiet --target public.users`,
      `${EVERY} userdrift check --target=public.users --no-ids`,
      `${EVERY} userdrift check --target public.other`,
      `${EVERY} userdrift check`,
      `${EVERY} userdrift doctor`,
      `${EVERY} userdrift alert report.json`,
    ].join('\n'),
  );
  const ask = asking();
  expect(await pastRuns(lines, ask)).toEqual(reports.map(pastRunOf).reverse());
  expect(ask.asked).toEqual(['sync --quiet --target public.users', 'check --target public.other', 'check']);
});

describe('the arguments', () => {
  test.for<[string, string[]]>([
    ['sync --quiet --busy-ok', []],
    ['check --config a.json --target public.users --report r.json', ['--config=a.json', '--target=public.users']],
    ['sync --transport=http --key id --config=b.json', ['--transport=http', '--config=b.json']],
    ['check --target', []],
  ])('of %s', ([line, kept]) => {
    expect(historyArguments(line.split(' ')).slice(6)).toEqual(kept);
  });

  test('ask for a document of a thousand runs and no log', () => {
    expect(historyArguments(['sync']).join(' ')).toBe('history --json --limit 1000 --log-level silent');
  });
});

describe('whatever a child does', () => {
  const lines = linesOf(`${EVERY} userdrift check\n`);

  test.for<[string, string]>([
    ['it prints nothing', ''],
    ['it prints something else', `console.log('{"version":1}')`],
    ['it fails with a document', `console.log('{}'); process.exitCode = 1`],
    ['it dies', `process.kill(process.pid, 'SIGKILL')`],
  ])('%s: no past', async ([, source]) =>
    expect(await pastRuns(lines, asking({ script: script(source) }))).toEqual([]),
  );

  test('it hangs: it is stopped at the limit', async () => {
    expect(await pastRuns(lines, asking({ script: script('setInterval(() => {}, 1000)'), limitMs: 100 }))).toEqual([]);
  });

  test('a schedule that stops asks no more', async () => {
    const stop = new AbortController();
    stop.abort();
    const ask = asking({ stop: stop.signal });
    expect(await pastRuns(lines, ask)).toEqual([]);
    expect(ask.asked).toEqual([]);
  });
});
