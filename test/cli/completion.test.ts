import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { SHELLS } from '../../src/commands/shells.ts';
import { run } from '../support/cli.ts';

/** The shell completes files itself. */
const FILES = ':0';
/** What is offered is all there is. */
const NOTHING_ELSE = ':4';

/** What a shell is told at Tab: values without their descriptions, and what else it may offer. */
async function offered(words: string): Promise<string[]> {
  const { code, stdout, stderr } = await run(['complete', '--', ...words.split(' ')]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0] ?? '');
}

test.concurrent.each([
  ['ch', ['check', NOTHING_ELSE]],
  ['check --m', ['--max-drift', '--metrics-file', NOTHING_ELSE]],
  ['check --transport ', ['postgres', 'http', NOTHING_ELSE]],
  ['sync --quiet --fail-on=d', ['drift', NOTHING_ELSE]],
  ['sync --allow-share --max-w', ['--max-writes', NOTHING_ELSE]],
  ['sql u', ['uninstall', NOTHING_ELSE]],
  ['check --config ', [FILES]],
  ['alert rep', [FILES]],
  ['alert --environment ', [NOTHING_ELSE]],
  ['alert --environment prod --quiet rep', [FILES]],
  ['alert report.json rep', [NOTHING_ELSE]],
])('%s', async (words, expected) => {
  expect(await offered(words)).toEqual(expected);
});

test.concurrent('every command is offered, and what shells ask is not', async () => {
  const { stdout } = await run(['--help']);
  const [, section = ''] = /^Commands:\n(.*?)\n\n/ms.exec(stdout) ?? [];
  const named = [...section.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name);
  expect(named).toContain('completion');
  expect(named).not.toContain('complete');
  expect(new Set(await offered(''))).toEqual(new Set([...named, NOTHING_ELSE]));
});

test.concurrent.each(SHELLS)('%s has a script that asks', async (shell) => {
  const { code, stdout, stderr } = await run(['completion', shell]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/userdrift complete '?--'? /);
});

test.concurrent('Tab in bash runs nothing of what stands in the line, and writes over no file', async () => {
  const { stdout: script } = await run(['completion', 'bash']);
  const line = 'userdrift check --since $(echo ran) > kept --js';
  const asked = execFileSync('bash', ['--norc'], {
    encoding: 'utf8',
    cwd: tmpdir(),
    stdio: ['pipe', 'pipe', 'ignore'],
    input: [
      `userdrift() { printf '<%s>' "$@" >&3; }`,
      `exec 3>&1`,
      script,
      `COMP_LINE='${line}' COMP_POINT=${line.length}`,
      '__userdrift_complete; exit 0',
    ].join('\n'),
  });
  expect(asked).toBe('<complete><--><check><--since><$(echo><ran)><>><kept><--js>');
});
