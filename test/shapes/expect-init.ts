import { join } from 'node:path';
import { expect } from 'vitest';
import { plan } from '../../src/commands/job.ts';
import { parseConfig } from '../../src/config/load.ts';
import { Fault } from '../../src/fault.ts';
import { parseAddress } from '../../src/postgres/address.ts';
import { openPostgres } from '../../src/postgres/port.ts';
import { mappingOf } from '../../src/reconcile/mapping.ts';
import { look } from '../../src/reconcile/preflight.ts';
import { mappingHash } from '../../src/sql/mapping-hash.ts';
import { parseName } from '../../src/sql/name.ts';
import type { TestDatabase } from '../support/database.ts';
import { filesIn, projectWith, runInit } from '../support/init.ts';
import { run } from '../support/job.ts';
import type { Config, Shape } from './oracle.ts';

/**
 * `init` writes a configuration that the job takes, with the mapping that the job would infer: the shapes have no trigger on
 * auth.users. What it cannot know, the shape's own mapping answers. Returns the configuration. `thorough`: also where the
 * shape is not about inference.
 */
export async function expectInit(db: TestDatabase, { config }: Shape, thorough: boolean): Promise<object> {
  const { target, key } = config;
  const directory = await projectWith();
  const aim = { target, ...(key !== undefined && { key }), yes: true };
  const open = await openColumns(db, directory, aim);
  const answers = Object.fromEntries(open.map((name) => [name, config.columns?.[name] ?? "'x'"]));
  if (open.length > 0) await runInit(db.url, directory, { ...aim, set: answers });
  const { 'userdrift.config.json': text = '', ...others } = await filesIn(directory);
  expect(others).toEqual({});
  const written = parseConfig(text, join(directory, 'userdrift.config.json'));
  expect(written).toMatchObject({ target: parseName(target), key: key ?? 'id' });
  if (thorough || config.columns === undefined) {
    const [inferred, mapped] = await hashes(db, config, answers, { ...config, columns: written.columns ?? {} });
    expect(mapped, `the mapping of ${text}`).toBe(inferred);
  }
  return { target, ...(key !== undefined && { key }), columns: written.columns, grace: '0s' };
}

/** The columns that init wants an answer for; none: it has written its file. */
async function openColumns(db: TestDatabase, directory: string, aim: object): Promise<string[]> {
  try {
    await runInit(db.url, directory, aim);
    return [];
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'column_unmapped') throw error;
    expect(await filesIn(directory)).toEqual({});
    return / for (.*), which/.exec(error.message)?.[1]?.split(', ') ?? [];
  }
}

/** Of the mapping that the job infers, completed by the answers, and of another. */
async function hashes(db: TestDatabase, config: Config, answers: object, other: Config): Promise<string[]> {
  const { signal } = new AbortController();
  const options = { runId: 'TEST', concurrency: 1, signal, onRetry: () => {} };
  const port = await openPostgres(parseAddress(db.url, { rootCert: null }), options);
  try {
    const { facts, job } = await look(port, jobFor({ target: config.target, ...(config.key && { key: config.key }) }));
    const columns = { ...job.config.columns, ...answers };
    const given = jobFor(other);
    return [
      mappingHash(mappingOf({ config: { ...job.config, columns } }, facts)),
      mappingHash(mappingOf({ config: { ...given.config, skip: job.config.skip } }, facts)),
    ];
  } finally {
    await port.close('settle');
  }
}

function jobFor({ target, key, columns }: Config) {
  const config = parseConfig(JSON.stringify({ target, key, columns }), 'test');
  const job = plan('sync', config, { ids: true, maxDrift: 0 });
  const name = config.target;
  if (!name) throw new TypeError('a shape has a target');
  return { ...job, config: { ...job.config, target: name } };
}

/** A sync under what init wrote goes as far as the table lets it: what it could not write are rows, not the mapping. */
export async function expectInitSyncs(db: TestDatabase, config: object): Promise<void> {
  const report = await run('sync', { url: db.url, config, flags: { allowShare: true } });
  expect(report.reason).toBeNull();
  expect(report.exitCode).toBe(report.residual.missing === 0 ? 0 : 2);
  expect(report.repair.inserted).toBeGreaterThan(0);
  expect(report.residual.missing).toBe(report.failuresTotal + report.repair.suppressed);
}
