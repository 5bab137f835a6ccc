import type { Log } from '../run/log.ts';

/** What a callback of the caller throws is none of the run's business: it must not cost the report. */
export function tolerant<Arguments extends unknown[]>(callback: (...given: Arguments) => void) {
  return (...given: Arguments): void => {
    try {
      callback(...given);
    } catch {
      // The caller's own code knows best.
    }
  };
}

/** The log, called as a method: a logger may need its `this`. */
export function tolerantLog(log: Log): Log {
  return {
    debug: tolerant((fields: object, message: string) => log.debug(fields, message)),
    info: tolerant((fields: object, message: string) => log.info(fields, message)),
    warn: tolerant((fields: object, message: string) => log.warn(fields, message)),
  };
}
