/** How loud an annotation is. */
export type Level = 'error' | 'warning';

export interface Annotation {
  level: Level;
  title: string;
  message: string;
}

/** `::error title=…::…`: one line of the log that GitHub shows on the page of the run. */
export function annotate({ level, title, message }: Annotation): string {
  return `::${level} title=${property(title)}::${data(message)}\n`;
}

/** From here on the runner shows `***` where it would show the secret. */
export function mask(secret: string): string {
  return `::add-mask::${data(secret)}\n`;
}

/** Between the two nothing that is printed is a command. The token must be one that nobody can guess. */
export function fence(token: string): { open: string; close: string } {
  return { open: `::stop-commands::${token}\n`, close: `::${token}::\n` };
}

/** actions/setup-node makes annotations of lines that look like those of a compiler, and a name can look like one. */
export function forgetMatchers(): string {
  return ['tsc', 'eslint-stylish', 'eslint-compact'].map((owner) => `::remove-matcher owner=${owner}::\n`).join('');
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
