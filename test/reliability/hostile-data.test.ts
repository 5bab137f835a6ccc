import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { cableTo } from '../support/cable.ts';
import { type Finished, reportIn, run } from '../support/cli.ts';
import { crowd } from '../support/crowd.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { hasTerminal, runOnTerminal } from '../support/pty.ts';

/** In every text of a user: output that holds it tells what nobody should be told. */
const CANARY = 'kanarie-Q7x';

/** What people and robots put into a sign-up form. */
const TEXTS: Record<string, string> = {
  'a line break': `${CANARY}\nok\r\n2026-01-01 all is well`,
  'a terminal sequence': `\u001b[2J\u001b]0;${CANARY}\u0007\u001b[31m\u009b1m`,
  'a workflow command': `${CANARY}\n::error::${CANARY}\n::set-output name=x::y\n##[error]${CANARY}`,
  'text that runs backwards': `\u202e${CANARY}\u2066\u2028\u2029`,
  'half a pair, escaped': `${CANARY}\\ud800\\u0000`,
  'letters that look like others': `аdmin@exаmple.org ${CANARY} ﬀ\u200b\u0130`,
  'a key of every object': `__proto__ constructor ${CANARY}`,
  'code of three languages': `'; drop table public.users; --\${${CANARY}}<script>{{${CANARY}}}%s%n`,
  'a log line': `{"level":30,"msg":"${CANARY}"}`,
  'as much as a mail may be': CANARY.padEnd(255, 'm'),
  'a megabyte': CANARY + randomBytes(500_000).toString('hex'),
};

interface Way {
  column: string;
  /** What the column is given where it is to be refused; `name` is the text. */
  refused: string;
  /** And where not; default 'ok'. */
  otherwise?: string;
  /** Which texts it refuses; default: all. */
  only?: string;
}

/** By SQLSTATE: a column that refuses a row in this way. */
const WAYS: Record<string, Way> = {
  '23502': { column: 'text not null', refused: 'nullif(name, name)' },
  '22001': { column: 'varchar(5)', refused: 'name' },
  '23514': { column: `text check (way_23514 = 'ok')`, refused: 'name' },
  '23505': { column: 'text unique', refused: 'md5(name)', otherwise: 'gen_random_uuid()::text' },
  '23P01': { column: 'text', refused: 'md5(name)', otherwise: 'gen_random_uuid()::text' },
  '23503': { column: 'text references public.kinds', refused: 'name' },
  '22P02': { column: 'int', refused: 'name::int', otherwise: '1' },
  '22007': { column: 'date', refused: 'name::date', otherwise: 'null::date' },
  '22023': { column: 'text', refused: `pg_catalog.set_config('timezone', name, true)` },
  '54000': { column: 'text', refused: 'name', only: 'a megabyte' },
  P0001: { column: 'text', refused: 'name' },
};

const TABLES = `
create table public.kinds (name text primary key);
insert into public.kinds values ('ok');
create table public.users (id uuid primary key, email text,
  ${Object.entries(WAYS).map(([way, { column }]) => `"way_${way}" ${column}`)},
  exclude using hash ("way_23P01" with =));
create index on public.users ("way_54000");
create function public.shout() returns trigger language plpgsql as $$ begin
  raise warning '%', new.email using detail = new.email;
  if new."way_P0001" = 'ok' then return new; end if;
  raise exception '%', new."way_P0001" using detail = new."way_P0001", hint = new."way_P0001",
    constraint = left(new."way_P0001", 20), column = left(new."way_P0001", 20), datatype = left(new."way_P0001", 20),
    table = left(new."way_P0001", 20), schema = left(new."way_P0001", 20);
end $$;
create trigger shout before insert on public.users for each row execute function public.shout();`;

const CONFIG = {
  target: 'public.users',
  columns: {
    email: 'u.email',
    ...Object.fromEntries(
      Object.entries(WAYS).map(([way, { refused, otherwise = `'ok'` }]) => [
        `way_${way}`,
        `case when u.raw_app_meta_data->>'way' = '${way}' then ${refused.replaceAll('name', `(u.raw_user_meta_data->>'name')`)} else ${otherwise} end`,
      ]),
    ),
  },
  limits: { share: '100%' },
};

let db: TestDatabase;
/** Who is refused, with the SQLSTATE. */
const bad = new Map<string, string>();

beforeAll(async () => {
  db = await createDatabase();
  await db.query(`alter role postgres in database ${db.name} set search_path = public`);
  await db.queryAsPostgres(TABLES);
  for (const [row, [kind, text]] of Object.entries(TEXTS).entries()) {
    await occupy(text);
    for (const [column, [way, { only }]] of Object.entries(WAYS).entries()) {
      // A fifth of all pairs, in which every text and every way meet two others.
      if (only === undefined ? (row + column) % 5 === 0 : only === kind) bad.set(await signUp(text, way), way);
    }
  }
  await signUp('', null);
  await crowd(db, 30);
});
afterAll(() => db.drop());
beforeEach(() => db.query('delete from public.users where id in (select id from auth.users)'));

