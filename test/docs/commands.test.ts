import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VARIABLES } from '../../src/config/env.ts';
import { complaintOf } from '../support/command-line.ts';
import { commandsOn, PAGES, userdriftWords } from '../support/pages.ts';

/** Programs that no test of the documentation runs, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  docker: 'test/system/image.test.ts runs the image with podman; test/deploy holds the flags',
  kubectl: 'there is no cluster; test/deploy/kubernetes.test.ts checks the manifests',
  supercronic: 'test/schedule compares how it reads a crontab; it is no npm package',
  systemctl: 'test/system/systemd.test.ts',
  journalctl: 'test/system/systemd.test.ts',
  sudo: 'it changes the machine; test/deploy/systemd.test.ts checks the units',
  sudoedit: 'it asks a person',
  psql: 'what is applied is applied by test/sql, test/functions and test/system/recipe-role.test.ts',
  curl: 'test/system/real-time.test.ts and supabase/functions/sync-user/test ask the function the same',
  jq: 'reads what test/cli/check.test.ts holds to its schema',
  set: 'the shell',
  '.': 'the shell',
  umask: 'the shell',
  printf: 'the shell',
  echo: 'the shell',
  cd: 'the shell',
  mkdir: 'the shell',
  '(': 'the shell',
  ')': 'the shell',
};

const OTHERS = PAGES.flatMap(commandsOn).filter(({ text }) => userdriftWords(text) === null);
const SCRIPTS: unknown = Reflect.get(JSON.parse(readFileSync('package.json', 'utf8')), 'scripts');

describe('every command on a page', () => {
  it.for(PAGES)('%s: userdrift takes it', (page) => {
    const called = commandsOn(page).map(({ text }) => userdriftWords(text));
    const complaints = called.filter((words) => words !== null).map((words) => [words, saidTo(words)]);
    expect(complaints.filter(([, said]) => said !== null)).toEqual([]);
  });

  it.for(PAGES)('%s: in the text as well, as far as it is whole', (page) => {
    const complaints = namedOn(page).map((words) => [words, saidTo(words)]);
    expect(complaints.filter(([, said]) => said !== null && !String(said).includes('missing required'))).toEqual([]);
  });

  it('is one of userdrift, or exists here, or is left to another test for a reason', () => {
    expect(OTHERS.filter(({ text }) => !isKnown(text))).toEqual([]);
    expect(OTHERS.length).toBeGreaterThan(50);
  });

  it('and no reason is left over', () => {
    const used = new Set(OTHERS.map(({ text }) => text.split(' ')[0]));
    expect(Object.keys(ELSEWHERE).filter((program) => !used.has(program))).toEqual([]);
  });
});

/** The words of each `userdrift …` in the text; what has a placeholder or alternatives in it is no command line. */
function namedOn(page: string): string[][] {
  const text = readFileSync(page, 'utf8').replaceAll(/^ *```.*?^ *```/gms, '');
  return [...text.matchAll(/`(?:npx )?userdrift ([a-z][^`|…]*)`/g)]
    .map(([, words = '']) => userdriftWords(`userdrift ${words.replaceAll('\n', ' ')}`) ?? [])
    .filter((words) => !words.some((word) => /^<(?!id>|uuid>)/.test(word)));
}

function saidTo(words: string[]): string | null {
  const known = words.map((word) => word.replace(/^<(id|uuid)>$/, '00000000-0000-0000-0000-000000000000'));
  return known[0] === '--version' ? null : complaintOf(known, { JOB_COMPLETION_INDEX: '0' });
}

function isKnown(text: string): boolean {
  const [first = '', second = '', third = ''] = text.replace(/^(?:[A-Z_]+=\S+ )+(?=\S)/, '').split(/\s+/);
  switch (first) {
    case 'npm':
      return second === 'run' ? hasScript(third) : second === 'ci' || second === 'install' || hasScript(second);
    case 'npx':
      return second === 'vitest'
        ? (third === 'run' && existsSync(text.split(' ').at(-1) ?? '')) || text.endsWith('run')
        : second === 'supabase';
    case 'node':
    case 'bash':
      return existsSync(second);
    case 'cp':
    case 'cat':
      return existsSync(text.replace(/^.* node_modules\/userdrift\/(\S+).*$/, '$1'));
    default:
      return Object.hasOwn(ELSEWHERE, first) || isAssignment(text);
  }
}

function hasScript(name: string): boolean {
  return typeof SCRIPTS === 'object' && SCRIPTS !== null && Object.hasOwn(SCRIPTS, name);
}

/** A variable that userdrift reads, one of an auth server, or one that the lines below it use. */
function isAssignment(text: string): boolean {
  const [, name = ''] = /^(\w+)=\S/.exec(text) ?? [];
  return (
    Object.hasOwn(VARIABLES, name) ||
    name.startsWith('GOTRUE_HOOK_AFTER_USER_CREATED_') ||
    /^(URL|at|key|body|signature)$/.test(name)
  );
}
