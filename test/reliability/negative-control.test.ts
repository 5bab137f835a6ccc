import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Measure, Outcome, Port, Tables } from '../../src/port.ts';
import type { Report } from '../../src/report.ts';
import { idsIn } from '../support/app.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { type Asked, run } from '../support/job.ts';
import { eachMissing, onTables } from '../support/on-tables.ts';
import { rewriting } from '../support/rewriting.ts';

/**
 * Mistakes that tools of this kind are made with, made here on purpose: each must be caught by the promise that it
 * breaks, and the job as it is must keep them all. It proves that such tests can see.
 */
interface Mistake {
  breaks: Promised[];
  /** In the SQL, on its way to the server. */
  rewrite?: (text: string) => string;
  /** In the code, between the job and its tables. */
  change?: (tables: Tables) => void;
}

type Job = (command: 'check' | 'sync', asked?: Partial<Asked>) => Promise<Report>;
type Promised = keyof typeof PROMISES;

const CONFIG = { target: 'public.users', columns: { email: 'u.email' }, limits: { share: '100%' } };

let db: TestDatabase;
let ids: string[];
let blind: { name: string; url: string };

beforeAll(async () => {
  db = await createDatabase();
  blind = await db.createRole();
  await db.query(`alter database ${db.name} set deadlock_timeout = '20ms'`);
});
afterAll(() => db.drop());

/** Sixty users, none of whom has a row. */
async function startOver(): Promise<void> {
  await db.query('drop schema public cascade; create schema public authorization postgres; delete from auth.users');
  await db.queryAsPostgres('create table public.users (id uuid primary key, email text unique)');
  ids = await crowd(db, 60);
}

const idAt = (index: number) => ids[index] ?? '';
const missing = async () => {
  const there = new Set(await idsIn(db));
  return ids.filter((id) => !there.has(id));
};

const trigger = (head: string, body: string) =>
  db.queryAsPostgres(`create function public.act() returns trigger language plpgsql as $$ begin ${body} end $$;
    create ${head} for each row execute function public.act()`);

const PROMISES = {
  'a user who is refused is named, with the constraint': async (job: Job) => {
    await db.query(`insert into public.users select gen_random_uuid(), email from auth.users where id = $1`, [idAt(7)]);
    const report = await job('sync');
    expect(report.failures).toMatchObject([{ id: ids[7], code: '23505', constraint: 'users_email_key' }]);
    expect(report.repair).toMatchObject({ inserted: 59, failed: 1 });
  },
  'what counts as inserted is there': async (job: Job) => {
    await trigger(
      'trigger swallow before insert on public.users',
      `return case when new.id = '${ids[9]}' then null else new end;`,
    );
    const report = await job('sync');
    expect(report.repair).toMatchObject({ inserted: (await idsIn(db)).length, suppressed: 1 });
  },
  'exit 0 means that nobody is missing': async (job: Job) => {
    await trigger(
      'constraint trigger regret after insert on public.users deferrable initially deferred',
      `if new.id = '${ids[11]}' then delete from public.users where id = new.id; end if; return null;`,
    );
    const report = await job('sync');
    expect(await missing()).toEqual([ids[11]]);
    expect(report).toMatchObject({ exitCode: 2, residual: { missing: 1 } });
  },
  'who cannot see is not told that all is well': async (job: Job) => {
    await db.query(`grant usage on schema auth, public to ${blind.name};
      grant select on auth.users to ${blind.name}; grant all on public.users to ${blind.name}`);
    expect(await job('check', { url: blind.url })).toMatchObject({ verdict: 'inconclusive', exitCode: 1 });
  },
  'batches that overlap do not wait for each other in a circle': async (job: Job) => {
    await trigger('trigger slow before insert on public.users', 'perform pg_catalog.pg_sleep(0.002); return new;');
    const meet = meetingOf(2);
    const together = onTables((tables) => {
      const write = tables.write.bind(tables);
      tables.write = async function* (...batch) {
        await meet();
        yield* write(...batch);
      };
    });
    const backwards = eachMissing((ids) => [...ids].reverse());
    const both = await Promise.all([
      job('sync', { wrap: (port) => together(unlocked(port)) }),
      job('sync', { wrap: (port) => backwards(together(unlocked(port))) }),
    ]);
    expect(both).toMatchObject([0, 1].map(() => ({ exitCode: 0, batches: { retried: 0 } })));
  },
  'a row of nobody hides nobody': async (job: Job) => {
    await db.queryAsPostgres(`alter table public.users drop constraint users_pkey, alter id drop not null, add unique (id);
      insert into public.users values (null, 'guest')`);
    expect(await job('check')).toMatchObject({ exitCode: 2, drift: { missing: 60 } });
  },
  'who was deleted meanwhile is not written': async (job: Job) => {
    const before = onTables((tables) => {
      const write = tables.write.bind(tables);
      tables.write = async function* (...batch) {
        await db.query(`update auth.users set deleted_at = now(), email = 'a hash' where id = $1`, [ids[13]]);
        yield* write(...batch);
      };
    });
    const report = await job('sync', { wrap: before });
    expect(await missing()).toEqual([ids[13]]);
    expect(report).toMatchObject({ repair: { inserted: 59, excluded: 1 }, residual: { missing: 0 } });
  },
  'a bad row costs nobody else': async (job: Job) => {
    await db.queryAsPostgres(`alter table public.users add constraint not_this check (id <> '${ids[17]}')`);
    await job('sync');
    expect(await missing()).toEqual([ids[17]]);
  },
};

