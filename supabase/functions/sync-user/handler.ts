import { answer, answerTo, refusal } from './answer.ts';
import { LARGEST_BODY_BYTES, readBody } from './body.ts';
import type { Log } from './log.ts';
import { type Payload, readPayload } from './payload.ts';
import type { Outcome, Rpc } from './rpc.ts';
import type { Secrets } from './secrets.ts';
import { isSigned } from './signature.ts';

export interface Dependencies {
  secrets: Secrets;
  rpc: Rpc;
  log: Log;
}

/**
 * pg_net waits ten seconds, the start of this function included, and never comes back. Supabase Auth has five seconds for
 * three attempts together.
 */
export const BUDGET_MS = { webhook: 7000, hook: 1500 };

/** Answers one request, always in JSON; never throws. */
export async function handle(request: Request, dependencies: Dependencies): Promise<Response> {
  try {
    return await respond(request, dependencies);
  } catch (error) {
    // The name only: a message can quote the body.
    dependencies.log('error', { event: 'internal', code: error instanceof Error ? error.name : 'unknown' });
    return answer(500, { status: 'failed', code: 'internal' });
  }
}

async function respond(request: Request, { secrets, rpc, log }: Dependencies): Promise<Response> {
  const refuse = (status: number, code: string, message: string, headers?: Record<string, string>) => {
    log('warn', { event: 'refused', code, message });
    return refusal(status, code, message, headers);
  };
  if (request.method !== 'POST') return refuse(405, 'method_not_allowed', 'Send a POST.', { allow: 'POST' });

  // Nobody is believed while there is nothing to check a signature with.
  const fault = secrets.fault ?? rpc.fault;
  if (!secrets.verifiers || !rpc.syncUser) {
    log('error', { event: 'not_configured', message: fault });
    return refusal(500, 'not_configured', 'The function is not configured; its log says what is missing.');
  }

  const body = await readBody(request);
  if ('fault' in body) {
    if (body.fault === 'unreadable') return refuse(400, 'unreadable_body', 'The body is not UTF-8, or ended early.');
    return refuse(413, 'too_large', `The body has more than ${LARGEST_BODY_BYTES} bytes.`);
  }
  if (!isSigned(body.text, request.headers, secrets.verifiers)) return refuse(401, ...unsigned(request.headers));

  const payload = readPayload(body.text);
  if (payload.kind === 'unknown') return refuse(400, 'unknown_payload', payload.message);
  if (payload.kind === 'too_early') return tooEarly(log);
  return await sync(payload, rpc.syncUser, log);
}

function unsigned(headers: Headers): [code: string, message: string] {
  const signed = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].every((name) => headers.has(name));
  return signed ? ['wrong_signature', 'The signature is wrong, or more than five minutes old or ahead.'] : [
    'no_signature',
    'webhook-id, webhook-timestamp and webhook-signature are needed: only signed requests are served.',
  ];
}

/** To refuse would be to refuse the sign-up; to do nothing is all there is to do. */
function tooEarly(log: Log): Response {
  const message = 'before-user-created comes before there is a user to copy: use the trigger or the webhook instead.';
  log('warn', { event: 'refused', caller: 'hook', code: 'too_early', message });
  return answer(200, { status: 'ignored', code: 'too_early' });
}

async function sync(
  { kind, userId }: Extract<Payload, { userId: string }>,
  syncUser: (userId: string, milliseconds: number) => Promise<Outcome>,
  log: Log,
): Promise<Response> {
  const started = performance.now();
  const outcome = await syncUser(userId, BUDGET_MS[kind]);
  log(levelOf(outcome), {
    event: 'synced',
    caller: kind,
    user_id: userId,
    ...(outcome.kind === 'done' ? { status: outcome.status } : { status: outcome.kind, code: outcome.code }),
    attempts: outcome.attempts,
    ms: Math.round(performance.now() - started),
  });
  return answerTo(kind, userId, outcome);
}

function levelOf(outcome: Outcome): 'info' | 'warn' | 'error' {
  if (outcome.kind !== 'done') return 'error';
  return outcome.status === 'not_found' ? 'warn' : 'info';
}
