import { describe, expect, test } from 'vitest';
import { actionAsWorkflow, lintWorkflow } from '../support/actionlint.ts';
import { faultsOf } from '../support/workflow-rules.ts';
import { workflowText as text } from '../support/workflows.ts';

describe('the rules', () => {
  const SETUP = /uses: actions\/setup-node@\S+ # \S+/;
  test.each([
    ['not pinned: - uses: actions/setup-node@v7', SETUP, 'uses: actions/setup-node@v7'],
    [`not pinned: - uses: a/b@${'a'.repeat(40)}`, SETUP, `uses: a/b@${'a'.repeat(40)}`],
    ['not pinned: - "uses": actions/setup-node@main', SETUP, '"uses": actions/setup-node@main'],
    ['not pinned: - { name: x, uses: a/b@v1 }', /- run: npm ci\n/, '- { name: x, uses: a/b@v1 }\n'],
    ['permissions: {} is not at the top', 'permissions: {}', 'permissions: read-all'],
    ['permissions: {} is not at the top', 'permissions: {}\n', ''],
    ['lint: no permissions of its own', '    permissions:\n      contents: read\n', ''],
    ['lint: no timeout-minutes', '    timeout-minutes: 15\n', ''],
    ['no concurrency', /concurrency:\n( .*\n)+/, ''],
    ['pull_request_target runs code of strangers with our secrets', '  pull_request:', '  pull_request_target:'],
    ['an expression in a script; hand it over by env', 'npm run lint', `echo '\${{ github.head_ref }}'`],
    ['checkout leaves the token in the work tree', 'persist-credentials: false', 'fetch-depth: 0'],
  ])('find %s', (fault, from, to) => {
    const bad = text('ci.yml').replace(from, to);
    expect(bad).not.toBe(text('ci.yml'));
    expect(faultsOf(bad)).toEqual([fault]);
  });

  test.each([
    ['schedule 0 * * * *: not at a minute of its own', "cron: '23 * * * *'", "cron: '0 * * * *'"],
    ['schedule */5 * * * *: not at a minute of its own', "cron: '23 * * * *'", "cron: '*/5 * * * *'"],
    ['action.yml has no input old-than', 'older-than: 1h', 'old-than: 1h'],
  ])('find %s', (fault, from, to) => {
    expect(faultsOf(text('user-sync.yml').replace(from, to))).toEqual([fault]);
  });

  test('are completed by actionlint, which finds other things', async () => {
    const wrong = text('user-sync.yml').replace('needs.run.outputs', 'needs.runs.outputs');
    expect(await lintWorkflow(wrong)).toEqual([expect.stringContaining('property "runs" is not defined')]);
    const unknown = text('ci.yml').replace('runs-on:', 'run-on:');
    expect(await lintWorkflow(unknown)).not.toEqual([]);
    const injection = actionAsWorkflow((script) => `${script} \${{ github.event.issue.title }}`);
    expect((await lintWorkflow(injection)).join()).toContain('potentially untrusted');
  });
});
