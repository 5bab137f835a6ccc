import type { Logger } from 'pino';
import type { Env } from '../config/env.ts';
import type { Look } from '../render/look.ts';
import type { Questions } from './questions.ts';

/** The world outside, as `cli.ts` hands it to a command. */
export interface Terminal {
  env: Env;
  version: string;
  /** All of stdin. */
  input: () => Promise<string>;
  out: (text: string) => void;
  err: (text: string) => void;
  /** Rewrites one line of stderr, as wide as the window is now; null takes it away. Does nothing off a terminal. */
  status: (draw: ((width: number) => string) | null) => void;
  look: Look;
  /** Is there a person who can be asked? */
  interactive: boolean;
  ask: (question: string) => Promise<boolean>;
  /** Loads what it takes to write a log. */
  logger: (level: string) => Promise<Logger>;
  /** For who is interactive only. */
  questions: Questions;
  errIsTerminal: boolean;
  stop: AbortController;
  hurry: AbortSignal;
  /** The process leaves at once, and nothing that waits happens any more. */
  leave: AbortSignal;
}
