import { z } from 'zod';

const count = z.int().min(0);

const LEVELS = ['ok', 'warning', 'problem'] as const;

/** In the order in which a person would look. */
const TOPICS = [
  'connection',
  'server',
  'role',
  'source',
  'target',
  'key',
  'columns',
  'repair',
  'triggers',
  'causes',
  'access',
  'history',
] as const;

const findingSchema = z.object({
  about: z.enum(TOPICS),
  level: z.enum(LEVELS),
  code: z.string().meta({ description: 'stable name of the kind of finding' }),
  fact: z.string(),
  fix: z.string().nullable().meta({ description: 'a command, SQL, or what to do' }),
});

/** What `userdrift doctor` found, version 1. Names and facts of the catalog and of the configuration only: no row is quoted. */
export const examinationSchema = z.object({
  version: z.literal(1),
  tool: z.object({ version: z.string() }),
  exitCode: z
    .union([z.literal(0), z.literal(1)])
    .meta({ description: '1: there is a problem: a sync would stop, or the API reaches what it should not' }),
  database: z.object({
    host: z.string().nullable(),
    name: z.string().nullable(),
    user: z.string().nullable(),
    serverVersion: z.string().nullable(),
  }),
  source: z.string(),
  target: z.string().meta({ description: 'empty: not known' }),
  key: z.string(),
  durationMs: count,
  counts: z.object({ ok: count, warning: count, problem: count }),
  findings: z.array(findingSchema),
});

export type Level = (typeof LEVELS)[number];
/** What a finding speaks of. */
export type Topic = (typeof TOPICS)[number];
export type Examination = z.infer<typeof examinationSchema>;
