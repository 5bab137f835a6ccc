import fc from 'fast-check';
import { expect } from 'vitest';
import { Interruption } from '../../src/reconcile/stop.ts';
import {
  expected,
  expectSame,
  type Model,
  missing,
  newId,
  orphans,
  pass,
  pick,
  type Real,
  rowsOf,
  runJob,
} from './world.ts';

type Command = fc.AsyncCommand<Model, Real>;
type Change = (model: Model, real: Real, at: number) => Promise<void>;

/** What people and the app do all day, to one user each. */
const CHANGES: Record<string, Change> = {
  signUp: async ({ users }, { db }, at) => {
    const id = newId(at * 2_654_435_761);
    const email = at % 5 === 0 ? null : `${id}@example.org`;
    await db.query("insert into auth.users (id, email, created_at) values ($1, $2, now() - interval '1 hour')", [
      id,
      email,
    ]);
    users.set(id, { email, state: 'plain' });
  },
  signUpAnonymously: async ({ users }, { db }, at) => {
    const id = newId(at * 40_503);
    await db.query(
      `insert into auth.users (id, is_anonymous, created_at) values ($1, true, now() - interval '1 hour')`,
      [id],
    );
    users.set(id, { email: null, state: 'anonymous' });
  },
  becomePermanent: async ({ users }, { db }, at) => {
    const [id] = [...users]
      .filter(([, user]) => user.state === 'anonymous')
      .map(([name]) => name)
      .slice(at % 3);
    if (id === undefined) return;
    await db.query('update auth.users set is_anonymous = false, email = $2 where id = $1', [id, `${id}@example.org`]);
    users.set(id, { email: `${id}@example.org`, state: 'plain' });
  },
  remove: async ({ users }, { db }, at) => {
    const id = pick(users, at);
    if (id === undefined) return;
    await db.query('delete from auth.users where id = $1', [id]);
    users.delete(id);
  },
  softDelete: async ({ users }, { db }, at) => {
    const id = pick(users, at);
    if (id === undefined) return;
    await db.query(`update auth.users set deleted_at = now(), email = md5($1::text) where id = $1::uuid`, [id]);
    users.set(id, { email: 'a hash that nobody maps', state: 'deleted' });
  },
  swapEmails: async ({ users }, { db }, at) => {
    const plain = new Map([...users].filter(([, { state, email }]) => state === 'plain' && email !== null));
    const [a, b] = [pick(plain, at), pick(plain, at + 1)];
    const [one, two] = [plain.get(a ?? ''), plain.get(b ?? '')];
    if (!a || !b || !one || !two || a === b) return;
    // One transaction: a run beside it sees either mail of theirs, and never none.
    await db.query(`update auth.users set email = null where id = '${a}';
      update auth.users set email = '${one.email}' where id = '${b}';
      update auth.users set email = '${two.email}' where id = '${a}'`);
    users.set(a, { ...one, email: two.email });
    users.set(b, { ...two, email: one.email });
  },
  appInserts: async (model, { db }, at) => {
    const id = missing(model)[0] ?? newId(at * 97);
    const email = at % 3 === 0 ? null : `app-${id}@example.org`;
    await db.query('insert into public.users values ($1, $2, $3) on conflict do nothing', [id, email, `bio ${at}`]);
    if (!model.rows.has(id)) model.rows.set(id, { email, bio: `bio ${at}` });
  },
  appEdits: async ({ rows }, { db }, at) => {
    const id = pick(rows, at);
    const row = rows.get(id ?? '');
    if (!id || !row) return;
    await db.query('update public.users set bio = $2 where id = $1', [id, `edited ${at}`]);
    rows.set(id, { ...row, bio: `edited ${at}` });
  },
  appDeletes: async ({ rows }, { db }, at) => {
    const id = pick(rows, at);
    if (id === undefined) return;
    await db.query('delete from public.users where id = $1', [id]);
    rows.delete(id);
  },
};

/** One change, at rest. */
function change(name: string, at: number): Command {
  const act = CHANGES[name];
  return {
    check: () => true,
    run: async (model, real) => act?.(model, real, at),
    toString: () => `${name}(${at})`,
  };
}

/** A run with nothing in its way: its report and the tables are what the model says, user by user. */
function run(command: 'check' | 'sync' | 'backfill', batchSize: number): Command {
  return {
    check: () => true,
    run: async (model, real) => {
      const before = missing(model);
      const report = await runJob(command, real, { batchSize });
      if (model.users.size === 0 && model.rows.size > 0) {
        expect(report).toMatchObject({ verdict: 'refused', exitCode: 4, reason: { code: 'empty_source' } });
        return;
      }
      expect(report.drift).toMatchObject({ missing: before.length, orphans: orphans(model) });
      expect(report.source.total).toBe(model.users.size);
      const refused = command === 'check' ? before : pass(model);
      const verdict =
        before.length === 0
          ? 'in_sync'
          : command === 'check'
            ? 'drift'
            : refused.length > 0
              ? 'unrepaired'
              : 'repaired';
      expect(report.verdict).toBe(verdict);
      expect(report.residual.missing).toBe(refused.length);
      if (command !== 'check') {
        expect(report.repair).toMatchObject({
          scanned: before.length,
          inserted: before.length - refused.length,
          failed: refused.length,
        });
        expect(report.failures.map(({ id }) => id).sort()).toEqual(refused);
        expect(new Set(report.failures.map(({ code }) => code))).toEqual(new Set(refused.length > 0 ? ['23505'] : []));
      }
      await expectSame(model, real);
    },
    toString: () => `${command}(batchSize ${batchSize})`,
  };
}