/** A row of the app that has what is unique of this text already. */
async function occupy(text: string): Promise<void> {
  await db.queryAsPostgres(
    `insert into public.users (id, email, "way_23502", "way_23505", "way_23P01", "way_P0001")
     values (gen_random_uuid(), 'app', 'ok', md5($1), md5($1), 'ok')`,
    [text],
  );
}

/** A user who signed up a day ago, with this text wherever there is room for it. */
async function signUp(text: string, way: string | null): Promise<string> {
  const id = randomUUID();
  const quoted = JSON.stringify(text);
  // Each expression of the mapping unpacks this column anew: a megabyte of it would cost seconds.
  const provider = JSON.stringify(text.slice(0, 1000));
  const email = text === '' ? '' : [...`${way}${text}`].slice(0, 255).join('');
  await db.query(
    `insert into auth.users (id, email, created_at, raw_user_meta_data, raw_app_meta_data)
     values ($1, $2, now() - interval '1 day', $3, $4)`,
    [
      id,
      email,
      `{"name": ${quoted}, "__proto__": {"admin": true}, "constructor": ${quoted}, "toString": null, "": ""}`,
      `{"way": ${JSON.stringify(way)}, "provider": ${provider}, "__proto__": [], "providers": [${provider}]}`,
    ],
  );
  return id;
}

/** Nothing of a user, and nothing that a terminal or a log viewer takes for more than text. */
function expectHarmless(text: string): void {
  expect(text).not.toContain(CANARY);
  expect(text).not.toMatch(/::error|::set-output|##\[/);
  expect(text).not.toMatch(/[^\P{C}\n]|[\u2028\u2029]/u);
}

const everything = ({ stdout, stderr, files }: Finished) => [stdout, stderr, ...Object.values(files)].join('\n');

test('every refusal is named by id and code, and nothing else of the user is told', async () => {
  const cable = await cableTo(db.url);
  const args = ['sync', '--json', '--log-level', 'debug', '--report', 'report.json'];
  const end = await run(args, { url: cable.url, config: CONFIG }).finally(cable.close);
  // The server has told all of it to the job.
  for (const told of [CANARY, '::error::', '\u001b[2J']) expect(cable.heard()).toContain(told);
  expectHarmless(everything(end));
  expect(reportIn(end.files['report.json'] ?? '')).toEqual(end.json());
  expect(end.json()).toMatchObject({
    verdict: 'unrepaired',
    exitCode: 2,
    repair: { inserted: 31, failed: bad.size },
    residual: { missing: bad.size },
    failuresTotal: bad.size,
  });
  for (const { id, code } of end.json().failures) expect(code, TEXTS[id ?? '']).toBe(bad.get(id ?? ''));
  expect(new Set(bad.values())).toEqual(new Set(Object.keys(WAYS)));
});

test.each([[['sync']], [['check']], [['doctor']]])('nor in the words of %s', async (args) => {
  expectHarmless(everything(await run([...args, '--log-level', 'debug'], { url: db.url, config: CONFIG })));
});

test('nor by name', async () => {
  const named = [...bad.keys()].flatMap((id) => ['--user', id]);
  const end = await run(['sync', '--json', '--log-level', 'debug', ...named], { url: db.url, config: CONFIG });
  expectHarmless(everything(end));
  expect(end.json()).toMatchObject({ verdict: 'unrepaired', residual: { missing: bad.size } });
  for (const { id, code } of end.json().users ?? []) expect(code).toBe(bad.get(id ?? ''));
});

test.skipIf(!hasTerminal)(
  'nor on a terminal, which gets colours and its progress line and nothing else to obey',
  async () => {
    const text = await runOnTerminal(['sync', '--log-level', 'debug'], { url: db.url, config: CONFIG });
    expect(text).toContain('UNREPAIRED');
    expect(text).toMatch(/\u001b\[/);
    expectHarmless(text.replaceAll(/\u001b\[[0-9;]*m|\r(\u001b\[K)?/g, ''));
  },
);

test('PostgreSQL keeps the rest out: no zero byte and no half of a pair gets into metadata', async () => {
  for (const escaped of ['\\u0000', '\\ud800', '\\udc00\\ud800']) {
    await expect(db.query(`select $1::jsonb`, [`{"name": "${escaped}"}`])).rejects.toMatchObject({ severity: 'ERROR' });
  }
});
