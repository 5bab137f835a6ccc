import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../fault.ts';
import { careful } from './web.ts';

const WHAT = 'the ping URL';
/** How long the end of a run waits for its start to have arrived: after it, the order could be the wrong one. */
const ORDER_MS = 2000;

/** What a service that waits for signs of life hears of one run. Nothing here throws or rejects. */
export interface Heartbeat {
  started(): void;
  /** `code` 0 is success, all else a failure. Settles within the limit, whatever the service does. */
  ended(code: number, body: string): Promise<void>;
}

export interface HeartbeatOptions {
  /** A UUID that ties start and end of a run together. */
  rid: string;
  /** For all that the end of the run waits for. */
  limitMs: number;
  /** Nobody wants to wait any more. */
  hurry: AbortSignal;
  /** Called once at most. */
  onFailure: (error: unknown) => void;
}

/** Pings as healthchecks.io takes it: `/start`, the URL itself, or `/<exit code>`, by POST with a small body. */
export function heartbeat(url: URL, { rid, limitMs, hurry, onFailure }: HeartbeatOptions): Heartbeat {
  const late = new AbortController();
  let start = Promise.resolve();
  let failed = false;
  const failure = (error: unknown) => {
    if (!failed) onFailure(error);
    failed = true;
  };
  return {
    started: () => {
      const signal = AbortSignal.any([hurry, late.signal]);
      start = post(pingUrl(url, '/start', rid), '', { requestMs: limitMs, signal }).catch(failure);
    },
    ended: async (code, body) => {
      const end = performance.now() + limitMs;
      await Promise.race([start, sleep(ORDER_MS, undefined, { ref: false })]);
      late.abort(new Fault('no_answer', `${WHAT} did not answer in time`));
      const patience = { requestMs: Math.max(1, Math.ceil(end - performance.now())), signal: hurry };
      await post(pingUrl(url, code === 0 ? '' : `/${code}`, rid), body, patience).catch(failure);
    },
  };
}

/** Appends to the path and keeps the query as it is written; `rid` is added unless the URL has one of its own. */
export function pingUrl(url: URL, suffix: string, rid: string): URL {
  const full = new URL(url);
  full.hash = '';
  full.pathname = `${url.pathname.replace(/\/+$/, '')}${suffix}`;
  if (!url.searchParams.has('rid')) full.search = `${url.search === '' ? '?' : `${url.search}&`}rid=${rid}`;
  return full;
}

async function post(url: URL, body: string, patience: Parameters<typeof careful>[1]): Promise<void> {
  const answer = await careful(WHAT, patience)(url, {
    method: 'POST',
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body,
  });
  if (!answer.ok) throw new Fault('ping_refused', `${WHAT} answers with ${answer.status}`);
}
