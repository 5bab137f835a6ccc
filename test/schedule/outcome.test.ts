import { describe, expect, test } from 'vitest';
import { renderJson } from '../../src/render/json.ts';
import { entryOf, entryOfStderr } from '../../src/schedule/journal.ts';
import { type Ending, outcomeOf, tellingArguments } from '../../src/schedule/outcome.ts';
import { ID, repairedReport, sampleReport, unrepairedReport } from '../render/sample-report.ts';
import { outcome } from './outcomes.ts';

const SYNC = { number: 4, args: ['sync'] };

function ending(change: Partial<Ending> = {}): Ending {
  const end = { code: 0, signal: null, stdout: '', overdue: false, failedToStart: false };
  return { startedAt: '2026-11-16T12:00:00.000Z', durationMs: 1000, ...end, ...change };
}

describe('the arguments of a run', () => {
  test.each([
    ['sync --quiet --busy-ok', 'sync --busy-ok --json --log-level warn'],
    ['check --json --report r.json --log-level=debug', 'check --json --report r.json --log-level=debug'],
    ['check --log-level debug', 'check --log-level debug --json'],
    ['doctor', 'doctor --json --log-level warn'],
    ['alert r.json', 'alert r.json'],
  ])('%s', (args, telling) => {
    expect(tellingArguments(args.split(' ')).join(' ')).toBe(telling);
  });
});

describe('what a run came to', () => {
  test('its report, with the exit code of the process', () => {
    const report = unrepairedReport();
    const { trouble, exitCode, ...told } = outcomeOf(SYNC, ending({ code: 2, stdout: renderJson(report) }));
    expect({ trouble, exitCode }).toEqual({ trouble: null, exitCode: 2 });
    expect(told).toMatchObject({ line: 4, command: 'sync', report });
  });

  test.each<[string, Partial<Ending>]>([
    ['no_report', { code: 1 }],
    ['garbled', { stdout: 'Segmentation fault\n' }],
    ['garbled', { stdout: '{}' }],
    ['garbled', { stdout: `${renderJson(sampleReport())}{}` }],
    ['garbled', { stdout: renderJson({ ...sampleReport(), version: 2 }) }],
    ['garbled', { stdout: null }],
    ['killed', { code: null, signal: 'SIGKILL' }],
    ['overdue', { code: 143, stdout: renderJson(sampleReport()), overdue: true }],
    ['overdue', { code: null, signal: 'SIGKILL', overdue: true }],
    ['not_started', { code: null, failedToStart: true }],
  ])('%s: %j', (trouble, how) => {
    expect(outcomeOf(SYNC, ending(how)).trouble).toBe(trouble);
  });

  test('an alert is judged by its exit code alone', () => {
    const alert = outcomeOf({ number: 1, args: ['alert', 'r.json'] }, ending({ code: 1, stdout: 'opened #12\n' }));
    expect(alert).toMatchObject({ trouble: null, exitCode: 1, report: null });
  });
});

describe('the log', () => {
  test('has counts and codes, and no id', () => {
    const { level, fields } = entryOf(outcome({ report: unrepairedReport() }));
    expect(level).toBe('warn');
    expect(fields).toMatchObject({
      verdict: 'unrepaired',
      residual: { missing: 4 },
      failures: 3,
      codes: { 23505: 2, 23502: 1 },
    });
    expect(JSON.stringify(fields)).not.toContain(ID);
    expect(JSON.stringify(fields)).not.toContain('users_email_key');
  });

  test.each([
    ['info', outcome({ report: repairedReport() })],
    ['info', outcome({ report: repairedReport({ verdict: 'interrupted', exitCode: 143 }) })],
    ['warn', outcome({ exitCode: 1, command: 'alert' })],
    ['error', outcome({ exitCode: 1, trouble: 'no_report' })],
  ] as const)('%s', (level, of) => {
    expect(entryOf(of).level).toBe(level);
  });

  test('passes the log of a run on at its level', () => {
    const line =
      '{"level":40,"time":1,"tool":"userdrift","run":"01J","action":"batch","code":"40P01","msg":"trying again"}';
    const fields = { line: 3, run: '01J', action: 'batch', code: '40P01' };
    expect(entryOfStderr(3, line)).toEqual({ level: 'warn', fields, message: 'trying again' });
    expect(entryOfStderr(3, line.replace('40', '50')).level).toBe('error');
    expect(entryOfStderr(3, line.replace('40', '20')).level).toBe('info');
  });

  test.each(['userdrift: userdrift.config.json: a: unknown key.', '{"a":1}', '7', 'null', '{'])(
    'and what is none: %s',
    (text) => {
      expect(entryOfStderr(3, text)).toEqual({
        level: 'warn',
        fields: { line: 3, stderr: text },
        message: 'a run wrote to stderr',
      });
    },
  );

  test('at no length', () => {
    expect(JSON.stringify(entryOfStderr(3, 'x'.repeat(1e6))).length).toBeLessThan(700);
  });
});
