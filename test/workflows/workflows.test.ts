import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readAction } from '../support/action-file.ts';
import { actionAsWorkflow, lintWorkflow } from '../support/actionlint.ts';
import { faultsOf } from '../support/workflow-rules.ts';
import { readWorkflow, stepsOf, workflowText as text, WORKFLOWS } from '../support/workflows.ts';

const names = [...WORKFLOWS.keys()];

function syntaxOf(script: string) {
  return spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' }).stderr;
}

describe('the workflows', () => {
  test('are these', () => {
    expect(names).toEqual(['ci.yml', 'release.yml', 'user-sync.yml']);
  });

  test.each(names)('%s passes actionlint', async (name) => {
    expect(await lintWorkflow(text(name))).toEqual([]);
  });

  test('so do the steps of action.yml, which are pinned as well', async () => {
    expect(await lintWorkflow(actionAsWorkflow())).toEqual([]);
    const uses = readFileSync('action.yml', 'utf8').match(/uses: .*/g);
    expect(uses).toEqual([expect.stringMatching(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)]);
  });

  test.each(names)('%s keeps the rules of this project', (name) => {
    expect(faultsOf(text(name))).toEqual([]);
  });

  test('have scripts that bash can read', () => {
    const scripts = [...names.flatMap((name) => stepsOf(readWorkflow(text(name)))), ...readAction().runs.steps].flatMap(
      ({ run }) => (run === undefined ? [] : [run]),
    );
    expect(scripts.length).toBeGreaterThan(10);
    expect(scripts.map(syntaxOf).join('')).toBe('');
    expect(syntaxOf('if true; then')).toContain('syntax error');
  });

  test('pin one action to one version everywhere', () => {
    const pins = [...WORKFLOWS.values(), readFileSync('action.yml', 'utf8')].flatMap(
      (each) => each.match(/\S+@[0-9a-f]{40} # \S+/g) ?? [],
    );
    const actions = new Set(pins.map((pin) => pin.replace(/@.*/, '')));
    expect(new Set(pins).size).toBe(actions.size);
    expect(actions).toContain('actions/checkout');
  });

  test('may do this and no more', () => {
    const rights = names.flatMap((name) =>
      Object.entries(readWorkflow(text(name)).jobs).map(([job, { permissions }]) => [`${name} ${job}`, permissions]),
    );
    const read = { contents: 'read' };
    expect(Object.fromEntries(rights)).toEqual({
      'ci.yml lint': read,
      'ci.yml test': read,
      'ci.yml system': read,
      'ci.yml image': read,
      'release.yml package': read,
      'release.yml npm': { 'id-token': 'write' },
      'release.yml image': { contents: 'read', packages: 'write' },
      'release.yml release': { contents: 'write' },
      'user-sync.yml approval': {},
      'user-sync.yml run': read,
      'user-sync.yml alert': { contents: 'read', issues: 'write' },
    });
  });
});
