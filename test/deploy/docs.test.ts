import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { complaintOf } from '../support/command-line.ts';

const PAGES = ['container', 'kubernetes', 'systemd'].map((name) => `docs/running/${name}.md`);

/** The words behind `userdrift` where a shell block runs one of its commands, a line that goes on being one line. */
function commandsIn(text: string): string[][] {
  const blocks = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block.replaceAll('\\\n', ' '));
  const lines = blocks.join('\n').split('\n');
  return lines.flatMap((line) => {
    const [, rest] = /(?:^|[ /])userdrift ((?:check|sync|backfill|doctor|schedule)\b[^#&|]*)/.exec(line) ?? [];
    return rest === undefined ? [] : [rest.trim().split(/\s+/)];
  });
}

describe.each(PAGES)('%s', (path) => {
  const text = readFileSync(path, 'utf8');

  it('shows only commands that userdrift takes', () => {
    const commands = commandsIn(text);
    if (path.includes('container')) expect(commands.length).toBeGreaterThan(4);
    expect(commands.map((words) => [words, complaintOf(words)]).filter(([, complaint]) => complaint !== null)).toEqual(
      [],
    );
  });

  it('links to files that exist, and names only files of deploy that do', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, link = '']) => join(dirname(path), link));
    const named = text.match(/(?<![\w/])deploy\/[\w./-]*\w/g) ?? [];
    expect(links.length).toBeGreaterThan(0);
    expect([...links, ...named].filter((file) => !existsSync(file))).toEqual([]);
  });

  it('says what goes wrong and how to notice', () => {
    expect(text).toMatch(/^## What goes wrong, and how to notice$/m);
    expect(text).toContain('USERDRIFT_PING_URL');
  });
});
