import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { type CliOptions, run } from './cli.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import { insertUser, softDelete } from './people.ts';

/** One section of docs/recipes.md: the SQL that makes its tables, its configuration files, and what is typed. */
export interface Recipe {
  title: string;
  ddl: string;
  files: Record<string, string>;
  typed: Typed[];
}

/** A command with the lines that the page shows under it. */
export interface Typed {
  command: string;
  shown: string;
}

/** The recipes of the page, in its order. */
export function recipes(): Recipe[] {
  const [, ...sections] = readFileSync('docs/recipes.md', 'utf8').split(/^## /m);
  return sections.map((section) => ({
    title: section.slice(0, section.indexOf('\n')),
    ddl: blocks(section, 'sql').join('\n'),
    files: Object.fromEntries(blocks(section, 'jsonc').map((text) => [nameOf(text), text])),
    typed: typedOn(section),
  }));
}

function blocks(section: string, language: string): string[] {
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text = '']) => text);
}

function nameOf(text: string): string {
  return /^\/\/ (\S+\.json)\n/.exec(text)?.[1] ?? 'userdrift.config.json';
}

/** What is typed in the console blocks of a page, and what the page shows under it. */
export function typedOn(page: string): Typed[] {
  return blocks(page, 'console').flatMap(typedIn);
}

function typedIn(block: string): Typed[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { command: part.slice(0, end), shown: part.slice(end + 1) };
    });
}

/** A database with the seven users of the page and the tables of one recipe. */
export async function kitchen({ ddl }: Recipe): Promise<TestDatabase> {
  const db = await createDatabase();
  const { email } = await insertUser(db);
  await insertUser(db);
  await insertUser(db, { raw_user_meta_data: {} });
  await insertUser(db, { email: null, raw_user_meta_data: {}, raw_app_meta_data: { provider: 'phone' } });
  // The last in order, so that it is always this one whom a unique mail address refuses.
  const id = 'ffffffff-ffff-4fff-bfff-ffffffffffff';
  await insertUser(db, { id, email, is_sso_user: true, raw_app_meta_data: { provider: 'sso:7e1b' } });
  await insertUser(db, { email: null, phone: null, is_anonymous: true, raw_user_meta_data: {}, raw_app_meta_data: {} });
  await softDelete(db, await insertUser(db));
  await db.queryAsPostgres(ddl);
  return db;
}

/** As `expectAsShown`, where the page shows the exit code, too. */
export async function expectWithCode(typed: Typed, options: CliOptions): Promise<void> {
  const code = await expectAsShown(typed, options);
  expect(typed.shown, 'the page shows the exit code').toMatch(new RegExp(`(^|, )exit ${code}\\b`, 'm'));
}

const THEN_CODE = '; echo "exit $?"';

/** Runs `userdrift …` as it is typed, and holds what it prints against what the page shows. Returns the exit code. */
export async function expectAsShown({ command, shown }: Typed, options: CliOptions): Promise<number | null> {
  const [program, ...args] = command.replace(THEN_CODE, '').split(' ');
  expect(program).toBe('userdrift');
  const { code, stdout, said } = await run(args, options);
  const printed = [
    stdout,
    ...said.map((line) => `${line}\n`),
    command.endsWith(THEN_CODE) ? `exit ${code}\n` : '',
  ].join('');
  expect(printed).toMatch(new RegExp(`^${patternOf(shown)}$`));
  return code;
}

/** `…` stands for anything within a line, and for any lines where it has one of its own. */
function patternOf(shown: string): string {
  const lines = shown.trimEnd().split('\n');
  return lines.map((line) => (line === '…' ? '(?:.*\\n)*?' : `${escaped(line).replaceAll('…', '.*')}\\n`)).join('');
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