/** Two runs at once, as where the run lock is lost: it only avoids double work. */
function unlocked(port: Port): Port {
  port.lease = async () => ({ lost: new AbortController().signal, release: async () => {} });
  return port;
}

/** Where so many have to arrive before any goes on. */
function meetingOf(size: number): () => Promise<void> {
  const all = Promise.withResolvers<void>();
  let arrived = 0;
  return () => {
    arrived += 1;
    if (arrived === size) all.resolve();
    return all.promise;
  };
}

const MISTAKES: Record<string, Mistake> = {
  'on conflict without a target': {
    breaks: ['a user who is refused is named, with the constraint'],
    rewrite: (text) => text.replace(/^on conflict \("id"\) do nothing$/m, 'on conflict do nothing'),
  },
  'what was sent counts as written': {
    breaks: ['what counts as inserted is there', 'who was deleted meanwhile is not written'],
    change: (tables) => {
      const write = tables.write.bind(tables);
      const written = (outcome: Outcome): Outcome =>
        outcome.kind === 'failed' ? outcome : { id: outcome.id, kind: 'inserted' };
      tables.write = async function* (...batch) {
        for await (const outcomes of write(...batch)) yield outcomes.map(written);
      };
    },
  },
  'counters in place of a closing query': {
    breaks: ['exit 0 means that nobody is missing'],
    change: (tables) => {
      let first: Measure | null = null;
      let inserted = 0;
      const measure = tables.measure.bind(tables);
      const write = tables.write.bind(tables);
      tables.write = async function* (...batch) {
        for await (const outcomes of write(...batch)) {
          inserted += outcomes.filter(({ kind }) => kind === 'inserted').length;
          yield outcomes;
        }
      };
      tables.measure = async (...asked) => {
        if (first) return { ...first, missing: first.missing - inserted };
        first = await measure(...asked);
        return first;
      };
    },
  },
  'no look at row level security': {
    breaks: ['who cannot see is not told that all is well'],
    rewrite: (text) => text.replace(/(set (?:local )?row_security = )'?off'?/g, '$1on'),
  },
  'ids as they come': {
    breaks: ['batches that overlap do not wait for each other in a circle'],
    rewrite: (text) => text.replace(/^order by u\.id(?=\non conflict)/m, 'order by array_position($1::uuid[], u.id)'),
  },
  'not in': {
    breaks: ['a row of nobody hides nobody'],
    rewrite: (text) =>
      text.replace(
        /not exists \(select from (\S+) p where p\.("id") = u\.id([^)]*)\)/g,
        'u.id not in (select p.$2 from $1 p where true$3)',
      ),
  },
  'who is expected is asked once': {
    breaks: ['who was deleted meanwhile is not written'],
    rewrite: (text) =>
      text.replace(/(?<=^where u\.id = any\(\$1::uuid\[\]\)) and .*(?=\norder by u\.id\non conflict)/m, ''),
  },
  'a batch that fails, fails': {
    breaks: ['a user who is refused is named, with the constraint', 'a bad row costs nobody else'],
    change: (tables) => {
      tables.write = async function* (batch) {
        const ids = [...batch];
        yield await db.postgres.query<{ id: string }>(tables.statement(), [ids]).then(
          ({ rows }) => rows.map(({ id }): Outcome => ({ id, kind: 'inserted' })),
          ({ code, constraint }) => ids.map((id): Outcome => ({ id, kind: 'failed', code, constraint, column: null })),
        );
      };
    },
  },
};

/** Which of these promises are broken with this mistake made? */
async function broken(promises: Promised[], { rewrite, change }: Partial<Mistake>): Promise<string[]> {
  using rewritten = rewriting(rewrite ?? ((text) => text));
  const found: string[] = [];
  for (const promised of promises) {
    await startOver();
    const job: Job = (command, asked = {}) => {
      const made = change ? onTables(change) : (port: Port) => port;
      const wrap = (port: Port) => (asked.wrap ?? ((same: Port) => same))(made(port));
      return run(command, { url: db.url, config: CONFIG, ...asked, wrap });
    };
    await PROMISES[promised](job).catch((error: unknown) => {
      if (!(error instanceof Error && error.name === 'AssertionError')) throw error;
      found.push(promised);
    });
  }
  if (rewrite) expect(rewritten.changed, 'statements with the mistake').toBeGreaterThan(0);
  return found;
}

const ALL = Object.keys(PROMISES) as Promised[];

test('the job as it is keeps every promise', async () => {
  expect(await broken(ALL, {})).toEqual([]);
});

test.each(Object.entries(MISTAKES))('caught: %s', async (_, mistake) => {
  expect(await broken(mistake.breaks, mistake)).toEqual(mistake.breaks);
});

test('no promise is there that no mistake can break', () => {
  expect(new Set(Object.values(MISTAKES).flatMap(({ breaks }) => breaks))).toEqual(new Set(ALL));
});
