import { fileURLToPath } from 'node:url';
import { runMeasured } from '../child.ts';
import { compete, type Outing } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { counted, megabytes, seconds, spread, table } from '../tables.ts';

/** Three rounds make the median of 21. */
const TURNS = 7;
const NOTHING = fileURLToPath(new URL('../nothing.js', import.meta.url));

/** What does a run cost that has nothing to do? */
export const startUpScenario: Scenario = {
  name: 'start-up',
  title: 'Start-up',
  scale: ({ rounds }) => `no users, ${counted(rounds * TURNS, 'round')}`,
  async run(bench) {
    const arena = await bench.ground.arena({ users: 0 });
    try {
      const contestants = [
        { name: 'node with an empty file', run: async () => outingOf(await runMeasured(NOTHING, [], {})) },
        { name: 'userdrift --version', run: () => ours(bench, ['--version'], {}) },
        { name: 'userdrift check', run: () => ours(bench, ['check'], { DATABASE_URL: arena.url }) },
      ];
      const results = await compete(contestants, bench.rounds * TURNS, () => {});
      const rows = contestants.map(({ name }) => [
        name,
        seconds(results.median(name, 'seconds')),
        spread(results.all(name, 'seconds'), seconds),
        seconds(results.median(name, 'clientCpu')),
        megabytes(results.median(name, 'peakMegabytes')),
      ]);
      const numbers = ['Time', 'Fastest and slowest', 'CPU', 'Peak memory'];
      return table(['What', ...numbers.map((number) => ({ number }))], rows);
    } finally {
      await arena.drop();
    }
  },
};

async function ours({ program }: Bench, args: string[], env: Record<string, string>): Promise<Outing> {
  const ended = await program.run(args, env);
  if (ended.code !== 0) throw new Error(`userdrift ${args.join(' ')} ended with ${ended.code}: ${ended.stderr}`);
  return outingOf(ended);
}

function outingOf({ seconds, cpuSeconds, peakMegabytes }: Awaited<ReturnType<typeof runMeasured>>): Outing {
  return { seconds, clientCpu: cpuSeconds, peakMegabytes };
}
