/** What can be written besides the configuration, in the words of `--with`. */
export const PARTS = {
  trigger: 'migration: copy new users at once, by a trigger on auth.users',
  functions: 'migration: the functions for runs over HTTP',
  history: 'migration: a table of past runs',
  edge: 'the Edge Function sync-user, with the functions and the signed webhook that it needs',
  workflow: 'GitHub Actions: a sync every hour, and an issue about who stays missing',
  crontab: 'the lines for userdrift schedule, cron and supercronic',
} as const;
export type Part = keyof typeof PARTS;
