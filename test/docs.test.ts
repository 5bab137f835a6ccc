import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generatedFiles, withRegions } from '../scripts/generated.ts';
import { flagTable } from '../scripts/tables.ts';
import { parseConfig } from '../src/config/load.ts';
import { reportSchema } from '../src/report.ts';

const PROSE = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'docs/decisions.md',
  'docs/reliability.md',
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

  it.for(PROSE)('%s links to files that exist', (path) => {
    const links = [...readFileSync(path, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(join(dirname(path), link)))).toEqual([]);
  });
});
