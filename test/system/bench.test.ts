import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { regionsOf } from '../../bench/page.ts';
import { SCENARIOS } from '../../bench/scenarios/scenarios.ts';

const folder = mkdtempSync(join(tmpdir(), 'userdrift-bench-test-'));
const page = join(folder, 'page.md');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  status: string | number | null | undefined;
  stdout: string;
  stderr: string;
}

let ended: Ended;

/** As a person types it, with a temporary folder of its own. */
function bench(...flags: string[]): Promise<Ended> {
  const env = { PATH: process.env.PATH, TMPDIR: folder };
  const words = ['run', '--silent', 'bench', '--', ...flags];
  return new Promise((resolve) => {
    execFile('npm', words, { env, timeout: 600_000 }, (error, stdout, stderr) =>
      resolve({ status: error ? error.code : 0, stdout, stderr }),
    );
  });
}

beforeAll(async () => {
  // Whom PostgreSQL runs as has to get in.
  chmodSync(folder, 0o755);
  const emptied = readFileSync('docs/benchmarks.md', 'utf8').replace(
    /(<!-- generated: .+? -->\n).*?(<!-- end -->)/gs,
    '$1$2',
  );
  writeFileSync(page, emptied);
  ended = await bench('--users', '2000', '--rounds', '1', '--write', page);
}, 620_000);

/** The tables of a region, as rows of cells. */
function rowsOf(region: string): string[][] {
  const lines = (regionsOf(readFileSync(page, 'utf8'))[region] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('|'));
  return lines.map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()));
}

const namesIn = (region: string) => rowsOf(region).map(([name]) => name);

describe('npm run bench', () => {
  test('goes to the end, and tells of every scenario on stdout as well as on the page', () => {
    expect(ended.stderr).not.toMatch(/\bat (\S+ \()?(file|node):/);
    expect(ended.status, ended.stderr).toBe(0);
    const regions = regionsOf(readFileSync(page, 'utf8'));
    for (const { name, title } of SCENARIOS) {
      expect(ended.stdout).toContain(`## ${title}\n\n${regions[name]}`);
      expect(regions[name]).toMatch(/^[\w, /]+; \d{4}-\d\d-\d\d, commit /);
    }
    expect(regions.machine).toMatch(/PostgreSQL 17\.\d+, Node\.js \d+/);
    expect(regions.machine).toContain('synchronous_commit = true');
  });

  test('leaves nothing behind in the temporary folder', () => {
    expect(readdirSync(folder).filter((name) => name !== 'page.md' && !name.startsWith('node-compile-cache'))).toEqual(
      [],
    );
  });

  test('has a number in every cell that is not empty on purpose', () => {
    const cells = SCENARIOS.flatMap(({ name }) => rowsOf(name)).flat();
    expect(cells.length).toBeGreaterThan(150);
    expect(cells.filter((cell) => /NaN|undefined|Infinity|null/.test(cell) || cell === '')).toEqual([]);
  });

  test('says whether each bar is met', () => {
    const verdicts = SCENARIOS.flatMap(({ name }) => rowsOf(name))
      .filter(([, , limit]) => limit?.startsWith('at most'))
      .map(([, , , verdict]) => verdict);
    expect(verdicts).toHaveLength(4 + 3 + 3 + 1 + 1);
    expect(verdicts.filter((verdict) => verdict !== 'met' && verdict !== 'not met')).toEqual([]);
  });

  test('has every contestant, state and size', () => {
    const concurrencies = [1, 2, 3, 4].map((writers) => `userdrift --concurrency ${writers}`);
    const ways = ['one `insert … select`', 'the same loop in a client', 'userdrift', ...concurrencies];
    expect(namesIn('backfill')).toEqual(expect.arrayContaining([...ways, 'userdrift over HTTP']));
    expect(namesIn('check')).toEqual(expect.arrayContaining(['0 missing', '5 missing', '2,000 missing']));
    expect(namesIn('growth')).toEqual(expect.arrayContaining(['500', '1,000', '2,000']));
    expect(namesIn('steady')).toEqual(expect.arrayContaining(['left join', 'userdrift check', 'userdrift sync']));
    expect(namesIn('kindness')).toEqual(expect.arrayContaining(['nobody else', 'userdrift']));
    expect(namesIn('poison')).toEqual(expect.arrayContaining(['all rows good', 'one bad row']));
  });

  test('ends with 64 for a word that it does not know', async () => {
    const { status, stderr } = await bench('--only', 'everything');
    expect(status).toBe(64);
    expect(stderr).toContain('There is no everything.');
  });
});
