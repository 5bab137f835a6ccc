import { z } from 'zod';
import type { Arena } from '../arena.ts';
import { startCompanion } from '../companion.ts';

const projectSchema = z.object({ url: z.string(), secretKey: z.string() });

/** Auth and Data API of a project: the way to its database over HTTP. */
export interface Project extends z.infer<typeof projectSchema> {
  stop(): Promise<void>;
}

/** Starts Supabase Lite before an arena, in a process of its own. It adds its own tables to schema auth. */
export async function startProject({ url, superuserUrl }: Arena): Promise<Project> {
  const file = new URL('./lite-process.ts', import.meta.url);
  const companion = await startCompanion(file, { url, superuserUrl }, { LITE_TELEMETRY: '0' });
  return { ...projectSchema.parse(companion.ready), stop: async () => void (await companion.stop()) };
}
