import { refused } from '../attempts/refused.ts';
import { Fault } from '../fault.ts';
import { sqlState } from './sqlstate.ts';

/** A Fault for an error of the server; other errors come back as they are. */
function faultOf(doing: string, error: unknown): unknown {
  const state = error instanceof Fault ? null : sqlState(error);
  return state === null ? error : refused(doing, state, error);
}

export async function explained<T>(doing: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw faultOf(doing, error);
  });
}

export async function* explainedEach<T>(doing: string, work: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    yield* work;
  } catch (error) {
    throw faultOf(doing, error);
  }
}
