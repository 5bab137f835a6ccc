import { readFile } from 'node:fs/promises';
import { Fault } from '../fault.ts';
import { type Report, reportSchema } from '../report.ts';
import type { Terminal } from './terminal.ts';

/** Reads a report from a file, or from stdin where it is called `-`. Throws a Fault that names the file and the field. */
export async function readReport(file: string, terminal: Terminal): Promise<Report> {
  const name = file === '-' ? 'stdin' : file;
  const text = await (file === '-' ? terminal.input() : readFile(file, 'utf8')).catch((error: unknown) => {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : null;
    throw new Fault('report_unreadable', `${name} cannot be read (${typeof code === 'string' ? code : 'unknown'})`, {
      fix: 'name the file that --report has written; without one, the run has not come as far as its report',
      cause: error,
    });
  });
  return parseReport(text, name);
}

function parseReport(text: string, name: string): Report {
  const data = parseJson(text, name);
  const version: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'version') : undefined;
  if (typeof version === 'number' && version !== 1) {
    throw noReport(
      `${name} is a report of version ${version}, and this userdrift reads version 1`,
      'use one version for both',
    );
  }
  const { data: report, error } = reportSchema.safeParse(data);
  if (report) return report;
  const [issue] = error.issues;
  const where = issue?.path.join('.') || 'the whole file';
  throw noReport(`${name} is no report: ${where}: ${issue?.message.replace(/^Invalid input: /, '')}`, GIVE);
}

const GIVE = 'give what check, sync or backfill wrote with --report, or printed with --json';

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The message of the parser quotes the text.
    throw noReport(`${name} is ${text.trim() === '' ? 'empty' : 'not JSON'}`, GIVE);
  }
}

function noReport(message: string, fix: string): Fault {
  return new Fault('report_invalid', message, { fix });
}
