import { expect, test } from 'vitest';
import { loadConfig, parseConfig } from '../../src/config/load.ts';
import { Fault } from '../../src/fault.ts';

function faultOf(text: string): Fault {
  try {
    parseConfig(text, 'userdrift.config.json');
  } catch (error) {
    if (error instanceof Fault) return error;
  }
  throw new Error('no fault');
}

test('an empty file is all defaults', () => {
  expect(parseConfig('{}', 'f')).toEqual({
    source: { schema: 'auth', name: 'users' },
    refresh: [],
    skip: { deleted: true, anonymous: true, sso: false, where: null },
    repair: 'insert',
    grace: 60_000,
    limits: { share: 0.2, shareMinimum: 100, writes: 50_000, failures: 1000, triggers: 100 },
    orphans: 'report',
  });
});

test('comments, trailing commas, $schema and a byte order mark are fine', () => {
  const text =
    '\uFEFF{ // why\n "$schema": "./userdrift.schema.json", "target": "app.\\"User\\"", /* and */ "grace": "5m", }';
  expect(parseConfig(text, 'f')).toMatchObject({ target: { schema: 'app', name: 'User' }, grace: 300_000 });
});

test('all faults are reported together, each with its path', () => {
  const { message } = faultOf(
    `{"target": "a b", "grace": "soon", "limits": {"share": "much", "write": 1}, "skip": {"deleted": "yes"},
      "columns": {"email": ""}, "colums": {}, "repair": "delete", "orphans": "delete"}`,
  );
  for (const path of [
    'target: expected a table name',
    'grace: expected a duration',
    'limits.share: expected a percentage',
    'limits.write: unknown key',
    'skip.deleted: expected boolean',
    'columns.email: expected a SQL expression',
    'colums: unknown key',
    'repair: expected "insert"',
    'orphans',
  ]) {
    expect(message).toContain(path);
  }
  expect(message).not.toContain('\n');
});

test('broken JSON names line and column', () => {
  expect(faultOf('{\n  "target": \n}').message).toContain('at line 3, column 1');
});

test('a key that JSON would lose is a fault: given twice, or __proto__', () => {
  const { message } = faultOf('{"target": "a", "columns": {"x": "1", "x": "2", "__proto__": "3"}, "target": "b"}');
  for (const fault of ['columns.x: given twice', 'columns.__proto__: no name for a key', 'target: given twice']) {
    expect(message).toContain(fault);
  }
});

test.each(['[]', 'null', '"x"', '1'])('%s is no configuration', (text) => {
  expect(faultOf(text).message).toContain('the whole file');
});

test('what is refreshed is mapped, and the key is none of it', () => {
  expect(faultOf('{"columns": {"email": "u.email"}, "refresh": ["name"]}').message).toContain(
    'refresh.0: name is not in columns',
  );
  expect(faultOf('{"columns": {"id": "gen_random_uuid()"}}').message).toContain('columns.id: the key is always u.id');
  expect(parseConfig('{"columns": {"id": "u.id"}}', 'f').columns).toEqual({ id: 'u.id' });
});

test('a file that was named must be there; the default one need not', async () => {
  await expect(loadConfig('/nowhere/userdrift.json')).rejects.toThrow(
    '/nowhere/userdrift.json cannot be read (ENOENT)',
  );
  await expect(loadConfig(undefined)).resolves.toMatchObject({ orphans: 'report' });
});
