import { expect } from 'vitest';
import type { Flags, WriteFlags } from '../../src/commands/flags.ts';
import { plan } from '../../src/commands/job.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { Port } from '../../src/port.ts';
import { parseAddress } from '../../src/postgres/address.ts';
import { openPostgres } from '../../src/postgres/port.ts';
import type { Command } from '../../src/reconcile/job.ts';
import { reconcile } from '../../src/reconcile/reconcile.ts';
import { type Report, reportSchema } from '../../src/report.ts';
import { expectNoCanary } from './people.ts';

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
  url: string;
  config?: object;
  flags?: Partial<WriteFlags>;
  stop?: AbortSignal;
  hurry?: AbortSignal;
  /** Stands between the job and its port, to watch it or to disturb it. */
  wrap?: (port: Port) => Port;
  progress?: (state: { done: number; total: number }) => void;
  confirm?: () => Promise<boolean>;
}

const FLAGS: Flags = { json: false, quiet: false, ids: true, maxDrift: 0, transport: 'postgres' };
let runs = 0;

/** Runs a job in this process; every report is held to its schema, to the accounting identity and to the canaries. */
export async function run(command: Command, asked: Asked): Promise<Report> {
  const never = new AbortController().signal;
  const job = plan(command, parseConfig(JSON.stringify(asked.config ?? TEXTBOOK), 'test'), {
    ...FLAGS,
    ...asked.flags,
  });
  const runId = `TEST${String(++runs).padStart(6, '0')}`;
  const report = await reconcile(job, {
    toolVersion: '0.0.0',
    runId,
    open: async () => {
      const port = await openPostgres(parseAddress(asked.url, { rootCert: null }), {
        runId,
        concurrency: job.concurrency,
        signal: asked.stop ?? never,
        onRetry: () => {},
      });
      return asked.wrap ? asked.wrap(port) : port;
    },
    stop: asked.stop ?? never,
    hurry: asked.hurry ?? never,
    progress: asked.progress,
    confirm: asked.confirm,
  });
  expectSound(report);
  return report;
}

/** What holds for every report, whatever happened. */
function expectSound(report: Report): void {
  reportSchema.parse(report);
  const { scanned, inserted, alreadyPresent, vanished, excluded, suppressed, failed, unresolved } = report.repair;
  expect(inserted + alreadyPresent + vanished + excluded + suppressed + failed + unresolved).toBe(scanned);
  expect(unresolved).toBeGreaterThanOrEqual(0);
  expectNoCanary(JSON.stringify(report));
}
