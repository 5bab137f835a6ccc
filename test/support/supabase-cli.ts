import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Finished {
  code: unknown;
  stdout: string;
  stderr: string;
}

/**
 * Runs the Supabase CLI in a folder that has a folder supabase/. With these variables it opens no connection but the one
 * to the database; without them it asks for its newest version and reports its use.
 */
export async function supabaseCli(args: readonly string[], cwd = resolve('.')): Promise<Finished> {
  const home = await mkdtemp(join(tmpdir(), 'userdrift-supabase-'));
  try {
    const child = spawn(process.execPath, [resolve('node_modules/supabase/dist/supabase.js'), ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 50_000,
      env: {
        PATH: '/usr/bin:/bin',
        HOME: home,
        SUPABASE_TELEMETRY_DISABLED: '1',
        DO_NOT_TRACK: '1',
        SUPABASE_NO_UPDATE_NOTIFIER: '1',
        NO_COLOR: '1',
      },
    });
    const finished = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      finished.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      finished.stderr += text;
    });
    const [code] = await once(child, 'close');
    return { code, ...finished };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
