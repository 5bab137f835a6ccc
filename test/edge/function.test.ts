import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deno, FUNCTION_FOLDER } from '../support/deno.ts';

// The function is checked by the Deno that runs it, with nothing but what npm ci has installed.

describe('the Edge Function sync-user', () => {
  it('is formatted and linted as Deno asks', async () => {
    await deno('fmt', ['--check']);
    await deno('lint');
  });

  it('has the types that it says, with the imports of its deno.json', async () => {
    await deno('check', ['index.ts']);
  });

  it('has tests with the types that they say', async () => {
    // From the root, where package.json brings the types of node:assert.
    await deno('check', ['supabase/functions/sync-user/test'], resolve('.'));
  });

  it('passes its tests, and needs no right but to reach this machine', async () => {
    const output = await deno('test', [
      '--no-check',
      '--no-prompt',
      '--sanitize-ops',
      '--sanitize-resources',
      '--parallel',
      '--allow-net=127.0.0.1',
      'test',
    ]);
    const [, passed] = /ok \| (\d+) passed \| 0 failed/.exec(output) ?? [];
    expect(Number(passed)).toBeGreaterThan(100);
  });
});

describe('its deno.json', () => {
  const dependencies = z.record(z.string(), z.string());
  const { imports } = z
    .object({ imports: dependencies })
    .parse(JSON.parse(readFileSync(join(FUNCTION_FOLDER, 'deno.json'), 'utf8')));
  const manifest = z
    .object({ dependencies, devDependencies: dependencies })
    .parse(JSON.parse(readFileSync('package.json', 'utf8')));

  it('deploys what is tested: the versions of package.json, pinned', () => {
    const installed = { ...manifest.devDependencies, ...manifest.dependencies };
    expect(Object.keys(imports)).toEqual(['@supabase/supabase-js', 'standardwebhooks']);
    for (const [name, specifier] of Object.entries(imports)) {
      expect(specifier).toBe(`npm:${name}@${installed[name]}`);
      expect(specifier).toMatch(/@\d+\.\d+\.\d+$/);
    }
  });
});
