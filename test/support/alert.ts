import { pino } from 'pino';
import { expect } from 'vitest';
import { program } from '../../src/commands/program.ts';
import { envOf } from '../../src/config/env.ts';
import { Fault } from '../../src/fault.ts';
import type { Report } from '../../src/report.ts';
import { type GitHubStub, REPOSITORY, TOKEN } from './github.ts';

export interface Alerted {
  out: string;
  /** null: the command came to its end */
  fault: Fault | null;
}

/** The variables of a job that keeps its issue at the stub. */
export function gitHubEnv(stub: GitHubStub): Record<string, string> {
  return { GITHUB_TOKEN: TOKEN, GITHUB_REPOSITORY: REPOSITORY, GITHUB_API_URL: stub.url };
}

/** `userdrift alert - …` in this process, the report on stdin. The token is in none of its output. */
export async function alertOn(
  report: Report | string,
  env: Record<string, string>,
  ...args: string[]
): Promise<Alerted> {
  let out = '';
  const terminal = {
    env: envOf(env),
    version: '0.0.0',
    input: async () => (typeof report === 'string' ? report : JSON.stringify(report)),
    out: (text: string) => {
      out += text;
    },
    err: () => {},
    status: () => {},
    look: { color: false, unicode: true, width: 100 },
    interactive: false,
    ask: async () => false,
    logger: () => pino({ enabled: false }),
    errIsTerminal: false,
    stop: new AbortController(),
    hurry: new AbortController().signal,
    leave: new AbortController().signal,
  };
  const fault = await program(terminal, () => {})
    .parseAsync(['alert', '-', ...args], { from: 'user' })
    .then(() => null)
    .catch((error: unknown) => {
      if (error instanceof Fault) return error;
      throw error;
    });
  for (const secret of [env.GITHUB_TOKEN, env.SLACK_WEBHOOK_URL]) {
    if (secret) expect(`${out}${fault?.message}${fault?.fix}`).not.toContain(secret);
  }
  return { out, fault };
}
