import { Command, InvalidArgumentError } from 'commander';
import { whole } from '../src/commands/flags.ts';

/** What the person asked for. */
export interface Flags {
  users: number;
  /** Ascending. */
  usersList: number[];
  rounds: number;
  only: string[];
  /** The page whose regions are written; null: none. */
  write: string | null;
  keep: boolean;
}

const PAGE = 'docs/benchmarks.md';
const count = whole(1, 1e8);

/** Parses the words after `npm run bench --`. Prints and exits with 64 for wrong ones, with 0 for --help. */
export function parseFlags(words: readonly string[], scenarios: readonly string[]): Flags {
  const command = benchCommand(scenarios).exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 64));
  const given = command.parse(words, { from: 'user' }).opts<Given>();
  const { users, rounds, only = [...scenarios], keep = false, write } = given;
  const usersList = given.usersList ?? [...new Set([4, 2, 1].map((part) => Math.ceil(users / part)))];
  return { users, usersList, rounds, only, keep, write: write === true ? PAGE : (write ?? null) };
}

/** The command line. */
export function benchCommand(scenarios: readonly string[]): Command {
  return new Command('bench')
    .description('measures userdrift against other ways to do its work, on a PostgreSQL of its own')
    .option('--users <n>', 'rows in auth.users', count, 200_000)
    .option('--users-list <n,…>', 'the sizes of growth (default: a quarter, half and all of --users)', sizes)
    .option('--rounds <n>', 'rounds for each contestant', whole(1, 100), 3)
    .option('--only <name,…>', `of ${scenarios.join(', ')}`, namesOf(scenarios))
    .option('--write [page]', `write the tables into a page (${PAGE})`)
    .option('--keep', 'leave the server running at the end, until Ctrl-C');
}

interface Given {
  users: number;
  usersList?: number[];
  rounds: number;
  only?: string[];
  write?: string | true;
  keep?: boolean;
}

function sizes(text: string): number[] {
  return text
    .split(',')
    .map(count)
    .toSorted((a, b) => a - b);
}

function namesOf(scenarios: readonly string[]): (text: string) => string[] {
  return (text) => {
    const names = text.split(',');
    const unknown = names.filter((name) => !scenarios.includes(name));
    if (unknown.length > 0) throw new InvalidArgumentError(`There is no ${unknown.join(', ')}.`);
    return names;
  };
}
