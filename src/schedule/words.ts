import type { Parsed } from './parsed.ts';

const VARIABLE = 'a variable needs a shell, and there is none; write the value out, or leave it to the environment';
const COMMAND = 'a command inside a command needs a shell, and there is none; write its result out';
const SECOND =
  'a second command needs a shell, and there is none; give each line one command, and start userdrift schedule in the directory that it needs';
const REDIRECT =
  'a redirection needs a shell, and there is none; --report FILE keeps the report, and stderr of userdrift schedule has the log';
const PATTERN = 'a pattern needs a shell, and there is none; quote the word if it is meant as it stands';

/** What a shell would do with a character that stands bare, and what to write instead. */
const BARE: Readonly<Record<string, string>> = {
  '|': 'a pipe needs a shell, and there is none; give each line one command',
  '&': SECOND,
  ';': SECOND,
  '<': REDIRECT,
  '>': REDIRECT,
  '(': COMMAND,
  ')': COMMAND,
  '`': COMMAND,
  $: VARIABLE,
  '*': PATTERN,
  '?': PATTERN,
  '[': PATTERN,
  ']': PATTERN,
  '{': PATTERN,
  '}': PATTERN,
  '~': 'a home directory needs a shell, and there is none; write the path out',
  '!': 'a shell would take it for "not"; quote it if it is meant as it stands',
  '#': 'a comment stands on a line of its own; quote it if it is meant as it stands',
  // cron ends the command there and feeds the rest to it; it takes the backslash away where there is one.
  '%': 'cron would cut the line here; write \\% outside of quotes',
};

interface Word {
  text: string;
  /** where the next character stands */
  next: number;
}

/**
 * Splits a command into words as `sh` does: blanks, single and double quotes, backslashes. What needs more than that from a
 * shell is a fault: the words here are the words that cron's shell would pass on.
 */
export function splitWords(command: string): Parsed<string[]> {
  const words: string[] = [];
  const faults = new Set<string>();
  let at = 0;
  while (at < command.length) {
    if (/[ \t]/.test(command[at] ?? '')) {
      at += 1;
      continue;
    }
    const word = readWord(command, at, (fault) => faults.add(fault));
    words.push(word.text);
    at = word.next;
  }
  return faults.size > 0 ? { faults: [...faults] } : { value: words };
}

function readWord(command: string, start: number, fault: (text: string) => void): Word {
  let text = '';
  let at = start;
  while (at < command.length && !/[ \t]/.test(command[at] ?? '')) {
    const part = readPart(command, at, fault);
    text += part.text;
    at = part.next;
  }
  return { text, next: at };
}

/** A quoted piece, an escaped character, or one bare character. */
function readPart(command: string, at: number, fault: (text: string) => void): Word {
  const letter = command[at] ?? '';
  if (letter === "'" || letter === '"') return readQuoted(command, at, fault);
  if (letter === '\\') {
    if (at + 1 === command.length) fault('a backslash at the end; cron knows no continued lines');
    return { text: command[at + 1] ?? '', next: at + 2 };
  }
  if (Object.hasOwn(BARE, letter)) fault(`${letter} ${BARE[letter]}`);
  return { text: letter, next: at + 1 };
}

function readQuoted(command: string, start: number, fault: (text: string) => void): Word {
  const quote = command[start] ?? '';
  let text = '';
  let at = start + 1;
  while (at < command.length && command[at] !== quote) {
    const part = quote === '"' ? readExpanding(command, at, fault) : { text: command[at] ?? '', next: at + 1 };
    if (part.text === '%') fault('% cron would cut the line here, also between quotes; write \\% outside of them');
    text += part.text;
    at = part.next;
  }
  if (at >= command.length) fault(`${quote} is not closed`);
  return { text, next: at + 1 };
}

/** Between double quotes `sh` still expands `$` and the backtick, and takes a backslash before them, `"` and itself. */
function readExpanding(command: string, at: number, fault: (text: string) => void): Word {
  const letter = command[at] ?? '';
  const next = command[at + 1] ?? '';
  if (letter === '\\' && /["\\$`]/.test(next)) return { text: next, next: at + 2 };
  if (letter === '$' || letter === '`') fault(`${letter} ${BARE[letter]}`);
  return { text: letter, next: at + 1 };
}
