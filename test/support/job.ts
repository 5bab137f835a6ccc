import { expect } from 'vitest';
import type { Flags, WriteFlags } from '../../src/commands/flags.ts';
import { plan } from '../../src/commands/job.ts';
import { parseConfig } from '../../src/config/load.ts';
import { parseHttpAddress } from '../../src/http/address.ts';
import { openHttp } from '../../src/http/port.ts';
import type { Port } from '../../src/port.ts';
import { parseAddress } from '../../src/postgres/address.ts';
import { openPostgres, type PostgresOptions } from '../../src/postgres/port.ts';
import type { Command, Asked as Job } from '../../src/reconcile/job.ts';
import { reconcile } from '../../src/reconcile/reconcile.ts';
import { type Report, reportSchema } from '../../src/report.ts';
import { dataApiOf } from './data-api.ts';
import { makeFunctions } from './functions.ts';
import { expectNoCanary } from './people.ts';
import { DEFAULT_TRANSPORT, type Transport } from './transport.ts';

export const TEXTBOOK = {
  target: 'public.users',
  columns: { email: 'u.email', full_name: "u.raw_user_meta_data->>'full_name'", created_at: 'u.created_at' },
};

/** The table of the textbook, made as the role postgres. */
export const TEXTBOOK_TABLE = `
create table public.users (
  id uuid primary key references auth.users (id) on delete cascade,
  email text,
  full_name text,
  created_at timestamptz
);
alter table public.users enable row level security`;

export interface Asked {
  /** Connection string of the database, over HTTP too: its functions are made first, from the mapping of this run. */
  url: string;
  transport?: Transport;
  /** Opens another way than the usual one of the transport. */
  open?: () => Promise<Port>;
  config?: object;
  flags?: Partial<WriteFlags>;
  stop?: AbortSignal;
  hurry?: AbortSignal;
  /** Stands between the job and its port, to watch it or to disturb it. */
  wrap?: (port: Port) => Port;
  progress?: (state: { done: number; total: number }) => void;
  confirm?: () => Promise<boolean>;
  /** Told when an entry in the history failed. */
  unrecorded?: (error: unknown) => void;
}

const FLAGS: Flags = { json: false, quiet: false, ids: true, maxDrift: 0 };
let runs = 0;

/** Runs a job in this process; every report is held to its schema, to the accounting identity and to the canaries. */
export async function run(command: Command, asked: Asked): Promise<Report> {
  const never = new AbortController().signal;
  const { transport = DEFAULT_TRANSPORT } = asked;
  const job = plan(command, parseConfig(JSON.stringify(asked.config ?? TEXTBOOK), 'test'), {
    ...FLAGS,
    concurrency: 1,
    ...asked.flags,
  });
  const runId = `TEST${String(++runs).padStart(6, '0')}`;
  const report = await reconcile(job, {
    toolVersion: '0.0.0',
    runId,
    open: async () => {
      const { concurrency, givesWay } = job;
      const options = { runId, concurrency, givesWay, signal: asked.stop ?? never, onRetry: () => {} };
      const port = asked.open
        ? await asked.open()
        : transport === 'http'
          ? await openOverHttp(asked.url, job, options)
          : await openPostgres(parseAddress(asked.url, { rootCert: null }), options);
      return asked.wrap ? asked.wrap(port) : port;
    },
    stop: asked.stop ?? never,
    hurry: asked.hurry ?? never,
    progress: asked.progress,
    confirm: asked.confirm,
    unrecorded: asked.unrecorded,
  });
  expectSound(report);
  if (report.source.total !== null) expect(report.transport).toBe(transport);
  return report;
}

/** `run` over one transport. */
export function over(transport: Transport): typeof run {
  return (command, asked) => run(command, { transport, ...asked });
}

async function openOverHttp(url: string, job: Job, options: PostgresOptions): Promise<Port> {
  await makeFunctions(url, job);
  const { url: at, secretKey } = await dataApiOf(url);
  return openHttp(parseHttpAddress(at, secretKey), options);
}

/** What holds for every report, whatever happened. */
function expectSound(report: Report): void {
  reportSchema.parse(report);
  const { scanned, inserted, alreadyPresent, vanished, excluded, suppressed, failed, unresolved } = report.repair;
  expect(inserted + alreadyPresent + vanished + excluded + suppressed + failed + unresolved).toBe(scanned);
  expect(unresolved).toBeGreaterThanOrEqual(0);
  expectNoCanary(JSON.stringify(report));
}
