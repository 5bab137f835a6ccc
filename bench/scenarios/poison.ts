import { numberOf } from '../arena.ts';
import { barTable } from '../bars.ts';
import { MISSING_SQL } from '../population.ts';
import { compete, type Outing } from '../rounds.ts';
import type { Bench, Scenario } from '../scenario.ts';
import { logStatements, statementsDuring } from '../statements.ts';
import { counted, table, whole } from '../tables.ts';

const USERS = 1000;
const GOOD = 'all rows good';
const POISONED = 'one bad row';
/** A binary search both halves of which are sent, and the two that end it. */
const LIMIT = 2 * Math.log2(USERS) + 2;

/** Makes the table refuse one of the users, whichever. */
const POISON_SQL = `
do $$
declare
  poisoned text := (select email from auth.users order by md5(id::text) limit 1);
begin
  execute format('alter table public.users add constraint no_poison check (email <> %L)', poisoned);
end
$$`;

/** What does one bad row in a batch of 1000 cost? */
export const poisonScenario: Scenario = {
  name: 'poison',
  title: 'One bad row in a batch of 1000',
  scale: ({ rounds }) => `${counted(USERS, 'user')}, ${counted(rounds, 'round')}`,
  async run(bench) {
    const contestants = [
      { name: GOOD, run: () => statementsOf(bench, '', 0) },
      { name: POISONED, run: () => statementsOf(bench, POISON_SQL, 1) },
    ];
    const results = await compete(contestants, bench.rounds, bench.say);
    const rows = [GOOD, POISONED].map((name) => [
      name,
      whole(results.median(name, 'statements')),
      whole(results.median(name, 'inserts')),
      whole(results.median(name, 'rollbacks')),
    ]);
    const extra = results.median(POISONED, 'statements') - results.median(GOOD, 'statements');
    return [
      table(
        ['Batch', { number: 'Statements of the run' }, { number: 'Of them inserts' }, { number: 'Rollbacks' }],
        rows,
      ),
      barTable([
        { what: 'extra statements for one bad row', measured: extra, limit: LIMIT, render: (n) => n.toFixed(0) },
      ]),
    ].join('\n\n');
  },
};

async function statementsOf({ ground, program }: Bench, prepare: string, left: number): Promise<Outing> {
  const arena = await ground.arena({ users: USERS });
  try {
    if (prepare !== '') await arena.query(prepare);
    await logStatements(arena);
    const sent = await statementsDuring(ground.logFile, () =>
      program.report(['backfill', '--yes', '--batch-size', String(USERS)], { DATABASE_URL: arena.url }),
    );
    const missing = await numberOf(arena, MISSING_SQL);
    if (missing !== left) throw new Error(`${missing} users are missing, and not ${left}`);
    return { ...sent };
  } finally {
    await arena.drop();
  }
}
