import { type Command, Option } from 'commander';
import { EXIT_CODES } from '../exit-codes.ts';
import { hang } from '../render/wrap.ts';
import type { Terminal } from './terminal.ts';

/** A command with its help; each example is what follows its name. */
export function verb(root: Command, name: string, description: string, ...examples: string[]): Command {
  const lines = examples.map((example) => `  userdrift ${name} ${example}`.trimEnd());
  return root
    .command(name)
    .description(description)
    .allowExcessArguments(false)
    .addHelpOption(new Option('-h, --help', 'print this help').helpGroup('Help:'))
    .addHelpText('after', `\n${['Example:', ...lines].join('\n')}`);
}

/** The width of help. Lines longer than that are hard to read; a window narrower than that would break them a second time. */
export function widthOf({ look }: Terminal): number {
  return Math.max(40, Math.min(100, look.width));
}

/** The exit codes as `--help` shows them. */
export function exitCodeHelp(width: number): string {
  const heads = EXIT_CODES.map(({ code, verdicts }) => `  ${String(code).padStart(3)}  ${verdicts.join(', ') || '-'}`);
  const indent = Math.max(...heads.map((head) => head.length)) + 2;
  const rows = EXIT_CODES.flatMap(({ meaning }, index) => {
    const head = (heads[index] ?? '').padEnd(indent);
    return width < 70
      ? [head.trimEnd(), ...hang(' '.repeat(7), meaning, width, 7)]
      : hang(head, meaning, width, indent);
  });
  return ['Exit codes:', ...rows].join('\n');
}
