import type { Arena } from '../arena.ts';
import { barTable } from '../bars.ts';
import { bareCount } from '../contestants/bare-count.ts';
import { check } from '../contestants/check.ts';
import { BARE_COUNT_SQL, expectedUsers, MISSING_SQL, type Population } from '../population.ts';
import { compete, type Results } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { counted, megabytes, seconds, spread, table, times, whole } from '../tables.ts';

const BARE = 'left join';
const KNOWING = 'left join of who is expected';
const CHECK = 'userdrift check';
/** A check takes a moment, and a moment is easily disturbed. */
const TURNS = 3;
/** Node, and what it loads. */
const START_UP_SECONDS = 0.4;
const MIXED = { anonymous: 0.3, deleted: 0.01 };

/** One state of the two tables. */
interface State {
  what: string;
  missing: number;
  /** What the bare left join counts: it knows nobody who is not expected to have a row. */
  counted: number;
  results: Results;
}

/** How long until a person knows whether anybody is missing? */
export const checkScenario: Scenario = {
  name: 'check',
  title: 'Check',
  scale: ({ users, rounds }) => `${counted(users, 'user')}, ${counted(rounds * TURNS, 'round')}`,
  async run(bench) {
    const plain = await inArena(bench, { users: bench.users, copied: true }, plainStates);
    const mixed = await inArena(bench, { users: bench.users, copied: true, ...MIXED }, mixedStates);
    for (const copied of [true, false]) await bench.ground.forget({ users: bench.users, copied, ...MIXED });
    const states = [...plain, ...mixed];
    const bars = [
      ...plain.slice(0, 1).map((state) => barOf(state, BARE)),
      ...mixed.flatMap((state) => [barOf(state, BARE), barOf(state, KNOWING)]),
    ];
    return [stateTable(states), barTable(bars)].join('\n\n');
  },
};

async function inArena(
  bench: Bench,
  population: Population,
  work: (bench: Bench, arena: Arena) => Promise<State[]>,
): Promise<State[]> {
  const arena = await bench.ground.arena(population);
  try {
    return await work(bench, arena);
  } finally {
    await arena.drop();
  }
}

async function plainStates(bench: Bench, arena: Arena): Promise<State[]> {
  const missing = [0, Math.min(5, bench.users), ...[0.01, 0.1, 1].map((share) => Math.ceil(bench.users * share))];
  const states: State[] = [];
  for (const count of missing) {
    await leaveOut(arena, count);
    states.push(await ask(bench, arena, { what: `${whole(count)} missing`, missing: count, counted: count }));
  }
  return states;
}

async function mixedStates(bench: Bench, arena: Arena): Promise<State[]> {
  const counted = bench.users - expectedUsers({ users: bench.users, ...MIXED });
  return [await ask(bench, arena, { what: 'in sync, 30 % anonymous, 1 % deleted', missing: 0, counted })];
}

/** Deletes rows, wherever they are, until so many users are missing. */
async function leaveOut(arena: Arena, missing: number): Promise<void> {
  await arena.query(
    `delete from public.users where id in (
       select id from public.users order by md5(id::text)
       limit greatest(0, $1 - (select count(*) from auth.users) + (select count(*) from public.users)))`,
    [missing],
  );
  for (const table of ['auth.users', 'public.users']) await arena.query(`vacuum analyze ${table}`);
}

async function ask(bench: Bench, arena: Arena, state: Omit<State, 'results'>): Promise<State> {
  bench.say(state.what);
  const contestants = [
    { name: BARE, run: () => bareCount(arena, BARE_COUNT_SQL) },
    { name: KNOWING, run: () => bareCount(arena, MISSING_SQL) },
    { name: CHECK, run: () => check(bench.program, arena, state.missing) },
  ];
  const results = await compete(contestants, bench.rounds * TURNS, () => {});
  expectCount(results, BARE, state.counted);
  expectCount(results, KNOWING, state.missing);
  return { ...state, results };
}

function expectCount(results: Results, name: string, users: number): void {
  if (results.all(name, 'missing').some((counted) => counted !== users)) {
    throw new Error(`the ${name} does not count ${users} users`);
  }
}

function stateTable(states: readonly State[]): string {
  const rows = states.map(({ what, results }) => {
    const bare = results.median(BARE, 'seconds');
    const process = results.median(CHECK, 'seconds');
    return [
      what,
      seconds(bare),
      seconds(results.median(KNOWING, 'seconds')),
      seconds(process),
      spread(results.all(CHECK, 'seconds'), seconds),
      seconds(results.median(CHECK, 'inside')),
      times(process / bare),
      megabytes(results.median(CHECK, 'peakMegabytes')),
    ];
  });
  const numbers = [
    'Left join alone',
    'Left join of who is expected',
    'Whole process',
    'Fastest and slowest',
    'Of it, the run',
    'Ratio',
    'Peak memory',
  ];
  return table(['State', ...numbers.map((number) => ({ number }))], rows);
}

function barOf({ what, results }: State, against: string) {
  return {
    what: `${what}: the whole process, against the ${against} and 0.4 s of start-up`,
    measured: results.median(CHECK, 'seconds'),
    limit: results.median(against, 'seconds') + START_UP_SECONDS,
    render: seconds,
  };
}
