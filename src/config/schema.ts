import { z } from 'zod';
import { type Name, parseName } from '../sql/name.ts';
import { parsed } from './parsed.ts';
import { parseDuration, parsePercent } from './units.ts';

const sqlName = parsed<Name>(parseName, 'a table name such as public.users or public."Profile"');
const duration = parsed(parseDuration, 'a duration such as 60s, 5m, 2h or 1d');
const percent = parsed(parsePercent, 'a percentage from 0% to 100%');
const column = z.string().min(1);
const expression = z.string().refine((text) => text.trim() !== '', 'expected a SQL expression over the source row u');
const count = z.int().min(0);

const skipSchema = z.strictObject({
  deleted: z.boolean().default(true).describe('skip soft-deleted users'),
  anonymous: z.boolean().default(true).describe('skip anonymous users'),
  sso: z.boolean().default(false).describe('skip SSO users'),
  where: expression.nullable().default(null).describe('SQL over u; rows for which it is TRUE are skipped'),
});

const limitsSchema = z.strictObject({
  share: percent.prefault('20%').describe('refuse a sync when more than this share of the expected users is missing'),
  shareMinimum: count.default(100).describe('below this many missing users, share is ignored'),
  writes: count.default(50_000).describe('refuse a sync that would write more rows than this'),
  failures: count.min(1).default(1000).describe('stop after this many users could not be written'),
  triggers: count.default(100).describe('refuse more writes than this when a trigger on the target reaches outside'),
});

/** userdrift.config.json. Without `target` the database is asked for it, without `columns` the table suggests them. */
const configObject = z.strictObject({
  $schema: z.string().optional(),
  source: sqlName.prefault('auth.users').describe('auth.users, or a view over it'),
  target: sqlName.optional().describe('the table of the application, e.g. public.users; looked for where not given'),
  key: column
    .optional()
    .describe('target column that holds the auth id (exact name); id, or the column that references auth.users'),
  columns: z
    .record(column, expression)
    .optional()
    .describe('target column (exact name) to SQL expression over the source row, alias u; inferred where not given'),
  refresh: z.array(column).default([]).describe('mapped columns that are kept equal after the insert'),
  skip: skipSchema.prefault({}).describe('users that are not expected in the target'),
  repair: z
    .union([z.literal('insert'), z.strictObject({ function: sqlName })], {
      error: 'expected "insert" or {"function": "schema.name"}',
    })
    .prefault('insert')
    .describe('insert rows, or call a function of the application for each missing user'),
  grace: duration.prefault('60s').describe('younger users may still be on their way through the webhook'),
  limits: limitsSchema.prefault({}).describe('guards: a run that would exceed one is refused'),
  orphans: z.literal('report').default('report').describe('rows without a user are counted, never touched'),
});

/** Refresh speaks of columns that are mapped; the key is always written from u.id. */
export const configSchema = configObject.superRefine(({ columns, refresh, key }, context) => {
  refresh.forEach((name, index) => {
    if (columns && Object.hasOwn(columns, name)) return;
    context.addIssue({ code: 'custom', path: ['refresh', index], message: `${name} is not in columns` });
  });
  const forKey = columns?.[key ?? 'id'];
  if (forKey === undefined || /^u\.id(::text)?$/.test(forKey.replace(/[\s"()]/g, ''))) return;
  context.addIssue({ code: 'custom', path: ['columns', key ?? 'id'], message: 'the key is always u.id; leave it out' });
});

export type Config = z.output<typeof configSchema>;

/** The configuration as it is written. */
export type ConfigInput = z.input<typeof configSchema>;
