import { structuredPatch } from 'diff';
import type { FileChange } from '../proposal.ts';
import type { SqlKind } from '../sql/kinds.ts';
import type { Part } from './parts.ts';
import { workflowFor } from './workflow.ts';

/** The SQL that a part consists of. */
const SQL: Readonly<Record<Part, readonly SqlKind[]>> = {
  trigger: ['trigger'],
  functions: ['functions'],
  history: ['history'],
  edge: ['functions', 'webhook'],
  workflow: [],
  crontab: [],
};

/** Where the package has what is copied. */
export const TEMPLATES = {
  workflow: '.github/workflows/user-sync.yml',
  crontab: 'crontab',
  edge: 'supabase/functions/sync-user',
} as const;

const CONFIG_TOML = 'supabase/config.toml';
const VERIFY = `[functions.sync-user]
# Its callers hold no token of a user: it checks the signature of each request itself.
verify_jwt = false
`;

export interface PlannedFile {
  path: string;
  text: string;
  what: string;
}

/** The directory as it is, and what the package brings. */
export interface Site {
  /** supabase/config.toml; null: there is none */
  configToml: string | null;
  supabase: boolean;
  /** Migrations, by name. */
  migrations: ReadonlyMap<string, string>;
  /** Texts of the package, by their path in it. */
  templates: ReadonlyMap<string, string>;
  /** What a workflow writes after `uses:`. */
  action: string;
  now: Date;
}

/** The SQL that these parts need, each once, in the order in which it is applied. */
export function sqlOf(parts: readonly Part[]): SqlKind[] {
  return [...new Set(parts.flatMap((part) => SQL[part]))];
}

/** The files of these parts. `sql` has the text of each kind that `sqlOf` names. Pure. */
export function filesOf(parts: readonly Part[], sql: ReadonlyMap<SqlKind, string>, site: Site): PlannedFile[] {
  const migrations = sqlOf(parts).map((kind, at) => migration(kind, sql.get(kind) ?? '', at, site));
  return [...migrations, ...parts.flatMap((part) => copies(part, site))];
}

function migration(kind: SqlKind, text: string, at: number, { supabase, migrations, now }: Site): PlannedFile {
  const what = `userdrift sql ${kind}`;
  if (!supabase) return { path: `userdrift_${kind}.sql`, text, what };
  const ending = `_userdrift_${kind}.sql`;
  // One that is there may have been applied: another text is another migration.
  const same = [...migrations].find(([name, there]) => name.endsWith(ending) && there === text)?.[0];
  return { path: `supabase/migrations/${same ?? `${stamp(now, at)}${ending}`}`, text, what };
}

/** `20261116090507`, `later` seconds after `now`: migrations run in the order of their names. */
function stamp(now: Date, later: number): string {
  return new Date(now.getTime() + later * 1000).toISOString().slice(0, 19).replace(/\D/g, '');
}

function copies(part: Part, site: Site): PlannedFile[] {
  const { templates } = site;
  const of = (path: string) => templates.get(path) ?? '';
  if (part === 'crontab') return [{ path: 'crontab', text: of(TEMPLATES.crontab), what: 'when userdrift runs' }];
  if (part === 'workflow') {
    const text = workflowFor(of(TEMPLATES.workflow), site.action);
    return [{ path: TEMPLATES.workflow, text, what: 'userdrift on GitHub Actions' }];
  }
  if (part !== 'edge') return [];
  const files = [...templates].filter(([path]) => path.startsWith(`${TEMPLATES.edge}/`));
  return [...files.map(([path, text]) => ({ path, text, what: 'Edge Function' })), ...toml(site)];
}

/** The gateway must let requests through that no user signed. */
function toml({ configToml }: Site): PlannedFile[] {
  if (configToml === null || sectionIn(configToml) !== null) return [];
  const text = `${configToml.replace(/\n*$/, '\n')}\n${VERIFY}`;
  return [{ path: CONFIG_TOML, text, what: 'lets the webhook reach the Edge Function' }];
}

/** What the configuration of the project says of the function; null: nothing. */
function sectionIn(configToml: string): string | null {
  return /^\s*\[functions\.("?)sync-user\1\]([^[]*)/m.exec(configToml)?.[2] ?? null;
}

/** Does it keep out who has no token of a user, and is left as it is? */
function staysClosed(configToml: string | null): boolean {
  if (configToml === null) return true;
  const section = sectionIn(configToml);
  return section !== null && !/^\s*verify_jwt\s*=\s*false\b/m.test(section);
}

/** What is still to do by hand, a line for each. */
export function stepsAfter(parts: readonly Part[], { configToml, supabase }: Site): string[] {
  const sql = sqlOf(parts);
  return [
    ...(sql.length > 0
      ? [
          supabase
            ? 'apply the migrations: supabase db push'
            : `read and apply ${sql.map((kind) => `userdrift_${kind}.sql`).join(', ')} with psql`,
        ]
      : []),
    ...(parts.includes('edge') && staysClosed(configToml)
      ? ['say in supabase/config.toml: [functions.sync-user] verify_jwt = false']
      : []),
    ...(parts.includes('edge') ? ['store the secret of the webhook, then: supabase functions deploy sync-user'] : []),
    ...(parts.includes('workflow')
      ? ['give the environment production of the repository the secret DATABASE_URL']
      : []),
    ...(parts.includes('crontab') ? ['start it where it is to run: userdrift schedule'] : []),
  ];
}

/** A planned file beside what is there now; null: nothing is. */
export function changeOf({ path, text, what }: PlannedFile, there: string | null): FileChange {
  if (there === null) return { path, text, what, state: 'new', patch: [] };
  if (there === text) return { path, text, what, state: 'unchanged', patch: [] };
  const { hunks } = structuredPatch(path, path, there, text, undefined, undefined, { context: 3 });
  const patch = hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines,
  ]);
  return { path, text, what, state: 'changed', patch };
}
