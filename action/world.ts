import type { ChildProcess } from 'node:child_process';
import type { Environment } from './environment.ts';

/** What `main.ts` hands to those who do the work. */
export interface World {
  environment: Environment;
  say: (text: string) => void;
  /** Gets each process that is started, so that signals reach it. */
  holds: (child: ChildProcess) => void;
}
