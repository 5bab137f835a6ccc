import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { readAction } from '../support/action-file.ts';
import { readWorkflow, workflowText } from '../support/workflows.ts';

const text = workflowText('user-sync.yml');

/** The `if` of a job, which is JavaScript as far as we use it. */
function conditionOf(job: { if?: unknown } | undefined) {
  const [, expression = ''] = /^\$\{\{(.*)\}\}$/.exec(String(job?.if)) ?? [];
  return (command: string, result: string, cancelled = false): unknown =>
    runInNewContext(expression, { inputs: { command }, needs: { approval: { result } }, cancelled: () => cancelled });
}

describe('user-sync.yml', () => {
  const { jobs, on } = readWorkflow(text);

  test('reads outputs that the action has', () => {
    const { outputs } = readAction();
    const used = [...text.matchAll(/steps\.userdrift\.outputs\.([\w-]+)/g)].map(([, name]) => name);
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((name) => !Object.hasOwn(outputs, name ?? ''))).toEqual([]);
  });

  test('offers every command that runs, and has no backfill without an approval', () => {
    expect(on.workflow_dispatch).toMatchObject({
      inputs: { command: { options: ['check', 'sync', 'backfill'], default: 'check' } },
    });
    expect(jobs.run).toMatchObject({ needs: 'approval', concurrency: { 'cancel-in-progress': false } });
    expect(jobs.approval).toMatchObject({ environment: 'backfill' });
    const approval = conditionOf(jobs.approval);
    const run = conditionOf(jobs.run);
    for (const result of ['failure', 'cancelled', 'skipped']) expect(run('backfill', result)).toBe(false);
    expect([approval('backfill', ''), run('backfill', 'success')]).toEqual([true, true]);
    // The schedule gives no command.
    for (const command of ['check', 'sync', '']) {
      expect([approval(command, ''), run(command, 'skipped'), run(command, 'skipped', true)]).toEqual([
        false,
        true,
        false,
      ]);
    }
  });

  test('lets the alert see no secret of the database, and the run no issue', () => {
    const secretsOf = (job: string) =>
      [...new Set(JSON.stringify(jobs[job]).match(/(secrets|github)\.[A-Za-z_]+/g))].sort();
    expect(secretsOf('alert')).toEqual(['secrets.SLACK_WEBHOOK_URL']);
    expect(secretsOf('run')).toEqual(['github.event_name', 'secrets.DATABASE_URL', 'secrets.USERDRIFT_PING_URL']);
  });
});
