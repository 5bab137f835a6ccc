import type { z } from 'zod';

/** What is wrong with a value, as lines that begin with the path of the field; `whole` names the value itself. */
export function describeIssue(issue: z.core.$ZodIssue, whole: string): string[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => `${[...path, key].join('.')}: unknown key`);
  const where = path.length > 0 ? path.join('.') : whole;
  return [`${where}: ${issue.message.replace(/^Invalid input: /, '')}`];
}
