import { fileURLToPath } from 'node:url';
import type { Arena } from '../arena.ts';
import { runMeasured } from '../child.ts';
import { startProject } from '../lite/lite.ts';
import type { Outing } from '../rounds.ts';

const SCRIPT = fileURLToPath(new URL('./script.ts', import.meta.url));

/** The script with supabase-js, in a process of its own, against Supabase Lite. */
export async function pagedScript(arena: Arena): Promise<Outing> {
  const project = await startProject(arena);
  try {
    const env = { SUPABASE_URL: project.url, SUPABASE_SECRET_KEY: project.secretKey };
    const { code, stderr, seconds, peakMegabytes, cpuSeconds } = await runMeasured(SCRIPT, [], { env });
    if (code !== 0) throw new Error(`the script ended with ${code}: ${stderr}`);
    return { seconds, peakMegabytes, clientCpu: cpuSeconds };
  } finally {
    await project.stop();
  }
}
