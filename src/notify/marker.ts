import { z } from 'zod';

const schema = z.object({
  environment: z.string(),
  /** Empty: the run ended before it knew its target. */
  target: z.string(),
  /** Does the alert go on? False once a clean run has ended it. */
  open: z.boolean(),
  kind: z.enum(['drift', 'blind']),
  reason: z.string().nullable(),
  /** ISO 8601: the report with which this kind of trouble began */
  since: z.string(),
  /** The last number of missing users that a run has seen. */
  missing: z.number().nullable(),
  /** The highest number that has been told by opening or commenting. */
  told: z.number(),
  /** Did the last report speak of all users? */
  full: z.boolean(),
  run: z.string(),
  /** ISO 8601: when the run of the last report began */
  at: z.string(),
});

/** What an issue knows of its own story: the only memory that an alert has. */
export type Marker = z.infer<typeof schema>;

/** The hidden line at the top of a body. `--` would end an HTML comment, and `<` or `>` could begin something else. */
export function markerLine(marker: Marker): string {
  const json = JSON.stringify(marker).replace(/-(?=-)|[<>\u2028\u2029]/g, escaped);
  return `<!-- userdrift: ${json} -->`;
}

/** The marker of a body; null: it has none that can be read. */
export function markerIn(body: string): Marker | null {
  const [, json] = /^<!-- userdrift: (\{.*\}) -->\s*$/m.exec(body) ?? [];
  if (json === undefined) return null;
  try {
    return schema.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}

function escaped(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
