import { ok } from 'node:assert/strict';
import { handle } from '../handler.ts';
import type { Entry } from '../log.ts';
import { connect } from '../rpc.ts';
import { readSecrets } from '../secrets.ts';
import { SECRET } from './signing.ts';

const KEY = 'sb_secret_canary';

export interface Answered {
  status: number;
  body: Record<string, unknown>;
  headers: Headers;
  log: (Entry & { level: string })[];
}

/** Sends one request to the function and checks what holds for every answer: JSON, and nothing that is nobody's business. */
export async function send(
  request: Request,
  { url = 'http://127.0.0.1:1', secret = SECRET, key = KEY } = {},
): Promise<Answered> {
  const log: Answered['log'] = [];
  const answer = await handle(request, {
    secrets: readSecrets(secret),
    rpc: connect(url, key || undefined),
    log: (level, entry) => log.push({ level, ...entry }),
  });
  const text = await answer.text();
  ok(answer.headers.get('content-type')?.startsWith('application/json'));
  const said = JSON.stringify([text, [...answer.headers], log]);
  for (const canary of ['canary', 'Canary', '203.0.113.7', ...secret.split('|')]) {
    ok(canary === '' || !said.includes(canary), `${canary} in ${said}`);
  }
  ok(log.length > 0, 'nothing was logged');
  return { status: answer.status, body: JSON.parse(text), headers: answer.headers, log };
}
