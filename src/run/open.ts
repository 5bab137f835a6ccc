import { Fault } from '../fault.ts';
import type { Address as HttpAddress } from '../http/address.ts';
import type { Port } from '../port.ts';
import type { Address } from '../postgres/address.ts';
import type { Postgres, PostgresOptions } from '../postgres/port.ts';
import { type Asked, callsFunction } from '../reconcile/job.ts';

/** How the database is reached. */
export type Way = { transport: 'postgres'; address: Address } | { transport: 'http'; address: HttpAddress };

/** Opens the way for this job, or for nobody's. What the other way needs is not loaded. Throws a Fault. */
export async function open(way: Way, asked: Pick<Asked, 'config'> | null, options: PostgresOptions): Promise<Port> {
  if (way.transport === 'postgres') return openServer(way.address, options);
  if (asked) refuseOverHttp(asked);
  const { openHttp } = await import('../http/port.ts');
  return openHttp(way.address, options);
}

/** Opens a connection to the server itself. Throws a Fault. */
export async function openServer(address: Address, options: PostgresOptions): Promise<Postgres> {
  const { openPostgres } = await import('../postgres/port.ts');
  return openPostgres(address, options);
}

/** The functions of the Data API insert, and nothing else. Throws a Fault. */
export function refuseOverHttp(asked: Pick<Asked, 'config'>): void {
  const fix = 'run over DATABASE_URL, or take it out of the configuration';
  if (asked.config.refresh.length > 0)
    throw new Fault('refresh_over_http', 'refresh is not possible over HTTP', { fix });
  if (callsFunction(asked)) throw new Fault('repair_over_http', 'repair.function is not possible over HTTP', { fix });
}
