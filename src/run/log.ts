/** Where a run says what happens on its way: fields first, then the message. pino has it, and so has `console`. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export const NO_LOG: Log = { debug: () => {}, info: () => {}, warn: () => {} };
