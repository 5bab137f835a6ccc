import { ulid } from 'ulid';
import { parseConfig } from '../config/load.ts';
import { type Stage, demo as tellStory } from '../demo/demo.ts';
import { parseAddress } from '../postgres/address.ts';
import { openPostgres } from '../postgres/port.ts';
import { reconcile } from '../reconcile/reconcile.ts';
import { renderText } from '../render/text.ts';
import { plan } from './job.ts';
import type { Terminal } from './terminal.ts';

/** `userdrift demo`: the job against an embedded PostgreSQL with sample users. The environment is not read. */
export async function demo(terminal: Terminal): Promise<number> {
  const asTold = await tellStory({
    run: (command, databaseUrl, config) => run(command, databaseUrl, config, terminal),
    say: (text) => terminal.out(`${text}\n`),
    signal: terminal.stop.signal,
    holdKill: (kill) => terminal.hurry.addEventListener('abort', kill, { once: true }),
  });
  return asTold ? 0 : 1;
}

const FLAGS = { json: false, quiet: false, ids: true, maxDrift: 0, transport: 'postgres' } as const;

async function run(...[command, databaseUrl, config, terminal]: [...Parameters<Stage['run']>, Terminal]) {
  const { stop, hurry, version, look } = terminal;
  const job = plan(command, parseConfig(JSON.stringify(config), 'the configuration of the demo'), FLAGS);
  const runId = ulid();
  const open = () =>
    openPostgres(parseAddress(databaseUrl, { rootCert: null }), {
      runId,
      concurrency: job.concurrency,
      signal: stop.signal,
      onRetry: () => {},
    });
  const report = await reconcile(job, { toolVersion: version, runId, open, stop: stop.signal, hurry });
  return { text: renderText(report, look), exitCode: report.exitCode };
}
