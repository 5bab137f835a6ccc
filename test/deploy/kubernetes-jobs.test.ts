import { describe, expect, it } from 'vitest';
import { parseDuration } from '../../src/config/units.ts';
import { EXIT_CODES } from '../../src/exit-codes.ts';
import { complaintOf } from '../support/command-line.ts';
import { syncLine } from '../support/crontab.ts';
import { backfill, cronJob, jobs } from '../support/manifests.ts';

describe.each(Object.entries(jobs))('the job of %s', (_, spec) => {
  const { rules } = spec.podFailurePolicy;
  const codes = rules.flatMap(({ onExitCodes }) => onExitCodes?.values ?? []);

  it('gives up on what no second try would change, and on nothing else', () => {
    const known: number[] = EXIT_CODES.map(({ code }) => code);
    expect(codes.filter((code) => !known.includes(code))).toEqual([]);
    const person = EXIT_CODES.filter(
      ({ verdicts, code }) =>
        code === 64 || verdicts.some((verdict) => ['drift', 'unrepaired', 'refused'].includes(verdict)),
    );
    expect(codes.toSorted((a, b) => a - b)).toEqual(person.map(({ code }) => code));
    // An Ignore that came second would not be asked.
    expect(rules.map(({ action }) => action).indexOf('Ignore')).toBe(0);
    expect(rules.flatMap(({ onExitCodes }) => onExitCodes?.containerName ?? [])).toEqual(
      rules.slice(1).map(() => spec.template.spec.containers[0]?.name),
    );
    // Kubernetes takes a podFailurePolicy with this restart policy only, and FailIndex with a limit for each index only.
    expect(spec.template.spec.restartPolicy).toBe('Never');
    const byIndex = rules.some(({ action }) => action === 'FailIndex');
    expect(byIndex).toBe(spec.backoffLimitPerIndex !== undefined);
  });

  it('lets the own deadline of each try pass first', () => {
    const { args = [] } = spec.template.spec.containers[0] ?? {};
    const deadline = parseDuration(args[args.indexOf('--deadline') + 1] ?? '') ?? Number.NaN;
    const tries = (spec.backoffLimit ?? spec.backoffLimitPerIndex ?? Number.NaN) + 1;
    const pauses = Array.from({ length: tries - 1 }, (_, retry) => 10 * 2 ** retry).reduce(
      (sum, pause) => sum + pause,
      0,
    );
    const needed = tries * (deadline / 1000 + spec.template.spec.terminationGracePeriodSeconds) + pauses;
    expect(spec.activeDeadlineSeconds).toBeGreaterThanOrEqual(needed);
  });
});

describe('the CronJob', () => {
  it('has the schedule of the crontab', () => {
    expect(cronJob.spec).toMatchObject({ concurrencyPolicy: 'Forbid', timeZone: 'Etc/UTC' });
    expect(cronJob.spec.schedule).toBe(syncLine().schedule);
  });

  it('syncs, and never backfills', () => {
    expect(jobs['cronjob.yaml'].template.spec.containers[0]?.args[0]).toBe('sync');
  });
});

describe('the backfill', () => {
  it('has one pod for each shard', () => {
    const { completionMode, completions, parallelism } = backfill.spec;
    const { args = [] } = backfill.spec.template.spec.containers[0] ?? {};
    expect(completionMode).toBe('Indexed');
    expect(args[args.indexOf('--shard') + 1]).toBe(`auto/${completions}`);
    expect(parallelism).toBe(completions);
  });

  it('leaves no shard out and takes none twice', () => {
    const { completions = 0 } = backfill.spec;
    const { args = [] } = backfill.spec.template.spec.containers[0] ?? {};
    const complaints = Array.from({ length: completions + 1 }, (_, index) =>
      complaintOf(args, { JOB_COMPLETION_INDEX: String(index) }),
    );
    expect(complaints.map((complaint) => complaint === null)).toEqual([...Array(completions).fill(true), false]);
  });
});
