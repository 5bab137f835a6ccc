import type { Arena } from '../arena.ts';
import { bareCount } from '../contestants/bare-count.ts';
import { dearestTable } from '../dearest.ts';
import { withServerCpu } from '../measure.ts';
import { BARE_COUNT_SQL } from '../population.ts';
import { compete, type Outing, type Results } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { costOf, forgetCost } from '../statements.ts';
import { counted, milliseconds, seconds, table, times, whole } from '../tables.ts';

const BARE = 'left join';
const SYNC = 'userdrift sync';
const CHECK = 'userdrift check';

/** What does the server pay for a run that finds nothing? */
export const steadyScenario: Scenario = {
  name: 'steady',
  title: 'A scheduled run that finds nothing',
  scale: ({ users, rounds }) => `${counted(users, 'user')}, ${counted(rounds, 'round')}`,
  async run(bench) {
    const arena = await bench.ground.arena({ users: bench.users, copied: true });
    try {
      const results = await compete(contestantsIn(bench, arena), bench.rounds, bench.say);
      return [costTable(results), await dearestOfOne(bench, arena)].join('\n\n');
    } finally {
      await arena.drop();
    }
  },
};

function contestantsIn(bench: Bench, arena: Arena) {
  return [
    { name: BARE, run: () => costing(bench, arena, () => bareCount(arena, BARE_COUNT_SQL)) },
    { name: CHECK, run: () => costing(bench, arena, () => green(bench, arena, 'check')) },
    { name: SYNC, run: () => costing(bench, arena, () => green(bench, arena, 'sync')) },
  ];
}

async function green({ program }: Bench, { url }: Arena, command: string): Promise<Outing> {
  const { report, seconds } = await program.report([command], { DATABASE_URL: url });
  if (report.verdict !== 'in_sync') throw new Error(`userdrift ${command}: ${report.verdict}`);
  return { seconds };
}

async function costing({ ground }: Bench, arena: Arena, work: () => Promise<Outing>): Promise<Outing> {
  await forgetCost(arena);
  const [{ seconds = 0 }, serverCpu] = await withServerCpu(ground, work);
  return { seconds, serverCpu, ...(await costOf(arena)) };
}

function costTable(results: Results): string {
  const bare = results.median(BARE, 'milliseconds');
  const rows = [BARE, CHECK, SYNC].map((name) => [
    name,
    seconds(results.median(name, 'seconds')),
    whole(results.median(name, 'calls')),
    milliseconds(results.median(name, 'milliseconds')),
    times(results.median(name, 'milliseconds') / bare),
    whole(results.median(name, 'pages')),
    seconds(results.median(name, 'serverCpu')),
  ]);
  const numbers = ['Time', 'Statements', 'Time in the server', 'Ratio', 'Pages read', 'CPU of server'];
  return table(['Who', ...numbers.map((number) => ({ number }))], rows);
}

async function dearestOfOne(bench: Bench, arena: Arena): Promise<string> {
  await forgetCost(arena);
  await green(bench, arena, 'sync');
  return `The dearest statements of one such sync:\n\n${await dearestTable(arena)}`;
}
