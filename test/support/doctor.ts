import { expect } from 'vitest';
import type { Flags } from '../../src/commands/flags.ts';
import { plan } from '../../src/commands/job.ts';
import { parseConfig } from '../../src/config/load.ts';
import { examine } from '../../src/doctor/examine.ts';
import { type Examination, examinationSchema } from '../../src/examination.ts';
import { parseHttpAddress } from '../../src/http/address.ts';
import { openHttp } from '../../src/http/port.ts';
import type { Port } from '../../src/port.ts';
import { parseAddress } from '../../src/postgres/address.ts';
import { openPostgres } from '../../src/postgres/port.ts';
import { renderExamination } from '../../src/render/examination.ts';
import { renderJson } from '../../src/render/json.ts';
import { dataApiOf } from './data-api.ts';
import { TEXTBOOK } from './job.ts';
import { expectNoCanary } from './people.ts';

const FLAGS: Flags = { ids: true, maxDrift: 0, transport: 'postgres' };
const HIDDEN = /(?!\n)\p{C}|[\p{Zl}\p{Zp}]/u;

/** Runs doctor in this process; every examination is held to its schema, to its own counts and to the canaries. */
export function doctor(url: string, config: object = TEXTBOOK, flags: Partial<Flags> = {}): Promise<Examination> {
  return examined(() => openPostgres(parseAddress(url, { rootCert: null }), OPTIONS), config, flags);
}

/** The same over HTTP, with the functions that are there. */
export async function doctorOverHttp(url: string, config: object = TEXTBOOK): Promise<Examination> {
  const { url: at, secretKey } = await dataApiOf(url);
  return examined(() => openHttp(parseHttpAddress(at, secretKey), OPTIONS), config, { transport: 'http' });
}

const STOP = new AbortController().signal;
const OPTIONS = { runId: 'DOCTOR', concurrency: 1, signal: STOP, onRetry: () => {} };

async function examined(open: () => Promise<Port>, config: object, flags: Partial<Flags>): Promise<Examination> {
  const job = plan('sync', parseConfig(JSON.stringify(config), 'test'), { ...FLAGS, ...flags });
  const examination = await examine(job, { toolVersion: '0.0.0', open, stop: STOP });
  expectSound(examination);
  return examination;
}

/** What holds for every examination, whatever was found. */
function expectSound(examination: Examination): void {
  expect(examinationSchema.parse(examination)).toEqual(examination);
  const { counts, findings, exitCode } = examination;
  for (const level of ['ok', 'warning', 'problem'] as const) {
    expect(findings.filter((finding) => finding.level === level)).toHaveLength(counts[level]);
  }
  expect(exitCode).toBe(counts.problem > 0 ? 1 : 0);
  expect(findings.filter(({ level, fix }) => level === 'problem' && !fix)).toEqual([]);
  for (const text of [shown(examination), shown(examination, 40), renderJson(examination)]) {
    expectNoCanary(text);
    expect(text).not.toMatch(HIDDEN);
    expect(text).not.toMatch(/^\s*::/m);
  }
}

/** As a terminal shows it. */
export function shown(examination: Examination, width = 100): string {
  return renderExamination(examination, { color: false, unicode: true, width });
}

/** Codes of the findings that are not ok. */
export function codesOf({ findings }: Examination): string[] {
  return findings.filter(({ level }) => level !== 'ok').map(({ code }) => code);
}
