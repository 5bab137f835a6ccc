import { setTimeout as sleep } from 'node:timers/promises';
import { type Arena, numberOf } from '../arena.ts';
import { barTable } from '../bars.ts';
import { singleStatement } from '../contestants/statement.ts';
import { backfill } from '../contestants/userdrift.ts';
import { type Pace, withLogins } from '../logins/logins.ts';
import { MISSING_SQL } from '../population.ts';
import { compete, type Outing, type Results } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { watching } from '../sessions.ts';
import { percentile } from '../statistics.ts';
import { counted, milliseconds, table, times, whole } from '../tables.ts';

const NOBODY = 'nobody else';
const STATEMENT = 'one `insert … select`';
const DEFAULT = 'userdrift';
/** What a person can ask for, who is then given no less and no more. */
const FIXED = ['--concurrency 3', '--concurrency 2', '--concurrency 1', '--concurrency 1 --batch-size 250'];
const PACE: Pace = { connections: 4, perSecond: 50 };
/** For how long the logins are alone; a backfill lasts as long as it does. */
const ALONE_MS = 5000;
/** The first logins of a connection find nothing in its caches. */
const WARM_UP_MS = 500;
/** With fewer, one statement is done before anybody has logged in. */
const FEWEST = 20_000;

/** What do the people who log in notice of a backfill? */
export const kindnessScenario: Scenario = {
  name: 'kindness',
  title: 'Logins during a backfill',
  scale: (bench) =>
    `${counted(crowdOf(bench), 'user')}, ${counted(bench.rounds, 'round')}, ${PACE.connections} connections with ${PACE.perSecond} logins per second each`,
  async run(bench) {
    const { program } = bench;
    const contestants = [
      contestant(bench, NOBODY, () => sleep(bench.users < FEWEST ? ALONE_MS / 10 : ALONE_MS)),
      contestant(bench, STATEMENT, singleStatement),
      contestant(bench, DEFAULT, (arena) => backfill(program, arena)),
      ...FIXED.map((flags) =>
        contestant(bench, `userdrift ${flags}`, (arena) => backfill(program, arena, flags.split(' '))),
      ),
    ];
    const results = await compete(contestants, bench.rounds, bench.say);
    const names = contestants.map(({ name }) => name);
    return [latencyTable(names, results), barTable([barOf(results)])].join('\n\n');
  },
};

function crowdOf({ users }: Bench): number {
  return Math.max(users, FEWEST);
}

function contestant(bench: Bench, name: string, work: (arena: Arena) => Promise<unknown>) {
  return { name, run: () => beside(bench, name, work) };
}

async function beside(bench: Bench, name: string, work: (arena: Arena) => Promise<unknown>): Promise<Outing> {
  const users = crowdOf(bench);
  const arena = await bench.ground.arena({ users });
  try {
    let seen = { oldestSnapshot: 0, longestLockWait: 0 };
    const latencies = await withLogins(arena, PACE, WARM_UP_MS, async () => {
      seen = await watching(arena, () => work(arena));
    });
    const missing = await numberOf(arena, MISSING_SQL);
    if (missing !== (name === NOBODY ? users : 0)) throw new Error(`${name}: ${missing} users are missing after it`);
    return { ...seen, ...summaryOf(latencies) };
  } finally {
    await arena.drop();
  }
}

function summaryOf(latencies: readonly number[]): Outing {
  return {
    logins: latencies.length,
    p50: percentile(latencies, 0.5),
    p95: percentile(latencies, 0.95),
    p99: percentile(latencies, 0.99),
    max: percentile(latencies, 1),
  };
}

function latencyTable(names: readonly string[], results: Results): string {
  const alone = results.median(NOBODY, 'p95');
  const rows = names.map((name) => [
    name,
    whole(results.all(name, 'logins').reduce((sum, number) => sum + number, 0)),
    ...['p50', 'p95', 'p99'].map((number) => milliseconds(results.median(name, number))),
    milliseconds(Math.max(...results.all(name, 'max'))),
    times(results.median(name, 'p95') / alone),
    milliseconds(Math.max(...results.all(name, 'oldestSnapshot'))),
    milliseconds(Math.max(...results.all(name, 'longestLockWait'))),
  ]);
  const numbers = [
    'Logins',
    'p50',
    'p95',
    'p99',
    'Longest',
    'Ratio of p95',
    'Oldest snapshot',
    'Longest wait for a lock',
  ];
  return table(['Beside them', ...numbers.map((number) => ({ number }))], rows);
}

function barOf(results: Results) {
  return {
    what: 'p95 of a login beside userdrift, against nobody else',
    measured: results.median(DEFAULT, 'p95') / results.median(NOBODY, 'p95'),
    limit: 1.5,
    render: times,
  };
}
