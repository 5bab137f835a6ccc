import type { Command } from 'commander';
import { program } from '../src/commands/program.ts';
import { quietTerminal } from './quiet-terminal.ts';

/** `--help` of the whole program and of every command, each under a heading of its own. */
export function helpPages(): string {
  return ['', ...names()]
    .map((name) => `## userdrift${name && ` ${name}`}\n\n\`\`\`text\n${helpOf(name)}\n\`\`\``)
    .join('\n\n');
}

/** Of those that are meant for people. */
function names(): string[] {
  const root = program(quietTerminal(), () => {});
  const visible = new Set(root.createHelp().visibleCommands(root));
  return root.commands.filter((command) => visible.has(command)).map((command) => command.name());
}

/** What `userdrift <name> --help` prints. */
function helpOf(name: string): string {
  const said: string[] = [];
  const root = program({ ...quietTerminal(), out: (text) => void said.push(text) }, () => {});
  commandOf(root, name).outputHelp();
  return said.join('').trimEnd();
}

function commandOf(root: Command, name: string): Command {
  return root.commands.find((command) => command.name() === name) ?? root;
}
