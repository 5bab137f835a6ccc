import type { Writable } from 'node:stream';
import type { CANCEL_SYMBOL } from '@clack/prompts';
import type { Questions } from './commands/questions.ts';
import { Interruption } from './reconcile/stop.ts';

/** Questions on a terminal. Ctrl-C, and a signal while one is open, end the run. */
export function questionsOn(output: Writable, stop: AbortController): Questions {
  const { signal } = stop;
  const common = { output, signal };
  const answered = <T>(answer: T | typeof CANCEL_SYMBOL): T => {
    signal.throwIfAborted();
    if (typeof answer !== 'symbol') return answer;
    stop.abort(new Interruption('SIGINT'));
    throw signal.reason;
  };
  return {
    async pick(message, answers) {
      const { select } = await import('@clack/prompts');
      return answered(await select({ ...common, message, options: [...answers] }));
    },
    async pickSome(message, answers) {
      const { multiselect } = await import('@clack/prompts');
      return answered(await multiselect({ ...common, message, options: [...answers], required: false }));
    },
    async write(message, start, complaint) {
      const { text } = await import('@clack/prompts');
      const validate = (given: string | undefined) => complaint(given ?? '') ?? undefined;
      return answered(await text({ ...common, message, initialValue: start, validate }));
    },
    async confirm(message) {
      const { confirm } = await import('@clack/prompts');
      return answered(await confirm({ ...common, message, initialValue: true }));
    },
  };
}
