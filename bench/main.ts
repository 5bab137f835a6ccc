// `npm run bench`: measures userdrift against other ways to do its work. Tables on stdout, progress on stderr.
import { Fault } from '../src/fault.ts';
import { connected } from './arena.ts';
import { caption, environmentTable, lookAround } from './environment.ts';
import { type Flags, parseFlags } from './flags.ts';
import { type Ground, startGround } from './ground.ts';
import { writeRegions } from './page.ts';
import { buildProgram, type Program } from './program.ts';
import { SCENARIOS } from './scenarios/scenarios.ts';

const names = SCENARIOS.map(({ name }) => name);
const flags = parseFlags(process.argv.slice(2), names);
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());
const program = buildProgram();
try {
  await withGround(program, (ground) => bench(ground, program, flags));
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  say(error.fix === null ? error.message : `${error.message}\n${error.fix}`);
  process.exitCode = 1;
} finally {
  program.remove();
}

async function withGround(program: Program, work: (ground: Ground) => Promise<void>): Promise<void> {
  const ground = await startGround((url) => functionsFor(program, url), say, interrupted.signal);
  const leave = () => {
    ground.server.kill();
    program.remove();
    process.exit(130);
  };
  if (!flags.keep) interrupted.signal.addEventListener('abort', leave);
  try {
    await work(ground);
  } finally {
    interrupted.signal.removeEventListener('abort', leave);
    await ground.server.stop();
  }
}

async function bench(ground: Ground, program: Program, { users, rounds, usersList: sizes, only, keep }: Flags) {
  const environment = lookAround(await versionOf(ground));
  tell('machine', 'Where', environmentTable(environment));
  for (const scenario of SCENARIOS.filter(({ name }) => only.includes(name))) {
    say(`== ${scenario.title}`);
    const bench = { ground, program, users, rounds, sizes, say };
    const answer = await scenario.run(bench);
    tell(scenario.name, scenario.title, `${caption(scenario.scale(bench), environment)}\n\n${answer}`);
  }
  if (keep) await untilInterrupted(ground);
}

/** At once, and not at the end: what took an hour must not be lost to what comes after it. */
function tell(region: string, title: string, text: string): void {
  process.stdout.write(`## ${title}\n\n${text}\n\n`);
  if (flags.write !== null) writeRegions(flags.write, { [region]: text });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function functionsFor({ run }: Program, url: string): Promise<string> {
  const { code, stdout, stderr } = await run(['sql', 'functions'], { DATABASE_URL: url });
  if (code !== 0) throw new Error(`userdrift sql functions ended with ${code}: ${stderr}`);
  return stdout;
}

function versionOf({ server }: Ground): Promise<string> {
  return connected(server.url(), async (client) => {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version ?? 'unknown';
  });
}

async function untilInterrupted({ server }: Ground): Promise<void> {
  say(`the server is at ${server.url()} until Ctrl-C`);
  const waiting = setInterval(() => {}, 60_000);
  await new Promise<void>((resolve) => {
    if (interrupted.signal.aborted) resolve();
    interrupted.signal.addEventListener('abort', () => resolve());
  });
  clearInterval(waiting);
}
