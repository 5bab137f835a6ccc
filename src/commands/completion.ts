import { RootCommand, ShellCompDirective } from '@bomb.sh/tab';
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import type { Shell } from './shells.ts';
import type { Terminal } from './terminal.ts';

/** `userdrift completion <shell>`: prints what that shell is to source. */
export function completion(shell: Shell, root: Command, { out }: Terminal): number {
  const [before, after] = shell === 'bash' ? BASH : ['', ''];
  out(before);
  // Prints to stdout itself, as everything in tab does.
  new RootCommand().setup(root.name(), root.name(), shell);
  out(after);
  return 0;
}

/** `userdrift complete -- <words>`: what a shell asks at each Tab. The last word is the one that the cursor is at. */
export function complete(words: readonly string[], root: Command, { out }: Terminal): number {
  if (wantsFile(words, root)) out(`:${ShellCompDirective.ShellCompDirectiveDefault}\n`);
  else completer(withoutOurs(root)).parse([...words]);
  return 0;
}

/** After a flag whose value may be left out, tab would wait for the value and offer nothing. */
function completer(root: Command): RootCommand {
  const known = tab(root, { completionCommandName: 'completion' });
  for (const command of root.commands) {
    const flags = command.options.filter(({ optional }) => optional);
    for (const { long } of flags) {
      const flag = known.commands.get(command.name())?.options.get(long?.slice(2) ?? '');
      if (flag) flag.isBoolean = true;
    }
  }
  return known;
}

/** tab brings commands of these names itself. */
const OURS = new Set(['completion', 'complete']);

function withoutOurs(root: Command): Command {
  const bare = root.createCommand(root.name()).helpOption('-h, --help', 'print this help');
  for (const option of root.options) bare.addOption(option);
  for (const command of root.commands) if (!OURS.has(command.name())) bare.addCommand(command);
  return bare;
}

/** tab never lets the shell complete files. Here it should: after a flag that takes one, and for the report of alert. */
function wantsFile(words: readonly string[], root: Command): boolean {
  const [name, ...given] = words;
  const command = root.commands.find((known) => known.name() === name);
  const current = given.at(-1);
  if (!command || current === undefined) return false;
  const flag = /^(--[\w-]+)=/.exec(current)?.[1] ?? given.at(-2) ?? '';
  if (command.options.some(({ long, flags }) => long === flag && flags.endsWith(' <file>'))) return true;
  return !current.startsWith('-') && isFirst(given, command) && command.registeredArguments[0]?.name() === 'report';
}

/** Is the last word the first one that is neither a flag nor the value of one? */
function isFirst(words: readonly string[], command: Command): boolean {
  const isValue = (index: number) =>
    command.options.some(({ long, required }) => required && long === words[index - 1]);
  const last = words.length - 1;
  return words.every((word, index) => (index === last ? !isValue(index) : word.startsWith('-') || isValue(index)));
}

/**
 * Around the script of tab for bash. It takes its words from the package bash-completion, which a plain bash lacks; it
 * complains of constants when it is sourced twice or beside that of another program; it evaluates the line as it was typed
 * so far, so that Tab would run a `$(…)` in it and empty the file after a `>`; and without `-o default` there would be no
 * file names.
 */
const BASH = [
  `declare -F _get_comp_words_by_ref >/dev/null || _get_comp_words_by_ref() {
    local line=\${COMP_LINE:0:COMP_POINT}
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=('')
    cword=$((\${#words[@]} - 1))
    cur=\${words[cword]}
    prev=\${words[cword - 1]}
}
{
`,
  `} 2>/dev/null
__userdrift_from='eval "$requestComp"'
__userdrift_to='userdrift complete -- "\${words[@]:1}"'
__userdrift_body=$(declare -f __userdrift_complete)
eval "\${__userdrift_body/"$__userdrift_from"/$__userdrift_to}"
unset __userdrift_from __userdrift_to __userdrift_body
complete -o default -F __userdrift_complete userdrift
`,
] as const;
