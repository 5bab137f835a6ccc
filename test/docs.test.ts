import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generatedFiles, withRegions } from '../scripts/generated.ts';
import { commandTable, flagTable } from '../scripts/tables.ts';
import { parseConfig } from '../src/config/load.ts';
import { reportSchema } from '../src/report.ts';
import { SQL_KINDS } from '../src/sql/kinds.ts';

const PROSE = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'docs/decisions.md',
  'docs/reliability.md',
  'docs/library.md',
  'docs/running/schedule.md',
  'docs/running/alert.md',
  'docs/running/github-actions.md',
];

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

/** Pages that also speak of the flags of others. */
const PAGES = [...PROSE, 'docs/real-time.md'];

describe('what is written by hand', () => {
  it('shows a configuration that userdrift accepts', () => {
    const [, example = ''] = /```jsonc\n(.*?)```/s.exec(readFileSync('README.md', 'utf8')) ?? [];
    expect(parseConfig(example, 'README.md')).toMatchObject({ target: { name: 'users' }, key: 'id' });
  });

  it.for(PROSE)('%s names only flags that exist', (path) => {
    const known = flagTable();
    const flags = readFileSync(path, 'utf8').match(/(?<![\w-])--[a-z][a-z-]+/g) ?? [];
    expect([...new Set(flags)].filter((flag) => !known.includes(`\`${flag}`))).toEqual([]);
  });

  it('docs/real-time.md names only commands of userdrift that exist', () => {
    const known = [commandTable(), ...SQL_KINDS.map((kind) => `userdrift sql ${kind}`)].join('\n');
    const commands = readFileSync('docs/real-time.md', 'utf8').match(/userdrift (sql [a-z]+|[a-z]+)(?= |`|$)/gm) ?? [];
    expect(commands.filter((command) => !known.includes(command))).toEqual([]);
    expect(commands.length).toBeGreaterThan(10);
  });

  it.for(PAGES)('%s links to files that exist', (path) => {
    const links = [...readFileSync(path, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(join(dirname(path), link)))).toEqual([]);
  });
});
