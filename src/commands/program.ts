import { Argument, Command, CommanderError } from 'commander';
import { masked } from '../config/masked.ts';
import { SQL_KINDS, type SqlKind } from '../sql/kinds.ts';
import {
  type AimFlags,
  type AlertFlags,
  addAimFlags,
  addAlertFlags,
  addFlags,
  addHistoryFlags,
  addPlaceFlags,
  addUserFlag,
  addWriteFlags,
  type DoctorFlags,
  type Flags,
  type HistoryFlags,
  type WriteFlags,
} from './flags.ts';
import { exitCodeHelp, verb, widthOf } from './help.ts';
import { addInitFlags, type InitFlags } from './init-flags.ts';
import { addScheduleFlags, type ScheduleFlags } from './schedule-flags.ts';
import { SHELLS, type Shell } from './shells.ts';
import type { Terminal } from './terminal.ts';

const SOMEBODY = '0b9f3f1e-6a0d-4b52-9a57-0c3d7e1f2a10';

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
      getOutHelpWidth: () => widthOf(terminal),
      getErrHelpWidth: () => widthOf(terminal),
      outputError: (text, write) =>
        write(`userdrift: ${masked(text.replace(/^error: /, '').replace(/\s*\n\s*(?=\S)/g, ' '))}`),
    })
    .configureHelp({ minWidthToWrap: 20 })
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', `\n${exitCodeHelp(widthOf(terminal))}`);
  addJobs(root, terminal, done);
  addLooks(root, terminal, done);
  addDeliveries(root, terminal, done);
  addSurroundings(root, terminal, done);
  return root;
}

/** The runs themselves. */
function addJobs(root: Command, terminal: Terminal, done: Done): void {
  const { jobIndex } = terminal.env;
  const check = verb(
    root,
    'check',
    'find missing users; read-only, exit 2 if there are any',
    '--target public.users',
    '--since 7d --json',
  );
  addUserFlag(addFlags(check, jobIndex)).action(async (flags: Flags) =>
    done(await (await import('./check.ts')).check(flags, terminal)),
  );
  const sync = verb(root, 'sync', 'insert what is missing, verify, report', '--dry-run', `--user ${SOMEBODY}`);
  addUserFlag(addWriteFlags(addFlags(sync, jobIndex))).action(async (flags: WriteFlags) =>
    done(await (await import('./sync.ts')).sync(flags, terminal)),
  );
  const backfill = verb(
    root,
    'backfill',
    'the deliberate full run: lifts the share and writes limits, asks first',
    '',
    '--max-writes 200000 --yes',
  );
  addWriteFlags(addFlags(backfill, jobIndex)).action(async (flags: WriteFlags) =>
    done(await (await import('./backfill.ts')).backfill(flags, terminal)),
  );
}

/** What looks at a database, and at what was. */
function addLooks(root: Command, terminal: Terminal, done: Done): void {
  const doctor = verb(root, 'doctor', 'everything that is in the way of a sync, with its fix', '--target public.users');
  addPlaceFlags(doctor).action(async (flags: DoctorFlags) =>
    done(await (await import('./doctor.ts')).doctor(flags, terminal)),
  );
  const history = verb(root, 'history', 'past runs and their drift, as a table and a plot', '--last 7d');
  addHistoryFlags(history).action(async (flags: HistoryFlags) =>
    done(await (await import('./history.ts')).history(flags, terminal)),
  );
  const init = verb(
    root,
    'init',
    'look at the database, propose a mapping, write the configuration',
    '--dry-run',
    '--with trigger,workflow',
  );
  addInitFlags(init).action(async (flags: InitFlags) => done(await (await import('./init.ts')).init(flags, terminal)));
}

/** What runs the job, tells of it and installs what complements it. */
function addDeliveries(root: Command, terminal: Terminal, done: Done): void {
  const schedule = verb(root, 'schedule', 'run the lines of a crontab, and serve what came of them', '--run-at-start');
  addScheduleFlags(schedule).action(async (flags: ScheduleFlags) => {
    const judge = (args: readonly string[]) => complaintOf(args, terminal);
    done(await (await import('./schedule.ts')).schedule(flags, judge, terminal));
  });
  const alert = verb(
    root,
    'alert',
    'keep one GitHub issue about a report, or tell Slack',
    'report.json',
    '- --dry-run < report.json',
  );
  addAlertFlags(alert.argument('<report>', 'file that --report has written; - reads stdin')).action(
    async (file: string, flags: AlertFlags) => done(await (await import('./alert.ts')).alert(file, flags, terminal)),
  );
  const sql = verb(
    root,
    'sql',
    'print reviewed SQL made from the mapping: trigger, webhook, role and more',
    'trigger',
    'role > role.sql',
  );
  const what = new Argument('<what>', 'what the SQL is to install, do or drop').choices(SQL_KINDS);
  addAimFlags(sql.addArgument(what)).action(async (kind: SqlKind, flags: AimFlags) =>
    done(await (await import('./sql.ts')).sql(kind, flags, terminal)),
  );
}

/** The demo, and what a shell needs. */
function addSurroundings(root: Command, terminal: Terminal, done: Done): void {
  verb(root, 'demo', 'all of it against an embedded PostgreSQL with sample users', '').action(async () =>
    done(await (await import('./demo.ts')).demo(terminal)),
  );
  const completion = verb(
    root,
    'completion',
    'print what makes a shell complete commands, flags and values',
    'bash',
    'fish > ~/.config/fish/completions/userdrift.fish',
  );
  const shell = new Argument('<shell>', 'the shell that is to source it').choices(SHELLS);
  completion.addArgument(shell).action(async (name: Shell) => {
    done((await import('./completion.ts')).completion(name, root, terminal));
  });
  // What the shell asks then. A command of its own tree: completing takes that apart.
  root
    .command('complete', { hidden: true })
    .argument('[words...]')
    .action(async (words: string[]) => {
      done((await import('./completion.ts')).complete(words, program(terminal, done), terminal));
    });
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