/** A disturbance: what happens before the n-th statement that writes, and how the run may end because of it. */
interface Trouble {
  name: string;
  strike: (real: Real, stop: AbortController) => Promise<void>;
  verdicts: RegExp;
}

const KILL = `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'userdrift:%' and datname = current_database()`;
const FINISHED = /^(in_sync|repaired|unrepaired)$/;

const TROUBLES: Trouble[] = [
  { name: 'kill every connection', strike: async ({ db }) => void (await db.query(KILL)), verdicts: FINISHED },
  {
    name: 'SIGTERM',
    strike: async (_, stop) => stop.abort(new Interruption('SIGTERM')),
    verdicts: /^(interrupted|in_sync|repaired|unrepaired)$/,
  },
  ...['40001', '40P01', '55P03'].map((code) => ({
    name: `${code} twice`,
    strike: async ({ db }: Real) => void (await db.query('insert into public.fault values ($1, 2)', [code])),
    verdicts: FINISHED,
  })),
  {
    name: '57014 once',
    strike: async ({ db }) => void (await db.query(`insert into public.fault values ('57014', 1)`)),
    verdicts: FINISHED,
  },
  {
    name: 'a row that is refused twice',
    strike: async ({ db }) => void (await db.query(`insert into public.fault values ('23514', 2)`)),
    verdicts: FINISHED,
  },
];

/**
 * A run in the middle of trouble and of other people's changes. What it says must be true, and it must not have touched
 * what it does not own; where it got to is up to the trouble.
 */
function troubledRun(
  trouble: Trouble,
  changes: [string, number][],
  options: { concurrency: number; batchSize: number },
): Command {
  return {
    check: (model) => expected(model).length > 0,
    run: async (model, real) => {
      const before = await rowsOf(real);
      const meanwhile: Model = { users: new Map(model.users), rows: new Map(before) };
      const mails = new Map([...model.users].map(([id, { email }]) => [id, new Set([email])]));
      const stop = new AbortController();
      const strike = { done: false };
      const disturb = async () => {
        if (strike.done) return;
        strike.done = true;
        for (const [name, at] of changes) await CHANGES[name]?.(meanwhile, real, at);
        for (const [id, { email }] of meanwhile.users) mails.set(id, (mails.get(id) ?? new Set()).add(email));
        await trouble.strike(real, stop);
      };
      const report = await runJob('sync', real, { disturb, stop: stop.signal, ...options });
      await real.db.query('delete from public.fault; alter sequence public.faults restart');
      model.users = meanwhile.users;
      const after = await rowsOf(real);
      expect(report.verdict).toMatch(trouble.verdicts);
      for (const [id, row] of after) {
        const own = meanwhile.rows.get(id);
        // Rows of the app are as the app left them; rows that are new hold a mail that their user had during the run.
        if (own) expect(row).toEqual(own);
        else expect([row.bio, mails.get(id)?.has(row.email)]).toEqual([null, true]);
      }
      for (const id of meanwhile.rows.keys()) expect(after.has(id)).toBe(true);
      model.rows = after;
      const { missing: left } = report.residual;
      if (left !== null && FINISHED.test(report.verdict)) expect(left).toBe(missing(model).length);
    },
    toString: () => `sync(${trouble.name}, meanwhile ${changes.map(([name, at]) => `${name}(${at})`).join(' ')})`,
  };
}

const at = fc.integer({ min: 0, max: 1_000_000 });
const changeName = fc.constantFrom(...Object.keys(CHANGES), 'signUp', 'signUp', 'signUp');
const batchSize = fc.constantFrom(1, 2, 3, 1000);

/** The commands of a history. */
export const COMMANDS: fc.Arbitrary<Command>[] = [
  fc.tuple(changeName, at).map(([name, where]) => change(name, where)),
  fc.tuple(changeName, at).map(([name, where]) => change(name, where)),
  fc.tuple(changeName, at).map(([name, where]) => change(name, where)),
  fc
    .tuple(fc.constantFrom('check' as const, 'sync' as const, 'backfill' as const), batchSize)
    .map(([name, size]) => run(name, size)),
  fc
    .record({
      trouble: fc.constantFrom(...TROUBLES),
      changes: fc.array(fc.tuple(changeName, at), { maxLength: 4 }),
      concurrency: fc.constantFrom(1, 3),
      batchSize,
    })
    .map(({ trouble, changes, ...options }) => troubledRun(trouble, changes, options)),
];
