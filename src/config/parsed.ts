import { z } from 'zod';

/** A string that `parse` turns into a value; JSON Schema sees the string. */
export function parsed<T>(parse: (text: string) => T | null, expected: string) {
  return z.string({ error: () => `expected ${expected}` }).transform((text, context): T => {
    const value = parse(text);
    if (value !== null) return value;
    context.addIssue({ code: 'custom', message: `expected ${expected}` });
    return z.NEVER;
  });
}
