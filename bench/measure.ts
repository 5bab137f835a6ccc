import { setTimeout as sleep } from 'node:timers/promises';
import type { Ground } from './ground.ts';
import { serverCpuSeconds } from './server-cpu.ts';

/** A backend that was told to end needs a moment to be counted. */
const SETTLE_MS = 50;

/** What the work came to, and the CPU seconds of all processes of the server meanwhile. */
export async function withServerCpu<T>({ server }: Ground, work: () => Promise<T>): Promise<[T, number]> {
  const before = serverCpuSeconds(server.pid);
  const result = await work();
  await sleep(SETTLE_MS);
  return [result, serverCpuSeconds(server.pid) - before];
}

/** How long something took, in seconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
