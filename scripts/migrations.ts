import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { SQL_KINDS } from '../src/sql/kinds.ts';

// Writes supabase/migrations: 20260101000200_trigger.sql is what `userdrift sql trigger` prints in supabase/. The hour in
// a name is for ever: it is how a database knows which migrations it has.

for (const name of readdirSync('supabase/migrations')) {
  const kind = SQL_KINDS.find((each) => name.endsWith(`_${each}.sql`));
  if (kind === undefined) continue;
  // By the configuration alone: the same text on every machine.
  const { DATABASE_URL: _, ...env } = process.env;
  const text = execFileSync(process.execPath, [resolve('bin/userdrift.js'), 'sql', kind], { cwd: 'supabase', env });
  writeFileSync(`supabase/migrations/${name}`, text);
}
