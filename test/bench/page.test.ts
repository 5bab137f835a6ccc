import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { benchCommand, parseFlags } from '../../bench/flags.ts';
import { regionsOf, withNewRegions } from '../../bench/page.ts';
import { expectedUsers, nameOf } from '../../bench/population.ts';
import { SCENARIOS } from '../../bench/scenarios/scenarios.ts';

const NAMES = SCENARIOS.map(({ name }) => name);
const PAGE = readFileSync('docs/benchmarks.md', 'utf8');

describe('the page', () => {
  it('has a region for each scenario, and for the machine', () => {
    expect(Object.keys(regionsOf(PAGE))).toEqual(['machine', ...NAMES]);
  });

  it('is written region by region: what no run has measured stays', () => {
    const page = 'a\n<!-- generated: one -->\n\nold\n\n<!-- end -->\nb\n<!-- generated: two -->\n<!-- end -->\n';
    const once = withNewRegions(page, { two: '| new |' });
    expect(regionsOf(once)).toEqual({ one: 'old', two: '| new |' });
    expect(withNewRegions(once, { one: 'newer' })).toContain('newer\n\n<!-- end -->\nb\n');
    expect(withNewRegions(once, regionsOf(once))).toBe(once);
    expect(() => withNewRegions(page, { three: '' })).toThrow('three');
  });

  it('names only flags and scenarios that exist, and all of them', () => {
    const own = benchCommand(NAMES).options.map(({ long }) => long);
    const shown = [...PAGE.matchAll(/^\| `(--[a-z-]+)/gm)].map(([, flag]) => flag);
    expect(shown).toEqual(own);
    const [only = ''] = /^\| `--only.*$/m.exec(PAGE) ?? [];
    expect(only.match(/(?<=`)[a-z-]+(?=`)/g)).toEqual(NAMES);
  });
});

describe('the command line', () => {
  it('has defaults', () => {
    expect(parseFlags([], NAMES)).toEqual({
      users: 200_000,
      usersList: [50_000, 100_000, 200_000],
      rounds: 3,
      only: NAMES,
      write: null,
      keep: false,
    });
  });

  it('takes lists, and a page or the usual one', () => {
    const words = ['--users-list', '5000,100', '--only', 'check,growth', '--write', 'page.md', '--rounds', '1'];
    expect(parseFlags(words, NAMES)).toMatchObject({
      usersList: [100, 5000],
      only: ['check', 'growth'],
      write: 'page.md',
      rounds: 1,
    });
    expect(parseFlags(['--write'], NAMES).write).toBe('docs/benchmarks.md');
    expect(parseFlags(['--users', '2'], NAMES).usersList).toEqual([1, 2]);
  });
});

describe('the population', () => {
  it('knows who should have a row', () => {
    expect(expectedUsers({ users: 1000 })).toBe(1000);
    expect(expectedUsers({ users: 1000, anonymous: 0.3, deleted: 0.01 })).toBe(690);
    const excluded = Array.from({ length: 2345 }, (_, at) => at + 1).filter((n) => n % 1000 < 310).length;
    expect(expectedUsers({ users: 2345, anonymous: 0.3, deleted: 0.01 })).toBe(2345 - excluded);
  });

  it('has a database for each', () => {
    expect(nameOf({ users: 5, anonymous: 0.3, copied: true })).toBe('bench_5_300_0_copied');
    expect(nameOf({ users: 5 })).not.toBe(nameOf({ users: 5, deleted: 0.01 }));
  });
});

describe('the bench', () => {
  it('measures userdrift from outside: of its sources it knows the sample server, the report, the Fault and how a flag is read', () => {
    const files = readdirSync('bench', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const imports = files.flatMap((name) => [
      ...readFileSync(join('bench', name), 'utf8').matchAll(/from '(?:\.\.\/)+src\/(.+?)'/g),
    ]);
    expect(imports.length).toBeGreaterThan(4);
    const allowed = /^(demo\/.*|report|fault|commands\/flags)\.ts$/;
    expect(imports.map(([, path = '']) => path).filter((path) => !allowed.test(path))).toEqual([]);
  });
});
