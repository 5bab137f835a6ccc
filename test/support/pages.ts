import { readdirSync, readFileSync } from 'node:fs';
import { commands } from '../../scripts/tables.ts';

/** Every page that people read, from the root of the repository. */
export const PAGES = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'],
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`)
    .sort(),
];

export interface ShownCommand {
  page: string;
  /** One command with its arguments, comments and the shell around it taken away. */
  text: string;
}

/** Every command line in a shell or console block of a page, one entry for each command in it. */
export function commandsOn(page: string): ShownCommand[] {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/^ *```(sh|console)\n(.*?)^ *```/gms)];
  return blocks.flatMap(([, language, block = '']) =>
    linesOf(language === 'console' ? typed(block) : block)
      .flatMap(commandsIn)
      .map((text) => ({ page, text })),
  );
}

/** What stands behind the prompt; the rest is output. */
function typed(block: string): string {
  return [...block.matchAll(/^ *\$ (.*)$/gm)].map(([, line]) => line).join('\n');
}

/** Lines that go on are one, and what is fed to a command is none. */
function linesOf(block: string): string[] {
  return block
    .replaceAll('\\\n', ' ')
    .replaceAll(/<<'(\w+)'\n.*?^\1$/gms, '')
    .split('\n')
    .map((line) => line.replace(/(^|\s)#\s.*$/, '').trim())
    .filter((line) => line !== '');
}

/** The parts between pipes, `&&` and `;`, as far as these stand outside of quotes. */
function commandsIn(line: string): string[] {
  const pieces = line.match(/(?:'[^']*'|"[^"]*"|\$\([^)]*\)|[^|;&'"])+/g) ?? [];
  return pieces.map((piece) => piece.trim()).filter((piece) => piece !== '');
}

const CALLED = /^(?:\w+=\S* )*(?:npx |\S*\/)?userdrift (.+)$|^npm run userdrift -- (.+)$/;
/** A program that starts userdrift, such as docker or sudo: there the word can also be the name of something else. */
const STARTED = new RegExp(`^(?:docker|sudo)\\b.*[ /&]userdrift ((?:--version|${names().join('|')})\\b[^'"]*)`);

/** The words behind `userdrift` where a command runs it, however it is called; null: it is another command. */
export function userdriftWords(text: string): string[] | null {
  const [, plain, byNpm, started] = [...(CALLED.exec(text) ?? ['', undefined, undefined]), STARTED.exec(text)?.[1]];
  const words = plain ?? byNpm ?? started;
  return words === undefined ? null : wordsOf(words);
}

function names(): string[] {
  return commands().map((command) => command.name());
}

/** Words as the shell makes them; where the output goes is none of them. */
function wordsOf(text: string): string[] {
  const words = text.replace(/\s*\d?>+\s*\S+$/, '').match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) => word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}
