import { describe, expect, it } from 'vitest';
import { expectWithCode, kitchen, recipes } from '../support/recipe.ts';

/** Roles belong to the whole server: test/system/recipe-role.test.ts has that one to itself. */
const RECIPES = recipes().filter(({ title }) => !title.startsWith('A role'));

describe('docs/recipes.md', () => {
  it.for(RECIPES)('$title', async (recipe) => {
    const db = await kitchen(recipe);
    try {
      for (const typed of recipe.typed) await expectWithCode(typed, { url: db.url, files: recipe.files });
    } finally {
      await db.drop();
    }
  });

  it('are all here', () => {
    expect(RECIPES.length).toBe(7);
    expect(RECIPES.filter(({ typed }) => typed.length === 0)).toEqual([]);
  });
});
