import type { Arena } from '../arena.ts';
import { startProject } from '../lite/lite.ts';
import type { Program } from '../program.ts';
import type { Outing } from '../rounds.ts';

/** A backfill by userdrift, over a connection to the database. Throws when it does not end with 0. */
export async function backfill({ report }: Program, { url }: Arena, flags: readonly string[] = []): Promise<Outing> {
  return outingOf(await report(['backfill', '--yes', ...flags], { DATABASE_URL: url }));
}

/** The same over the Data API, for which Supabase Lite stands in. */
export async function backfillOverHttp({ report }: Program, arena: Arena): Promise<Outing> {
  const project = await startProject(arena);
  try {
    return outingOf(
      await report(['backfill', '--yes', '--transport', 'http'], {
        SUPABASE_URL: project.url,
        SUPABASE_SECRET_KEY: project.secretKey,
      }),
    );
  } finally {
    await project.stop();
  }
}

function outingOf({
  code,
  stderr,
  seconds,
  peakMegabytes,
  cpuSeconds,
}: Awaited<ReturnType<Program['report']>>): Outing {
  if (code !== 0) throw new Error(`userdrift backfill ended with ${code}: ${stderr}`);
  return { seconds, peakMegabytes, clientCpu: cpuSeconds };
}
