import type { Facts } from '../facts.ts';
import type { Mapping } from '../sql/mapping.ts';
import type { Job } from './job.ts';

/** The mapping of the configuration, completed by what the catalog says of the key and the refresh columns. */
export function mappingOf({ config }: Pick<Job, 'config'>, { key, target }: Pick<Facts, 'key' | 'target'>): Mapping {
  const expressions = Object.entries(config.columns ?? {})
    .filter(([name]) => name !== config.key)
    .map(([name, expression]) => ({ name, expression }));
  const refreshed = expressions.filter(({ name }) => config.refresh.includes(name));
  const repair = config.repair === 'insert' ? null : config.repair.function;
  const types = new Map(target?.columns.map(({ name, type }) => [name, type]));
  return {
    source: config.source,
    target: config.target,
    key: config.key,
    keyType: key?.type === 'text' ? 'text' : 'uuid',
    // A function writes its own values.
    columns: repair ? refreshed : expressions,
    refresh: refreshed.map((column) => ({ ...column, type: types.get(column.name) ?? 'text' })),
    skip: config.skip,
    repair,
  };
}
