import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { outputsOf } from '../../action/outputs.ts';
import { runStep } from '../support/action.ts';
import { type ActionStep, readAction } from '../support/action-file.ts';
import { readRunnerLog } from '../support/runner-log.ts';

const { dependencies } = z
  .object({ dependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));
const { inputs, outputs, runs } = readAction();
const [node, install, run] = runs.steps;

/** With a space, as a path of a self-hosted runner may have. */
const folder = mkdtempSync(join(tmpdir(), 'userdrift action-'));
const clone = join(folder, 'clone');

beforeAll(() => {
  mkdirSync(join(folder, 'work'));
  for (const path of ['action', 'bin', 'src', 'package.json']) cpSync(path, join(clone, path), { recursive: true });
  // What `npm ci --omit=dev` brings: a dev dependency that crept in would be missing.
  for (const name of Object.keys(dependencies)) {
    const link = join(clone, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(process.cwd(), 'node_modules', name), link, 'junction');
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function output(step: ActionStep | undefined, env: Record<string, string>) {
  if (!step) throw new Error('action.yml has fewer steps');
  const child = runStep(step, folder, { GITHUB_ACTION_PATH: clone, ...env });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      text += String(chunk);
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text };
}

describe('the composite action', () => {
  test('has outputs that its last step writes, each of them', () => {
    const written = Object.keys(outputsOf(0, null, ''));
    const expected = written.map((name) => [name, `\${{ steps.run.outputs.${name} }}`]);
    expect(Object.entries(outputs).map(([name, { value }]) => [name, value])).toEqual(expected);
    expect(run?.id).toBe('run');
  });

  test('hands a script no text from outside but by its environment', () => {
    expect(runs.steps.filter((step) => step.run?.includes('${{'))).toEqual([]);
    for (const name of ['command', 'database-url', 'slack-webhook-url']) expect(inputs).toHaveProperty(name);
  });

  test('brings the Node.js of .nvmrc', () => {
    expect(node?.uses).toMatch(/^actions\/setup-node@/);
    expect(node?.with).toMatchObject({ 'node-version': readFileSync('.nvmrc', 'utf8').trim() });
  });

  test('installs by the lockfile beside it, in its own folder, and lets no package run a script', async () => {
    const programs = join(folder, 'programs');
    mkdirSync(programs);
    writeFileSync(join(programs, 'npm'), '#!/bin/sh\npwd; for each; do echo "$each"; done\n');
    chmodSync(join(programs, 'npm'), 0o755);
    const { code, text } = await output(install, { PATH: `${programs}:/usr/bin:/bin` });
    const [where, ...argv] = text.trim().split('\n');
    expect({ where, argv, code }).toMatchObject({ where: clone, code: 0 });
    expect(argv).toEqual(expect.arrayContaining(['ci', '--omit=dev', '--ignore-scripts']));
  });

  test('runs its sources with the production dependencies alone', async () => {
    const { code, text } = await output(run, { INPUT_COMMAND: 'check' });
    expect(readRunnerLog(text).annotations).toMatchObject([{ title: 'userdrift check: failed' }]);
    expect(text).toContain('DATABASE_URL is not set');
    expect(code).toBe(1);
  });
});
