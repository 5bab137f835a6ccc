import { Argument, Command, CommanderError } from 'commander';
import { masked } from '../config/masked.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { SQL_KINDS, type SqlKind } from '../sql/kinds.ts';
import {
  type AimFlags,
  type AlertFlags,
  addAimFlags,
  addAlertFlags,
  addFlags,
  addPlaceFlags,
  addUserFlag,
  addWriteFlags,
  type DoctorFlags,
  type Flags,
  type WriteFlags,
} from './flags.ts';
import { addInitFlags, type InitFlags } from './init-flags.ts';
import { addScheduleFlags, type ScheduleFlags } from './schedule-flags.ts';
import type { Terminal } from './terminal.ts';

/** Receives the exit code of the command that ran. */
type Done = (code: number) => void;

/** The whole command line. Commands are loaded when they run: `check` should not wait for what `demo` needs. */
export function program(terminal: Terminal, done: Done): Command {
  const root = new Command('userdrift')
    .description('Finds every Supabase user that your own users table misses, inserts it, and proves it.')
    .version(terminal.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: terminal.err,
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      outputError: (text, write) =>
        write(`userdrift: ${masked(text.replace(/^error: /, '').replace(/\s*\n\s*(?=\S)/g, ' '))}`),
    })
    .addHelpText('after', `\n${exitCodeHelp()}`);
  const { jobIndex } = terminal.env;
  const check = verb(root, 'check', 'find missing users; read-only, exit 2 if there are any', '--target public.users');
  addUserFlag(addFlags(check, jobIndex)).action(async (flags: Flags) =>
    done(await (await import('./check.ts')).check(flags, terminal)),
  );
  const sync = verb(root, 'sync', 'insert what is missing, verify, report', '--dry-run');
  addUserFlag(addWriteFlags(addFlags(sync, jobIndex))).action(async (flags: WriteFlags) =>
    done(await (await import('./sync.ts')).sync(flags, terminal)),
  );
  const backfill = verb(root, 'backfill', 'the deliberate full run: lifts the share and writes limits, asks first', '');
  addWriteFlags(addFlags(backfill, jobIndex)).action(async (flags: WriteFlags) =>
    done(await (await import('./backfill.ts')).backfill(flags, terminal)),
  );
  const doctor = verb(root, 'doctor', 'everything that is in the way of a sync, with its fix', '--target public.users');
  addPlaceFlags(doctor).action(async (flags: DoctorFlags) =>
    done(await (await import('./doctor.ts')).doctor(flags, terminal)),
  );
  const init = verb(root, 'init', 'look at the database, propose a mapping, write the configuration', '--dry-run');
  addInitFlags(init).action(async (flags: InitFlags) => done(await (await import('./init.ts')).init(flags, terminal)));
  const schedule = verb(root, 'schedule', 'run the lines of a crontab, and serve what came of them', '--run-at-start');
  addScheduleFlags(schedule).action(async (flags: ScheduleFlags) => {
    const judge = (args: readonly string[]) => complaintOf(args, terminal);
    done(await (await import('./schedule.ts')).schedule(flags, judge, terminal));
  });
  const alert = verb(root, 'alert', 'keep one GitHub issue about a report, or tell Slack', 'report.json');
  addAlertFlags(alert.argument('<report>', 'file that --report has written; - reads stdin')).action(
    async (file: string, flags: AlertFlags) => done(await (await import('./alert.ts')).alert(file, flags, terminal)),
  );
  const sql = verb(root, 'sql', 'print reviewed SQL made from the mapping: trigger, webhook, role and more', 'trigger');
  const what = new Argument('<what>', 'what the SQL is to install, do or drop').choices(SQL_KINDS);
  addAimFlags(sql.addArgument(what)).action(async (kind: SqlKind, flags: AimFlags) =>
    done(await (await import('./sql.ts')).sql(kind, flags, terminal)),
  );
  verb(root, 'demo', 'all of it against an embedded PostgreSQL with sample users', '').action(async () =>
    done(await (await import('./demo.ts')).demo(terminal)),
  );
  return root;
}

function verb(root: Command, name: string, description: string, example: string): Command {
  return root
    .command(name)
    .description(description)
    .allowExcessArguments(false)
    .addHelpText('after', `\nExample:\n  ${`userdrift ${name} ${example}`.trim()}`);
}

/** What this command line has against the arguments, without running anything; null: nothing. */
function complaintOf(args: readonly string[], terminal: Terminal): string | null {
  const said: string[] = [];
  const deaf = { ...terminal, out: () => {}, err: (text: string) => void said.push(text) };
  const root = program(deaf, () => {});
  for (const command of root.commands) command.action(() => {});
  try {
    root.parse(args, { from: 'user' });
    return null;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return said.length === 0
      ? 'it would only print help'
      : said
          .join(' ')
          .replace(/^userdrift: /, '')
          .trim();
  }
}

/** The exit codes as `--help` and README show them. */
function exitCodeHelp(): string {
  const rows = EXIT_CODES.map(({ code, verdicts, meaning }) => {
    const name = verdicts.join(', ') || '-';
    return `  ${String(code).padStart(3)}  ${name.padEnd(20)}  ${meaning}`;
  });
  return ['Exit codes:', ...rows].join('\n');
}
