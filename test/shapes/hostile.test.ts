import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../support/job.ts';
import { createTwins, rowsOfTheApp, type Twins } from '../support/twin.ts';
import { expectDiscreet, expectRefused, expectTwinBriefly } from './expect-twin.ts';
import type { Refusal, Shape } from './oracle.ts';

let twins: Twins;

beforeAll(async () => {
  twins = await createTwins();
});
afterAll(() => twins.drop());

/** Names that a terminal or a CI log would act on. */
const names = [
  { what: 'a line of its own', name: 'x\n::error::gotcha' },
  { what: 'the colours of a terminal', name: '\u001b[31mred\u001b[0m \u009b2J' },
  { what: 'a command at the start', name: '::error::gotcha' },
  { what: 'a command anywhere', name: '##[error]gotcha ##vso[task.complete]' },
  { what: 'text from right to left', name: 'ab\u202ecd\u2066ef\u200b' },
  { what: 'other ends of a line', name: 'fine\r::stop-commands::x\u2028y\u0085::z' },
  { what: 'the end of a statement', name: `'; drop table auth.users; --"$1` },
];

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const literal = (name: string) => `'${name.replaceAll("'", "''")}'`;

/** Schema, table, key, column, constraint, trigger and function have this name; the trigger says all it knows of one user. */
function shapeOf(name: string): Shape {
  const q = quoted(name);
  return {
    name,
    ddl: `drop schema if exists ${q} cascade; create schema ${q};
create table ${q}.${q} (${q} uuid primary key, ${quoted(`${name}2`)} text constraint ${q} check (${quoted(`${name}2`)} !~* '^case'));
create function ${q}.${q}() returns trigger language plpgsql as $f$
declare
  mail text := new.${quoted(`${name}2`)};
begin
  if new.${q} = '00000000-0000-0000-0000-000000000000' then
    raise exception E'\\n::error::% \\x1b[31m \\u202e %', new, mail using
      constraint = ${literal(name)} || mail, column = mail, table = mail, schema = mail, hint = mail, detail = new::text;
  end if;
  return new;
end $f$;
create trigger ${q} before insert on ${q}.${q} for each row execute function ${q}.${q}()`,
    config: { target: `${q}.${q}`, key: name, columns: { [`${name}2`]: 'u.email' } },
    insert: `insert into ${q}.${q} select u.id, u.email from auth.users u where u.id = $1 on conflict (${q}) do nothing`,
    warnings: ['trigger'],
    told: sayable,
    fails: { P0001: 1, [['23514', ...(isPlain(name) ? [name] : [])].join(' ')]: 2 },
  };
}

function isPlain(name: string): boolean {
  return !/[\p{C}\p{Zl}\p{Zp}]/u.test(name);
}

/** A trigger may put a mail where a name belongs; and a name with a hidden character is not told. */
function sayable({ id, code, constraint }: Refusal): Refusal {
  const told = code !== 'P0001' && constraint !== null && isPlain(constraint);
  return { id, code, constraint: told ? constraint : null, column: null };
}

describe('names that are', () => {
  test.each(names)('$what', ({ name }) => expectTwinBriefly(twins, shapeOf(name)));

  test.each(names)('$what, in a refusal and its fix', ({ name }) => {
    const q = quoted(name);
    return expectRefused(twins, {
      ...shapeOf(name),
      ddl: `drop schema if exists ${q} cascade; create schema ${q}; create table ${q}.${q} (${q} uuid, ${quoted(`${name}2`)} text)`,
      before: rowsOfTheApp(`${q}.${q} (${q})`),
      warnings: [],
      fails: {},
      refused: 'key_not_unique',
      fix: /create unique index/,
      curable: true,
    });
  });

  test.each(names)('$what, of a column that nobody maps', async ({ name }) => {
    const { job } = twins;
    const q = quoted(name);
    await job.query('drop schema public cascade; create schema public authorization postgres');
    await job.queryAsPostgres(
      `create domain public.${q} as text; create table public.users (id uuid primary key, ${q} public.${q} not null)`,
    );
    const report = await run('sync', { url: job.url, config: { target: 'public.users', columns: {} } });
    // Where a line is wrapped, the name can come to stand at its start.
    expectDiscreet(
      report,
      Array.from({ length: 61 }, (_, n) => 40 + n),
    );
    expect(report).toMatchObject({ verdict: 'failed', exitCode: 1, reason: { code: 'column_unmapped' } });
    expect(report.reason?.fix).toContain(JSON.stringify(name));
  });
});
