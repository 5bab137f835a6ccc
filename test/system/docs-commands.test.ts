import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/cli.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { commandsOn, PAGES, userdriftWords } from '../support/pages.ts';
import { insertUser } from '../support/people.ts';
import { expectAsShown, typedOn } from '../support/recipe.ts';

/** What is not run here, and which test does it instead. */
const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^schedule/, 'it does not end: test/cli/schedule.test.ts'],
  [/^demo/, 'test/demo/demo.test.ts'],
  [/^alert (?!.*--dry-run)/, 'it would tell somebody: test/cli/alert.test.ts'],
  [/--config \w+\.config\.json/, 'test/docs/recipes.test.ts has the files'],
];

/** Each command line of ours on the pages, once, as an array of words; first what only looks. */
const TYPED = [...new Set(PAGES.flatMap(commandsOn).map(({ text }) => JSON.stringify(userdriftWords(text))))]
  .map((words): string[] | null => JSON.parse(words))
  .filter((words) => words !== null)
  .filter((words) => !ELSEWHERE.some(([pattern]) => pattern.test(words.join(' '))));

/** With output; the recipes have a test of their own. */
const SHOWN = PAGES.filter((page) => page !== 'docs/recipes.md').flatMap((page) => typedOn(readFileSync(page, 'utf8')));

const [, CONFIG = ''] = /```jsonc\n(.*?)```/s.exec(readFileSync('README.md', 'utf8')) ?? [];

const REPORT = readFileSync('docs/report.example.json', 'utf8');

let db: TestDatabase;
let id: string;

beforeAll(async () => {
  db = await createDatabase();
  ({ id } = await insertUser(db));
  await insertUser(db);
  await db.queryAsPostgres(`create table public.users (id uuid primary key references auth.users (id), email text,
    full_name text, created_at timestamptz not null default now())`);
  const { stdout } = await run(['sql', 'history'], { url: db.url, config: CONFIG });
  await db.queryAsPostgres(stdout);
});
afterAll(() => db.drop());

describe('what the pages show to type', () => {
  it.for(TYPED.map((words) => [words.join(' '), words] as const))('userdrift %s', async ([, words]) => {
    const args = words.map((word) => word.replace(/^<(id|uuid)>$/, id).replace(/^\/reports\//, ''));
    const end = await run(args, { url: db.url, config: CONFIG, files: { 'report.json': REPORT } });
    expect([0, 2], `${end.stdout}${end.stderr}`).toContain(end.code);
    expect(end.stdout).not.toBe('');
  });

  it.for(SHOWN)('$command prints what the page shows', async (typed) => {
    await expectAsShown(typed, { url: db.url, config: CONFIG, files: { 'report.json': REPORT } });
  });

  it('is run here, but for what is run elsewhere', () => {
    expect(TYPED.length).toBeGreaterThan(12);
    expect(SHOWN.length).toBeGreaterThan(0);
  });
});
