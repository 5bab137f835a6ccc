import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/config/units.ts';
import { EXIT_CODES } from '../../src/exit-codes.ts';
import { complaintOf } from '../support/command-line.ts';
import { syncLine } from '../support/crontab.ts';
import { longestStatement } from '../support/statement-limit.ts';

// Whether systemd knows all of it is for test/system/systemd.test.ts, which asks it.
const unit = readFileSync('deploy/systemd/userdrift.service', 'utf8');

function valuesOf(key: string): string[] {
  return [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

function secondsOf(key: string): number {
  const [value = ''] = valuesOf(key);
  return (parseDuration(value.replace(/min$/, 'm')) ?? Number.NaN) / 1000;
}

describe('the service', () => {
  const [start = ''] = valuesOf('ExecStart');
  const [program, ...words] = start.split(' ');

  it('does what the crontab does, within a deadline of its own', () => {
    expect(program).toBe('/usr/local/bin/userdrift');
    const [, ...sync] = syncLine().command;
    expect(words.slice(0, sync.length)).toEqual(sync);
    expect(words.slice(sync.length)).toEqual(['--deadline', expect.any(String)]);
    expect(complaintOf(words)).toBeNull();
  });

  it('fails for every exit code but those of success and of being stopped', () => {
    const codes: number[] = EXIT_CODES.map(({ code }) => code);
    expect(valuesOf('SuccessExitStatus')).toEqual(['143']);
    expect(codes).not.toContain(143);
    expect(valuesOf('ExecStart').filter((command) => command.startsWith('-'))).toEqual([]);
  });

  it('names a unit for that which exists', () => {
    const [failure = ''] = valuesOf('OnFailure');
    expect(existsSync(`deploy/systemd/${failure.replace('%n', '')}`)).toBe(true);
  });

  it('is not cut short', () => {
    const deadline = (parseDuration(words.at(-1) ?? '') ?? Number.NaN) / 1000;
    expect(secondsOf('TimeoutStartSec')).toBeGreaterThan(deadline + longestStatement());
    expect(secondsOf('TimeoutStopSec')).toBeGreaterThanOrEqual(longestStatement());
  });

  it('has its secrets from a file and not in itself', () => {
    expect(valuesOf('EnvironmentFile')).toEqual(['/etc/userdrift/environment']);
    expect(unit).not.toMatch(/postgres(ql)?:\/\//);
  });
});
