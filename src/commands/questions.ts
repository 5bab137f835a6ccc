/** One of several answers. */
export interface Answer {
  value: string;
  label: string;
  hint?: string;
}

/** How a person at a terminal is asked. Each throws the Interruption of Ctrl-C. */
export interface Questions {
  pick(message: string, answers: readonly Answer[]): Promise<string>;
  pickSome(message: string, answers: readonly Answer[]): Promise<string[]>;
  /** A line of text; `complaint` says what is wrong with one, null: nothing. */
  write(message: string, start: string, complaint: (text: string) => string | null): Promise<string>;
  confirm(message: string): Promise<boolean>;
}
