import { expect } from 'vitest';
import { quietTerminal } from '../../scripts/quiet-terminal.ts';
import { program } from '../../src/commands/program.ts';
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
    ...quietTerminal(env),
    input: async () => (typeof report === 'string' ? report : JSON.stringify(report)),
    out: (text: string) => {
      out += text;
    },
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
