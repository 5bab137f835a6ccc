import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { readAction } from '../support/action-file.ts';
import { lintWorkflow } from '../support/actionlint.ts';
import { faultsOf } from '../support/workflow-rules.ts';
import { readWorkflow, stepsOf, workflowText } from '../support/workflows.ts';

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

describe('what the documentation tells to copy', () => {
  const page = readFileSync('docs/running/github-actions.md', 'utf8');
  const [, block = ''] = /^```yaml\n(name: .*?|# .*?)^```$/ms.exec(page) ?? [];
  const copy = block.replaceAll('<sha> # v1', `${'a'.repeat(40)} # v1.0.0`);

  test('is this workflow with the action from elsewhere, and as sound', async () => {
    expect(stepsOf(readWorkflow(copy)).filter(({ uses }) => uses?.startsWith('userdrift/userdrift@'))).toHaveLength(2);
    expect(copy).not.toContain('./');
    expect(faultsOf(copy)).toEqual([]);
    expect(faultsOf(copy.replace('older-than', 'old-than'))).toEqual(['action.yml has no input old-than']);
    expect(await lintWorkflow(copy)).toEqual([]);
  });

  test('checks the configuration out, and nothing where none is needed', () => {
    const { jobs: copied } = readWorkflow(copy);
    const checkouts = Object.entries(copied).filter(([, job]) => JSON.stringify(job).includes('actions/checkout'));
    expect(checkouts.map(([name]) => name)).toEqual(['run']);
  });
});
