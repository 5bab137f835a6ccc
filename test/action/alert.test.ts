import { afterAll, beforeAll, expect, test } from 'vitest';
import { PUBLIC, runAction } from '../support/action.ts';
import { createTable, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type GitHubStub, gitHubStub, TOKEN } from '../support/github.ts';
import { insertUser } from '../support/people.ts';

const files = { 'userdrift.config.json': JSON.stringify(PLAIN_CONFIG) };

let db: TestDatabase;
let github: GitHubStub;

beforeAll(async () => {
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  await insertUser(db);
  github = await gitHubStub();
});
afterAll(() => db.drop());

test('the step that runs opens one issue about drift, without an id in public, and closes it when a sync has repaired', async () => {
  const env = { GITHUB_API_URL: github.url };
  const inputs = { 'database-url': db.url, alert: 'true', environment: 'staging', 'github-token': TOKEN };
  const options = { files, env, event: PUBLIC };
  const drift = await runAction(inputs, options);
  expect(drift).toMatchObject({ code: 2, annotations: [{ level: 'error' }] });
  expect(github.issues).toMatchObject([{ state: 'open', title: expect.stringContaining('staging') }]);
  expect(JSON.stringify(github.issues)).not.toMatch(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/);
  expect(drift.all).not.toContain(TOKEN);
  const repaired = await runAction({ ...inputs, command: 'sync' }, options);
  expect(repaired).toMatchObject({ code: 0, annotations: [] });
  expect(github.issues).toMatchObject([{ state: 'closed' }]);
});
