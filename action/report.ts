import { readFile } from 'node:fs/promises';
import { type Report, reportSchema } from '../src/report.ts';

/** The report in a file; null when there is none that can be read, or when it is one of a run before `since`. */
export async function readReport(path: string, since: number): Promise<Report | null> {
  try {
    const { data } = reportSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return data && Date.parse(data.startedAt) >= since ? data : null;
  } catch {
    return null;
  }
}
