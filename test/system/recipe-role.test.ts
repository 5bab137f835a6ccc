import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../support/cli.ts';
import type { TestDatabase } from '../support/database.ts';
import { apply } from '../support/printed.ts';
import { expectWithCode, kitchen, type Recipe, recipes } from '../support/recipe.ts';

const ROLE = 'userdrift_job';
const [recipe] = recipes().filter(({ title }) => title.startsWith('A role')) as [Recipe];

let db: TestDatabase;

beforeAll(async () => {
  db = await kitchen(recipe);
});
afterAll(async () => {
  await db.query(`drop owned by ${ROLE}; drop role ${ROLE}`);
  await db.drop();
});

test(`docs/recipes.md: ${recipe.title}`, async () => {
  const [print, install, password, ...rest] = recipe.typed;
  expect(print?.command).toBe('userdrift sql role > role.sql');
  const { code, stdout } = await run(['sql', 'role'], { url: db.url, files: recipe.files });
  expect(code).toBe(0);
  expect(install?.command).toContain('-f role.sql');
  await apply(db, stdout);
  expect(password?.command).toContain(`\\password ${ROLE}`);
  // psql asks a person; the server of the tests has one password for all.
  const common = decodeURIComponent(new URL(db.url).password);
  await db.query(`alter role ${ROLE} password '${common}'`);
  expect(rest.map(({ command }) => command)).toEqual(['userdrift sync']);
  for (const typed of rest) await expectWithCode(typed, { url: db.urlFor(ROLE), files: recipe.files });
});

test('the role can read no other column, and change or delete nothing', async () => {
  for (const deed of [
    'select plan from public.users',
    `update public.users set plan = 'pro'`,
    'delete from public.users',
  ]) {
    await expect(apply(db, deed, db.urlFor(ROLE))).rejects.toMatchObject({ code: '42501' });
  }
});
