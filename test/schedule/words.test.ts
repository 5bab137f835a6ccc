import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellWord } from '../../src/reconcile/shell-word.ts';
import { splitWords } from '../../src/schedule/words.ts';

/** Whatever could mean something to a shell, and a little that does not. */
const letter = fc.constantFrom(...`ab -='"\\\t|&;<>()$\`*?[]{}~!#%@,.:/+^`);
const quoting = fc.constantFrom(...`a ""''\\\\$\`%`);
const command = fc.oneof(fc.string({ unit: letter, maxLength: 14 }), fc.string({ unit: quoting, maxLength: 10 }));

/** The words that `sh` makes of each command, in one shell for all; what it would write lands in a folder that goes. */
function wordsOfShell(commands: readonly string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'userdrift-words-'));
  try {
    const script = commands.map((text) => `printf '%s\\0' x ${text}\nprintf '\\1'\n`).join('');
    const { stdout } = spawnSync('/bin/sh', ['-s'], { input: script, cwd: folder, encoding: 'utf8', env: {} });
    return stdout
      .split('\u0001')
      .slice(0, -1)
      .map((part) => part.split('\0').slice(1, -1));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('what is accepted is split as sh splits it', () => {
  const accepted = fc
    .sample(command, { numRuns: 20_000, seed: 1 })
    .flatMap((text) => (splitWords(text).value ? [text] : []));
  expect(accepted.length).toBeGreaterThan(1000);
  const shell = wordsOfShell(accepted);
  expect(shell).toHaveLength(accepted.length);
  const wrong = accepted.filter(
    (text, index) => JSON.stringify(splitWords(text).value) !== JSON.stringify(shell[index]),
  );
  expect(wrong).toEqual([]);
});

test('any words survive, quoted for a shell', () => {
  const plain = fc.string({ unit: letter.filter((each) => each !== '%'), minLength: 1 });
  fc.assert(
    fc.property(fc.array(plain), (words) => {
      expect(splitWords(words.map(shellWord).join(' '))).toEqual({ value: words });
    }),
  );
});

test('an escaped percent sign is one: cron takes the backslash away, and so does a shell', () => {
  expect(splitWords('30\\%')).toEqual({ value: ['30%'] });
});
