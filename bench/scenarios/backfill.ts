import { type Arena, numberOf } from '../arena.ts';
import { type Bar, barTable } from '../bars.ts';
import { loopInClient, loopInServer } from '../contestants/loops.ts';
import { pagedScript } from '../contestants/paged-script.ts';
import { singleStatement } from '../contestants/statement.ts';
import { backfill, backfillOverHttp } from '../contestants/userdrift.ts';
import { dearestTable } from '../dearest.ts';
import { withServerCpu } from '../measure.ts';
import { MISSING_SQL } from '../population.ts';
import { compete, type Outing, type Results } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { forgetCost } from '../statements.ts';
import { counted, megabytes, seconds, spread, table, times, whole } from '../tables.ts';

/** A way to fill the table. */
interface Way {
  name: string;
  /** How many users it is tried with: a slow way is not made to do them all. */
  users: number;
  /** How many of them it leaves out on purpose. */
  leaves?: number;
  work(arena: Arena): Promise<Outing>;
}

const STATEMENT = 'one `insert … select`';
const SERVER_LOOP = 'a loop over the repair function, in the server';
const CLIENT_LOOP = 'the same loop in a client';
const DEFAULT = 'userdrift';
/** A loop of round trips is as slow per user at the end as at the start. */
const CLIENT_CALLS = 5000;
/** The script pages by offset: with more users its pages become slower, so that this flatters it. */
const SCRIPT_USERS = 20_000;
const HTTP_USERS = 50_000;

/** Everybody is missing: who inserts them in what time, with how much memory, at what cost for the server? */
export const backfillScenario: Scenario = {
  name: 'backfill',
  title: 'Backfill, everybody missing',
  scale: ({ users, rounds }) => `${counted(users, 'user')}, ${counted(rounds, 'round')}`,
  async run(bench) {
    const ways = waysOf(bench);
    const contestants = ways.map((way) => ({ name: way.name, run: () => race(bench, way) }));
    const results = await compete(contestants, bench.rounds, bench.say);
    const tables = [wayTable(ways, results, bench.users), barTable(barsOf(results, ways, bench.users))];
    return [...tables, await dearestOfOne(bench)].join('\n\n');
  },
};

function waysOf({ users, program }: Bench): Way[] {
  const calls = Math.min(users, CLIENT_CALLS);
  return [
    { name: STATEMENT, users, work: singleStatement },
    { name: SERVER_LOOP, users, work: loopInServer },
    {
      name: CLIENT_LOOP,
      users: calls,
      leaves: users - calls,
      work: (arena) => loopInClient(arena, calls),
    },
    { name: 'script with supabase-js, pages and upserts', users: Math.min(users, SCRIPT_USERS), work: pagedScript },
    { name: DEFAULT, users, work: (arena) => backfill(program, arena) },
    ...[1, 2, 3, 4].map((writers) => ({
      name: `userdrift --concurrency ${writers}`,
      users,
      work: (arena: Arena) => backfill(program, arena, ['--concurrency', String(writers)]),
    })),
    {
      name: 'userdrift over HTTP',
      users: Math.min(users, HTTP_USERS),
      work: (arena) => backfillOverHttp(program, arena),
    },
  ];
}

/** On a fresh copy; a way that did not insert everybody has no time. */
async function race({ ground }: Bench, { name, users, leaves = 0, work }: Way): Promise<Outing> {
  const arena = await ground.arena({ users: users + leaves });
  try {
    const [outing, serverCpu] = await withServerCpu(ground, () => work(arena));
    const missing = await numberOf(arena, MISSING_SQL);
    if (missing !== leaves) throw new Error(`${name}: ${missing} users are missing after it, and not ${leaves}`);
    return { ...outing, serverCpu };
  } finally {
    await arena.drop();
  }
}

/** Once more, for where its time goes in the server. */
async function dearestOfOne({ ground, program, users }: Bench): Promise<string> {
  const arena = await ground.arena({ users });
  try {
    await forgetCost(arena);
    await backfill(program, arena);
    return `The dearest statements of one backfill by userdrift:\n\n${await dearestTable(arena)}`;
  } finally {
    await arena.drop();
  }
}

function wayTable(ways: readonly Way[], results: Results, all: number): string {
  const statement = timeOf(results, ways, STATEMENT, all);
  const rows = ways.map(({ name, users }) => {
    const scaled = results.all(name, 'seconds').map((number) => (number * all) / users);
    const whenAll = timeOf(results, ways, name, all);
    return [
      users === all ? name : `${name} (${whole(users)} users tried, the rest computed)`,
      seconds(whenAll),
      spread(scaled, seconds),
      whole(all / whenAll),
      times(whenAll / statement),
      ...used(results, name, all / users),
    ];
  });
  const numbers = [
    'Time',
    'Fastest and slowest',
    'Users per second',
    'Ratio',
    'Peak memory',
    'CPU of client',
    'CPU of server',
  ];
  return table(['Way', ...numbers.map((number) => ({ number }))], rows);
}

/** The median; of a way that was tried with a part of the users, as if it went on like that. */
function timeOf(results: Results, ways: readonly Way[], name: string, all: number): number {
  const { users = all } = ways.find((way) => way.name === name) ?? {};
  return (results.median(name, 'seconds') * all) / users;
}

function used(results: Results, name: string, factor: number): string[] {
  const cell = (number: string, render: (value: number) => string) =>
    results.has(name, number) ? render(results.median(name, number)) : '-';
  return [
    cell('peakMegabytes', megabytes),
    cell('clientCpu', (value) => seconds(value * factor)),
    cell('serverCpu', (value) => seconds(value * factor)),
  ];
}

function barsOf(results: Results, ways: readonly Way[], all: number): Bar[] {
  const ours = timeOf(results, ways, DEFAULT, all);
  const against = (name: string, limit: number) => ({
    what: `time, against ${name}`,
    measured: ours / timeOf(results, ways, name, all),
    limit,
    render: times,
  });
  const peak = results.median(DEFAULT, 'peakMegabytes');
  return [
    against(STATEMENT, 0.75),
    against(SERVER_LOOP, 0.1),
    against(CLIENT_LOOP, 0.1),
    { what: 'peak memory of userdrift', measured: peak, limit: 110, render: megabytes },
  ];
}
