import { afterAll, beforeAll, expect, test } from 'vitest';
import { runAction } from '../support/action.ts';
import { createTable } from '../support/app.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { insertUser } from '../support/people.ts';

/** Each within the 63 bytes of a name; what they do if they are believed: an annotation, an output, an image, a mention. */
const TABLE = 'x | `y` <img src=//evil.example> @octocat **b**';
const CHECK = '::error title=pwned::see https://evil.example';
const MATCHED = 'a.ts(1,2): error TS1: pwned ##[error]pwned';

let db: TestDatabase;

beforeAll(async () => {
  db = await createDatabase();
  await createTable(
    db,
    `id uuid primary key references auth.users (id), n int constraint "${MATCHED}" check (n > 0),
     constraint "${CHECK}" check (id is null)`,
    `public."${TABLE}"`,
  );
  await insertUser(db);
});
afterAll(() => db.drop());

function sync(columns: object) {
  const config = { target: `public."${TABLE}"`, columns };
  return runAction(
    { command: 'sync', 'database-url': db.url },
    { files: { 'userdrift.config.json': JSON.stringify(config) } },
  );
}

test('names of tables and constraints do nothing in log, annotation, outputs and summary', async () => {
  const { code, annotations, summary, outputs, seen, report } = await sync({});
  expect(report?.failures).toMatchObject([{ code: '23514', constraint: CHECK }]);
  expect(annotations).toMatchObject([{ level: 'error', title: 'userdrift sync: unrepaired' }]);
  expect(seen).toContain('title=pwned');
  // Between fences and in code spans anything may stand.
  const prose = summary.replace(/```text.*?```/gs, '').replace(/(?<!\\)(`+)(?!`).*?(?<!`)\1(?!`)/g, '');
  expect(prose).toContain('octocat');
  expect(prose).not.toMatch(/<img|@octocat|https:\/\/|(?<!\\)\*\*b/);
  expect(
    summary.split('\n').filter((line) => line.startsWith('|') && !/^(\|[^|]*(\\\|[^|]*)*){3}\|$/.test(line)),
  ).toEqual([]);
  expect(Object.keys(outputs)).toHaveLength(7);
  expect(code).toBe(2);
});

test('what looks like the error of a compiler is none', async () => {
  const { annotations, seen, report } = await sync({ n: '-1' });
  expect(report?.failures).toMatchObject([{ constraint: expect.stringContaining('pwned') }]);
  expect(seen).toContain('pwned');
  expect(annotations.map(({ title }) => title)).toEqual(['userdrift sync: unrepaired']);
});
