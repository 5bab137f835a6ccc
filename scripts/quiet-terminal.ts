import { pino } from 'pino';
import type { Terminal } from '../src/commands/terminal.ts';
import { envOf } from '../src/config/env.ts';

/** A terminal at which nobody sits and on which nothing is seen; `variables` are the environment. */
export function quietTerminal(variables: Parameters<typeof envOf>[0] = {}): Terminal {
  const nothing = () => {};
  const nobody = () => Promise.reject(new TypeError('nobody is there to be asked'));
  return {
    env: envOf(variables),
    version: '0.0.0',
    input: () => Promise.resolve(''),
    out: nothing,
    err: nothing,
    status: nothing,
    look: { color: false, unicode: true, width: 100 },
    interactive: false,
    ask: () => Promise.resolve(false),
    questions: { pick: nobody, pickSome: nobody, write: nobody, confirm: nobody },
    logger: () => Promise.resolve(pino({ enabled: false })),
    errIsTerminal: false,
    stop: new AbortController(),
    hurry: new AbortController().signal,
    leave: new AbortController().signal,
  };
}
