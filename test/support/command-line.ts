import { commands } from '../../scripts/tables.ts';

/** What the command line says against these words, without running them; null: it takes them. */
export function complaintOf(words: readonly string[], variables: Record<string, string> = {}): string | null {
  const [verb = '', ...args] = words;
  const command = commands(variables).find((known) => known.name() === verb);
  if (!command) return `there is no command ${verb}`;
  try {
    command.action(() => {}).parse(args, { from: 'user' });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
