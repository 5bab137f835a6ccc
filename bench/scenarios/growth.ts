import { type Arena, numberOf } from '../arena.ts';
import { barTable } from '../bars.ts';
import { logChart } from '../chart.ts';
import { check } from '../contestants/check.ts';
import { backfill } from '../contestants/userdrift.ts';
import { MISSING_SQL } from '../population.ts';
import type { Program } from '../program.ts';
import { compete, type Outing, type Results } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { median, powerLaw } from '../statistics.ts';
import { counted, megabytes, seconds, spread, table, whole } from '../tables.ts';

interface Size {
  users: number;
  results: Results;
}

const RUN = 'userdrift';
const TURNS = 3;
/** The needle in the haystack. */
const FEW = 5;

/** What do ten times as many users cost? */
export const growthScenario: Scenario = {
  name: 'growth',
  title: 'Growth',
  scale: ({ sizes, rounds }) => `${sizes.map(whole).join(' / ')} users, ${counted(rounds, 'round')}`,
  async run(bench) {
    const sizes: Size[] = [];
    for (const users of bench.sizes) {
      const contestant = { name: RUN, run: () => fillAndCheck(bench, users) };
      bench.say(`${whole(users)} users`);
      sizes.push({ users, results: await compete([contestant], bench.rounds, bench.say) });
      if (users !== bench.users) await bench.ground.forget({ users });
    }
    return [sizeTable(sizes), lawOf(sizes), chartOf(sizes), barTable(sizes.map(barOf))].join('\n\n');
  },
};

async function fillAndCheck({ ground, program }: Bench, users: number): Promise<Outing> {
  const arena = await ground.arena({ users });
  try {
    const filled = await backfill(program, arena);
    const missing = await numberOf(arena, MISSING_SQL);
    if (missing !== 0) throw new Error(`${missing} users are missing after a backfill`);
    await arena.query('vacuum analyze auth.users');
    await arena.query('vacuum analyze public.users');
    const inSync = await checks(program, arena, 0);
    await arena.query('delete from public.users where id in (select id from public.users limit $1)', [FEW]);
    const few = await checks(program, arena, FEW);
    return {
      ...filled,
      checkSeconds: inSync.seconds,
      fewSeconds: few.seconds,
      checkMegabytes: Math.max(inSync.peakMegabytes, few.peakMegabytes),
    };
  } finally {
    await arena.drop();
  }
}

/** A check takes a moment, and a moment is easily disturbed. */
async function checks(program: Program, arena: Arena, missing: number) {
  const turns: Outing[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) turns.push(await check(program, arena, missing));
  const middle = (number: string) => median(turns.map((turn) => turn[number] ?? Number.NaN));
  return { seconds: middle('seconds'), peakMegabytes: middle('peakMegabytes') };
}

function sizeTable(sizes: readonly Size[]): string {
  const rows = sizes.map(({ users, results }) => [
    whole(users),
    seconds(results.median(RUN, 'seconds')),
    spread(results.all(RUN, 'seconds'), seconds),
    whole(users / results.median(RUN, 'seconds')),
    megabytes(results.median(RUN, 'peakMegabytes')),
    seconds(results.median(RUN, 'checkSeconds')),
    seconds(results.median(RUN, 'fewSeconds')),
    megabytes(results.median(RUN, 'checkMegabytes')),
  ]);
  const heads = [
    'Users',
    'Backfill',
    'Fastest and slowest',
    'Users per second',
    'Peak memory',
    'Check',
    `Check, ${FEW} missing`,
    'Its peak memory',
  ];
  return table(
    heads.map((number) => ({ number })),
    rows,
  );
}

function lawOf(sizes: readonly Size[]): string {
  const sentences = [
    ['backfill', 'seconds'],
    ['check', 'checkSeconds'],
  ].map(([what = '', number = '']) => {
    const law = powerLaw(sizes.map(({ users, results }) => [users, results.median(RUN, number)] as const));
    return law ? `The time of a ${what} grows with users^${law.exponent.toFixed(2)}.` : '';
  });
  return sentences.join(' ').trim() || 'One size alone shows no growth.';
}

function chartOf(sizes: readonly Size[]): string {
  const points = sizes.map(({ users, results }) => [users, results.median(RUN, 'seconds')] as const);
  return `Seconds of a backfill, both axes logarithmic:\n\n\`\`\`text\n${logChart(points, 'users')}\n\`\`\``;
}

function barOf({ users, results }: Size) {
  return {
    what: `peak memory of a backfill of ${whole(users)}`,
    measured: results.median(RUN, 'peakMegabytes'),
    limit: 110,
    render: megabytes,
  };
}
