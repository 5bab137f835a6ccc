import pg from 'pg';
import { createRoles } from './auth-roles.ts';
import { createAuthSchema } from './auth-schema.ts';
import { createPeople } from './people.ts';
import { type Server, startServer } from './server.ts';
import { CLOSING, OPENING, STARTING, STORY, type Step, surprise } from './story.ts';

/** What the demo needs from outside: it knows neither the job nor the terminal. */
export interface Stage {
  /** Runs a command of userdrift; `config` has the shape of userdrift.config.json. */
  run(
    command: Step['command'],
    databaseUrl: string,
    config: Step['config'],
  ): Promise<{ text: string; exitCode: number }>;
  say(text: string): void;
  signal: AbortSignal;
  /** Gets the way to end the server at once, synchronously, for the second Ctrl-C. */
  holdKill?(kill: () => void): void;
}

/**
 * Tells the story of a repair on a server of its own; the environment is not read. Resolves to true if every step ended
 * as the story says. Server and folder are gone when it settles, also after an abort, which throws the signal's reason.
 */
export async function demo(stage: Stage): Promise<boolean> {
  stage.say(STARTING);
  const server = await startServer({ signal: stage.signal });
  let asTold: boolean;
  try {
    stage.holdKill?.(() => server.kill());
    await furnish(server, stage.signal);
    asTold = await tell(stage, server.url({ user: 'postgres' }));
  } finally {
    await server.stop();
  }
  if (asTold) stage.say(CLOSING);
  return asTold;
}

async function tell(stage: Stage, databaseUrl: string): Promise<boolean> {
  stage.say(OPENING);
  for (const step of STORY) {
    stage.say(`\n$ userdrift ${step.command}\n`);
    const { text, exitCode } = await stage.run(step.command, databaseUrl, step.config);
    stage.say(text.trimEnd());
    stage.signal.throwIfAborted();
    if (exitCode !== step.exitCode) {
      stage.say(surprise(step, exitCode));
      return false;
    }
    stage.say(step.explanation);
  }
  return true;
}

/** Makes the empty server a Supabase project with an application in it. */
async function furnish(server: Server, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const client = new pg.Client({ ...server.superuser, ssl: false });
  // A connection that ends between two statements makes the next one throw.
  client.on('error', () => {});
  const hangUp = () => void client.end().catch(() => {});
  await client.connect();
  signal.addEventListener('abort', hangUp);
  try {
    await createRoles(client, server.superuser.password);
    await client.query('alter database postgres owner to postgres');
    await createAuthSchema(client);
    await createPeople(client);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', hangUp);
    await client.end();
  }
}
