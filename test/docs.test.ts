import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { benchCommand } from '../bench/flags.ts';
import { generatedFiles, withRegions } from '../scripts/generated.ts';
import { flagTable } from '../scripts/tables.ts';
import { parseConfig } from '../src/config/load.ts';
import { reportSchema } from '../src/report.ts';
import { SQL_KINDS } from '../src/sql/kinds.ts';
import { PAGES } from './support/pages.ts';

/** Pages that show commands of other programs, whose flags are theirs; test/docs/commands.test.ts holds ours. */
const OF_OTHERS = /running\/(container|kubernetes|systemd|cron)|real-time|CHANGELOG|CONTRIBUTING|recipes/;
const PROSE = PAGES.filter((page) => !OF_OTHERS.test(page));

describe('what is generated', () => {
  it.for(Object.entries(generatedFiles()))('%s is as `npm run docs` writes it', ([path, text]) => {
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('refuses a region that nothing fills, and content without a region', () => {
    const text = '<!-- generated: a -->\nold\n<!-- end -->\n';
    expect(withRegions(text, { a: 'new' })).toBe('<!-- generated: a -->\n\nnew\n\n<!-- end -->\n');
    expect(() => withRegions(text, {})).toThrow('"a"');
    expect(() => withRegions(text, { a: '', b: '' })).toThrow('b');
  });

  it('shows the report of a real run', () => {
    const report = reportSchema.parse(JSON.parse(readFileSync('docs/report.example.json', 'utf8')));
    expect(report).toMatchObject({ command: 'check', verdict: 'drift', exitCode: 2 });
  });
});

describe('what is written by hand', () => {
  it.for(PAGES.filter((page) => page !== 'docs/recipes.md'))(
    '%s shows configurations that userdrift accepts',
    (page) => {
      const text = readFileSync(page, 'utf8');
      for (const [, example = ''] of text.matchAll(/```jsonc\n(.*?)```/gs)) {
        expect(parseConfig(example, page)).toMatchObject({ target: { schema: 'public' } });
      }
    },
  );

  it('README.md shows one with a key and columns', () => {
    const [, example = ''] = /```jsonc\n(.*?)```/s.exec(readFileSync('README.md', 'utf8')) ?? [];
    expect(parseConfig(example, 'README.md')).toMatchObject({ target: { name: 'users' }, key: 'id' });
  });

  it.for(PROSE)('%s names only flags that exist', (path) => {
    const known = path === 'docs/benchmarks.md' ? `${flagTable()}${flagsOfBench()}` : flagTable();
    const flags = readFileSync(path, 'utf8').match(/(?<![\w-])--[a-z][a-z-]+/g) ?? [];
    expect([...new Set(flags)].filter((flag) => !known.includes(`\`${flag}`) && !OF_ALL.has(flag))).toEqual([]);
  });

  it.for(PAGES)('%s names only kinds of SQL that exist', (page) => {
    const kinds = [...readFileSync(page, 'utf8').matchAll(/userdrift sql ([a-z]+)/g)].map(([, kind = '']) => kind);
    expect(kinds.filter((kind) => !(SQL_KINDS as readonly string[]).includes(kind))).toEqual([]);
  });
});

/** Of every command, and one of V8 that no command takes. */
const OF_ALL = new Set(['--help', '--version', '--optimize-for-size']);

function flagsOfBench(): string {
  return benchCommand([])
    .options.map(({ flags }) => `\`${flags}\``)
    .join();
}
