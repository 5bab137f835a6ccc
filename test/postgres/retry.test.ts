import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Retry } from '../../src/attempts/retry.ts';
import { Fault } from '../../src/fault.ts';
import { withRetry } from '../../src/postgres/retry.ts';

const waitMs = { from: 1, to: 4 };
const deadlock = () => Object.assign(new Error('deadlock'), { code: '40P01', severity: 'ERROR' });
const lost = () => new Error('Connection terminated unexpectedly');

/** Fails with these errors, one after the other, then returns 'done'. */
function failing(...errors: unknown[]) {
  return vi.fn(async () => {
    if (errors.length > 0) throw errors.shift();
    return 'done';
  });
}

const times = <T>(count: number, make: () => T) => Array.from({ length: count }, make);
const rejection = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no rejection',
    (error: unknown) => error,
  );

afterEach(() => vi.restoreAllMocks());

describe('a statement that may be sent again', () => {
  test('is, up to five times', async () => {
    const attempt = failing(...times(5, deadlock));
    const seen: Retry[] = [];
    expect(await withRetry(attempt, { waitMs, onRetry: (retry) => seen.push(retry) })).toBe('done');
    expect(attempt).toHaveBeenCalledTimes(6);
    expect(seen.map(({ action, code }) => `${action} ${code}`)).toEqual(times(5, () => 'retry 40P01'));
  });

  test('and then no more', async () => {
    const errors = times(6, deadlock);
    const attempt = failing(...errors);
    const fault = await rejection(withRetry(attempt, { waitMs }));
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({ code: 'retry_budget_spent', verdict: 'failed', cause: errors[5] });
    expect(String(fault)).toMatch(/6 times \(40P01\)/);
    expect(attempt).toHaveBeenCalledTimes(6);
  });
});

describe('a lost connection', () => {
  test('is tried for longer than a statement', async () => {
    const attempt = failing(...times(20, lost));
    const seen: Retry[] = [];
    expect(await withRetry(attempt, { waitMs, onRetry: (retry) => seen.push(retry) })).toBe('done');
    expect(seen.map(({ action, code }) => `${action} ${code}`)).toEqual(times(20, () => 'reconnect null'));
  });

  test('and no longer than the budget', async () => {
    const started = performance.now();
    const attempt = vi.fn(async () => {
      throw lost();
    });
    const fault = await rejection(withRetry(attempt, { waitMs: { from: 10, to: 40 }, budgetMs: 120 }));
    expect(fault).toMatchObject({ code: 'retry_budget_spent', cause: { message: lost().message } });
    expect(performance.now() - started).toBeGreaterThanOrEqual(120);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(attempt.mock.calls.length).toBeGreaterThan(2);
  });

  test('is tried one last time as the budget ends, not given up for a wait that is too long', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    let calls = 0;
    const seen: number[] = [];
    const attempt = async () => {
      calls += 1;
      throw lost();
    };
    const onRetry = (retry: Retry) => seen.push(retry.waitMs);
    await rejection(withRetry(attempt, { waitMs: { from: 60_000, to: 60_000 }, budgetMs: 50, onRetry }));
    expect(calls).toBeGreaterThanOrEqual(2);
    expect(Math.max(...seen)).toBeLessThanOrEqual(50);
  });

  test('the budget starts at the first loss, however long the work took until then', async () => {
    const attempt = failing(lost());
    const late = async () => {
      await sleep(80);
      return attempt();
    };
    expect(await withRetry(late, { waitMs, budgetMs: 40 })).toBe('done');
  });

  test('leaves the five retries of a statement alone', async () => {
    const errors = [deadlock(), lost(), lost(), lost(), deadlock(), deadlock(), deadlock(), deadlock()];
    expect(await withRetry(failing(...errors), { waitMs })).toBe('done');
  });
});

describe('the waits', () => {
  async function waits(random: number): Promise<number[]> {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    const seen: number[] = [];
    const onRetry = (retry: Retry) => seen.push(retry.waitMs);
    await withRetry(failing(...times(5, lost)), { waitMs: { from: 2, to: 20 }, onRetry });
    return seen;
  }

  test('double up to a ceiling', async () => {
    expect(await waits(1)).toEqual([2, 4, 8, 16, 20]);
  });

  test('are drawn from all that lies below it', async () => {
    expect(await waits(0.5)).toEqual([1, 2, 4, 8, 10]);
    expect(await waits(0)).toEqual([0, 0, 0, 0, 0]);
  });

  test('are 50 ms to 5 s unless told otherwise', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const abort = new AbortController();
    const onRetry = (retry: Retry) => abort.abort(retry.waitMs);
    expect(await rejection(withRetry(failing(lost()), { signal: abort.signal, onRetry }))).toBe(50);
  });
});

describe('what no repetition can help', () => {
  const raised = (code: string) => Object.assign(new Error('text'), { code, severity: 'ERROR' });

  test.each([
    ['a row', raised('23505')],
    ['a timeout of the statement', raised('57014')],
    ['a wrong password', raised('28P01')],
    ['a wrong password, in the words of a pooler', Object.assign(new Error('Wrong password'), { code: 'XX000' })],
    ['a missing table', raised('42P01')],
    ['an untrusted certificate', Object.assign(new Error('text'), { code: 'SELF_SIGNED_CERT_IN_CHAIN' })],
    ['a bug', new TypeError('text')],
    ['a fault', new Fault('plaintext_refused', 'text')],
  ])('%s: is thrown as it came, at once', async (_name, error) => {
    const attempt = failing(error);
    const onRetry = vi.fn();
    expect(await rejection(withRetry(attempt, { waitMs, onRetry }))).toBe(error);
    expect(attempt).toHaveBeenCalledTimes(1);
    expect(onRetry).not.toHaveBeenCalled();
  });

  test('also after retries', async () => {
    const error = raised('23514');
    expect(await rejection(withRetry(failing(deadlock(), lost(), error), { waitMs }))).toBe(error);
  });
});

describe('an abort', () => {
  const reason = new Error('enough');

  test('ends a wait at once, with its reason', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1);
    const abort = new AbortController();
    const attempt = failing(lost());
    const started = performance.now();
    setTimeout(() => abort.abort(reason), 20);
    const options = { signal: abort.signal, waitMs: { from: 30_000, to: 30_000 } };
    expect(await rejection(withRetry(attempt, options))).toBe(reason);
    expect(performance.now() - started).toBeLessThan(2000);
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  test('before the first attempt: it is made all the same, so that a batch in flight can settle, but once', async () => {
    const attempt = failing(new Error('Connection terminated'));
    const reason = new Error('enough');
    expect(await rejection(withRetry(attempt, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  test('during an attempt that fails: no other one, and no wait', async () => {
    const abort = new AbortController();
    const attempt = vi.fn(async () => {
      abort.abort(reason);
      throw lost();
    });
    expect(await rejection(withRetry(attempt, { signal: abort.signal, waitMs: { from: 30_000, to: 30_000 } }))).toBe(
      reason,
    );
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  test('during an attempt that succeeds: its result counts', async () => {
    const abort = new AbortController();
    const attempt = async () => {
      abort.abort(reason);
      return 'written';
    };
    expect(await withRetry(attempt, { signal: abort.signal })).toBe('written');
  });
});
