import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { STAND_IN, type } from '../support/shell.ts';

const BASH = ['bash', '--norc', '-i'] as const;
const ZSH = ['zsh', '-f', '-i'] as const;
const SOURCE = { bash: 'source <(userdrift completion bash)', zsh: 'source <(userdrift completion zsh)' };
const BIN = fileURLToPath(new URL('../../bin/userdrift.js', import.meta.url));

describe('Tab', () => {
  test('in a plain bash: a command, a flag, a value, a file', async () => {
    const keys = 'userdrift che\t--tran\tpos\t--config my\t';
    const typed = await type({ shell: BASH, setup: `${STAND_IN}\n${SOURCE.bash}`, keys, files: ['my config.json'] });
    expect(typed).toEqual(['check', '--transport', 'postgres', '--config', 'my config.json']);
  });

  test('in a bash with bash-completion, sourced twice: no complaint, and the same', async () => {
    const loaded = 'source /usr/share/bash-completion/bash_completion';
    const setup = [loaded, STAND_IN, SOURCE.bash, `${SOURCE.bash} 2>complaints`, 'test ! -s complaints || exit'].join(
      '\n',
    );
    const keys = 'userdrift sync --fail-on d\t--dry\t--allow-share --max-w\t5';
    const typed = ['sync', '--fail-on', 'drift', '--dry-run', '--allow-share', '--max-writes', '5'];
    expect(await type({ shell: BASH, setup, keys })).toEqual(typed);
  });

  test('in zsh', async () => {
    const setup = `autoload -U compinit\ncompinit -u\n${STAND_IN}\n${SOURCE.zsh}`;
    const keys = 'userdrift al\t--dry\trep\t';
    expect(await type({ shell: ZSH, setup, keys, files: ['report.json'] })).toEqual([
      'alert',
      '--dry-run',
      'report.json',
    ]);
    expect(await type({ shell: ZSH, setup, keys: 'userdrift sync --fail-on=d\t' })).toEqual([
      'sync',
      '--fail-on=drift',
    ]);
  });

  test('in fish', () => {
    const asked = ['userdrift ch', 'userdrift check --trans', 'userdrift sql trig', 'userdrift check --config pack'];
    const script = [
      `function userdrift; '${process.execPath}' '${BIN}' $argv; end`,
      'userdrift completion fish | source',
      ...asked.map((words) => `complete --do-complete '${words}' | string replace -r '\\t.*' ''`),
      'true',
    ];
    const offered = execFileSync('fish', ['--no-config', '-c', script.join('\n')], { encoding: 'utf8' });
    const expected = ['check', '--transport', 'trigger', 'package.json', 'package-lock.json'];
    expect(offered.trimEnd().split('\n').sort()).toEqual(expected.sort());
  });
});
