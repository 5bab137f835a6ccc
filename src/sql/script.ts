import type { Mapping } from './mapping.ts';
import { mappingHash } from './mapping-hash.ts';

/** Where printed SQL comes from, and what was noticed on the way, for its header. */
export interface Origin {
  /** of userdrift */
  version: string;
  /** What a person should know before applying it. */
  notes: readonly string[];
}

/** What a header says besides. */
interface Header {
  /** the argument of `userdrift sql` */
  what: string;
  /** null: it does not depend on one */
  mapping: Mapping | null;
  /** what it does: paragraphs, with lists indented */
  about: readonly string[];
}

/** SQL as `userdrift sql` prints it: a header, then the parts. */
export function script({ what, mapping, about }: Header, { version, notes }: Origin, parts: readonly string[]): string {
  const noted = notes.flatMap((note) => ['', `NOTE: ${note}`]);
  const header = [`userdrift sql ${what}: ${madeBy(version, mapping)}`, '', ...about, ...noted];
  return `${[comment(header), ...parts].join('\n\n')}\n`;
}

/** What SQL was made by and from. */
export function madeBy(version: string, mapping: Mapping | null): string {
  return `userdrift ${version}${mapping ? `, mapping ${mappingHash(mapping)}` : ''}`;
}

/** Gives up rather than wait for a lock: whoever waits for one on auth.users has every sign-up queue behind. */
export function inTransaction(...statements: string[]): string {
  return ['begin;', "set local lock_timeout = '2s';", ...statements, 'commit;'].join('\n\n');
}

/**
 * A comment: paragraphs are wrapped, what begins with a space stays as it is. A name of the catalog may hold a line break,
 * which would end the comment.
 */
export function comment(paragraphs: readonly string[]): string {
  const lines = paragraphs
    .map((text) => text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' '))
    .flatMap((text) => (text.startsWith(' ') ? text : wrapped(text)));
  return lines.map((line) => `-- ${line}`.trimEnd()).join('\n');
}

const WIDTH = 117;

function wrapped(text: string): string[] {
  const [first = '', ...words] = text.split(' ');
  const lines = [first];
  for (const word of words) {
    const line = `${lines.at(-1)} ${word}`;
    if (line.length <= WIDTH) lines.splice(-1, 1, line);
    else lines.push(word);
  }
  return lines;
}

/** The schema of everything that is nobody's business but ours. The Data API does not show it. */
export const SCHEMA = `create schema if not exists userdrift;
revoke all on schema userdrift from public, anon, authenticated, service_role;`;
