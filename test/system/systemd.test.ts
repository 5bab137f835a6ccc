import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { syncLine } from '../support/crontab.ts';

let folder: string;

/** The units where the program that they start exists: systemd looks for it. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'userdrift-systemd-'));
  cpSync('deploy/systemd', folder, { recursive: true });
  const service = join(folder, 'userdrift.service');
  writeFileSync(service, readFileSync(service, 'utf8').replace('/usr/local/bin/userdrift', '/bin/true'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function analyze(...args: string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { cwd: folder, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

const verify = () => {
  const units = readdirSync(folder).map((name) => join(folder, name.replace('@.', '@userdrift.')));
  return analyze('verify', '--man=no', ...units);
};

test('systemd knows every line of the units', () => {
  expect(verify()).toEqual({ status: 0, said: '' });
});

test.for([
  ['userdrift.service', 'ProtectHom=yes'],
  ['userdrift.service', 'SystemCallFilter=@system-servic'],
  ['userdrift.timer', '[Timer]\nOnCalendar=*:02/61/7'],
  ['userdrift-failure@.service', 'Typ=oneshot'],
])('and would have said if it did not: %s, %s', ([file = '', line]) => {
  appendFileSync(join(folder, file), `${line}\n`);
  expect(verify().said).toMatch(/unknown|failed to parse/i);
});

test('what the service could do to the machine is little', () => {
  // Tenths of systemd's points from 0 to 10; without any of the settings it is 96.
  expect(analyze('security', '--offline=true', '--threshold=20', 'userdrift.service').status).toBe(0);
});

test('the timer fires when the crontab would', () => {
  const [, calendar = ''] = /^OnCalendar=(.*)$/m.exec(readFileSync('deploy/systemd/userdrift.timer', 'utf8')) ?? [];
  const { said } = analyze('calendar', '--iterations=24', '--base-time=2026-11-27 00:00:00', calendar);
  const minutes = [...said.matchAll(/ \d\d:(\d\d):00/g)].map(([, minute]) => Number(minute));
  const [, from, to, step] = /^(\d+)-(\d+)\/(\d+) \* \* \* \*$/.exec(syncLine().schedule)?.map(Number) ?? [];
  if (from === undefined || to === undefined || step === undefined) throw new Error('the crontab has another form now');
  const expected = Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, turn) => from + turn * step);
  expect(minutes.length).toBeGreaterThanOrEqual(24);
  expect([...new Set(minutes)].sort((a, b) => a - b)).toEqual(expected);
});
