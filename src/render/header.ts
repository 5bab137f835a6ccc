import type { Report } from '../report.ts';
import { type Look, paint } from './look.ts';
import { counted } from './units.ts';
import { columns, hang } from './wrap.ts';

/** Which command, between which tables, in which database; and which part of the users, if not all. */
export function header(report: Report, look: Look): string[] {
  const command = `userdrift ${report.command}${report.dryRun ? ' --dry-run' : ''}`;
  const at = [place(report.database), report.transport === 'http' ? 'over HTTP' : ''].filter(Boolean).join(' ');
  return masthead(command, [`${report.source.name} -> ${report.target}`, at, scope(report)], look);
}

/** The command, and beside it, or below where there is no room, what it speaks of. */
export function masthead(command: string, about: string[], look: Look): string[] {
  const facts = about.filter(Boolean);
  const indent = columns(command) + 3;
  if (facts.every((fact) => indent + columns(fact) <= look.width)) {
    const [first, ...others] = facts;
    return [`${paint('bold', command, look)}   ${first}`, ...others.map((fact) => `${' '.repeat(indent)}${fact}`)];
  }
  const lines = facts.flatMap((fact) => hang('  ', fact, look.width, 4));
  return [paint('bold', command, look), ...lines];
}

/** `postgres@db.abc.supabase.co (PostgreSQL 17.6)` */
export function place(database: Report['database']): string {
  const at = [database.user, database.host].filter(Boolean).join('@');
  // Every Supabase database is called postgres: only another name says something.
  const name = database.name && database.name !== 'postgres' ? `/${database.name}` : '';
  const version = database.serverVersion ? `(PostgreSQL ${database.serverVersion})` : '';
  return [`${at}${name}`, version].filter(Boolean).join(' ');
}

/** `only: created since 2026-11-01T00:00:00Z, shard 1/4`; nothing where the run is about all users. */
export function scope({ scope: { full, since, shard, users }, users: outcomes }: Report): string {
  if (full) return '';
  // With --no-ids the list of ids is empty, and the outcomes still count them.
  const named = outcomes?.length ?? users?.length ?? 0;
  const ids = users && (named > 0 ? `${counted(named, 'user')} by id` : 'users by id');
  const parts = [since && `created since ${since}`, shard && `shard ${shard}`, ids];
  return `only: ${parts.filter(Boolean).join(', ')}`;
}
