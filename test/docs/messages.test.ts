import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { codesInSources, sources } from '../support/codes.ts';

const PAGE = readFileSync('docs/troubleshooting.md', 'utf8');

/** Message, code and remedy of every row about a code; a row may hold several messages. */
const ROWS = [...PAGE.matchAll(/^\| (.+) \| `([a-z_]+)` \| (.+) \|$/gm)].map(
  ([, messages = '', code = '', remedy = '']) => ({
    messages: [...messages.matchAll(/`([^`]+)`/g)].map(([, message = '']) => message),
    code,
    remedy,
  }),
);

describe('docs/troubleshooting.md', () => {
  it('has every code of the sources, and no other', () => {
    const known = codesInSources();
    const told = new Set(ROWS.map(({ code }) => code));
    expect(
      [...known].filter((code) => !told.has(code)),
      'codes without an entry',
    ).toEqual([]);
    expect(
      [...told].filter((code) => !known.has(code)),
      'entries without a code',
    ).toEqual([]);
    expect(known.size).toBeGreaterThan(150);
  });

  it('has a message and a remedy for each', () => {
    expect(ROWS.filter(({ messages, remedy }) => messages.length === 0 || remedy.length < 10)).toEqual([]);
  });

  it('shows messages as the sources have them', () => {
    const text = sources().replaceAll("\\'", "'");
    const strange = ROWS.flatMap(({ messages }) => messages)
      .flatMap(literals)
      .filter((part) => !text.includes(part));
    expect([...new Set(strange)]).toEqual([]);
  });
});

/** What a message says in any case: the words between the placeholders, without punctuation at the seams. */
function literals(message: string): string[] {
  return message
    .split('…')
    .map((part) => part.replace(/^[\s:;,(]+|[\s:;,(]+$/g, ''))
    .filter((part) => part.length > 2);
}
