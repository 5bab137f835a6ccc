import { Fault } from '../fault.ts';
import type { Answer, CallOptions, DataApi } from './data-api.ts';
import { judge } from './judge.ts';

/** The functions of a project, as long as they are made from one mapping. */
export class Functions {
  readonly #api: DataApi;
  /** the hash of the mapping of this run */
  readonly mapping: string;

  constructor(api: DataApi, mapping: string) {
    this.#api = api;
    this.mapping = mapping;
  }

  /** As `DataApi.call`; throws a Fault when the functions were made from another mapping. */
  async call<T extends Answer>(doing: string, name: string, args: object, options: CallOptions): Promise<T> {
    const answer = await this.#api.call<T>(doing, name, args, options);
    if (answer.mapping === this.mapping) return answer;
    throw new Fault('functions_of_another_mapping', OF_ANOTHER_MAPPING, { fix: MAKE_AGAIN });
  }

  /** Would a call that asks for less have a chance, after this error? */
  isTooSlow(error: unknown): boolean {
    return judge(error, { reached: true, late: 'halve' }).action === 'halve';
  }
}

export const OF_ANOTHER_MAPPING = 'the functions in the database were made from another mapping';
export const MAKE_AGAIN =
  'run userdrift sql functions again and apply what it prints; without "columns" in the configuration, a new column of the target changes the mapping';
