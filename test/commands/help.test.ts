import { describe, expect, test } from 'vitest';
import { quietTerminal } from '../../scripts/quiet-terminal.ts';
import { commands } from '../../scripts/tables.ts';
import { program } from '../../src/commands/program.ts';
import { complaintOf } from '../support/command-line.ts';

const VERBS = commands().map((command) => command.name());

/** What `--help` prints in a window of this width. */
function help(verb: string | null, width: number): string {
  const said: string[] = [];
  const quiet = quietTerminal();
  const terminal = { ...quiet, out: (text: string) => void said.push(text), look: { ...quiet.look, width } };
  const words = verb === null ? ['--help'] : [verb, '--help'];
  expect(() => program(terminal, () => {}).parse(words, { from: 'user' })).toThrow('(outputHelp)');
  return said.join('');
}

/** Headings with the lines below them. */
function sections(text: string): Map<string, string> {
  const found = text.matchAll(/^([A-Z][\w ]*):\n((?: .*\n?)+)/gm);
  return new Map([...found].map(([, heading = '', body = '']) => [heading, body]));
}

describe.each(VERBS)('%s --help', (verb) => {
  const text = help(verb, 100);

  test('has examples that the command line takes', () => {
    const examples = sections(text).get('Example')?.trimEnd().split('\n') ?? [];
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const [program, ...words] = example
        .trim()
        .replace(/ [<>] .*/, '')
        .split(' ');
      expect({ program, complaint: complaintOf(words) }, example).toEqual({ program: 'userdrift', complaint: null });
    }
  });

  test('shows every flag under a heading that says what it is about', () => {
    const { Example: _, Arguments: __, ...groups } = Object.fromEntries(sections(text));
    const shown = Object.values(groups).flatMap((body) => body.match(/^ {2}(-h, )?--[\w-]+/gm) ?? []);
    const flags =
      commands()
        .find((command) => command.name() === verb)
        ?.options.map(({ long }) => long) ?? [];
    expect(new Set(shown.map((line) => line.trim()))).toEqual(new Set([...flags, '-h, --help']));
    expect(Object.keys(groups)).not.toContain('Options');
  });

  test.each([60, 80, 100, 200])('fits into %i columns, and into 100 where there is more room', (width) => {
    const prose = help(verb, width).replace(/^Example:(\n .*)*/m, '');
    expect(Math.max(...prose.split('\n').map((line) => line.length))).toBeLessThanOrEqual(Math.min(width, 100));
  });
});

describe('userdrift --help', () => {
  test.each([60, 100])('names every command and exit code within %i columns', (width) => {
    const text = help(null, width);
    for (const verb of VERBS) expect(text).toMatch(new RegExp(`^ {2}${verb} `, 'm'));
    expect([...text.matchAll(/^ {1,4}(\d+) {2}\S/gm)].map(([, code]) => code)).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
      '64',
      '130',
    ]);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width);
  });
});

/** What the command line says against these words. */
function complaint(words: string): string {
  const said: string[] = [];
  const terminal = { ...quietTerminal(), err: (text: string) => void said.push(text) };
  expect(() => program(terminal, () => {}).parse(words.split(' '), { from: 'user' })).toThrow();
  return said.join('');
}

test.each([
  ['chekc', "userdrift: unknown command 'chekc' (Did you mean check?)\n"],
  ['complet', "userdrift: unknown command 'complet' (Did you mean completion?)\n"],
  ['sync --dryrun', "userdrift: unknown option '--dryrun' (Did you mean --dry-run?)\n"],
  ['check --no-id', "userdrift: unknown option '--no-id' (Did you mean --no-ids?)\n"],
  ['sql triger', /'triger'.*\bwhat\b.*functions, trigger, webhook/],
  ['check --transport htp', /--transport.*'htp'.*postgres, http/],
  ['sync --fail-on drif', /--fail-on.*'drif'.*drift, unrepaired/],
  ['completion bsh', /'bsh'.*bash, zsh, fish, powershell/],
])('%s: the nearest is named, or all there are', (words, expected) => {
  if (typeof expected === 'string') expect(complaint(words)).toBe(expected);
  else expect(complaint(words)).toMatch(expected);
});
