import { CONFIG_FILE } from '../config/load.ts';
import { renderJson } from '../render/json.ts';
import { measuredRun } from '../render/measured-run.ts';
import type { Report } from '../report.ts';
import type { Flags } from './flags.ts';
import { outputFile } from './output-file.ts';

/** The files that a run leaves: --report and --metrics-file. */
export interface Files {
  /**
   * Throws a Fault when one cannot be written after all: exit 1 whatever the run came to, for the one as for the other. Who
   * asks for a file acts on what it says, and would act on the file of an earlier run.
   */
  write(report: Report): Promise<void>;
}

/** Makes sure before the run that both can be written. Throws a Fault that names the flag. */
export async function openFiles({ report: reportPath, metricsFile: metricsPath, config }: Flags): Promise<Files> {
  const others = { 'the configuration': config ?? CONFIG_FILE };
  const report = reportPath === undefined ? null : await outputFile('--report', reportPath, others);
  const metrics =
    metricsPath === undefined
      ? null
      : await outputFile('--metrics-file', metricsPath, { ...others, 'the report': reportPath });
  return {
    async write(shown) {
      // One that fails keeps the other from nobody.
      const ends = await Promise.allSettled([
        report?.write(renderJson(shown)),
        metrics && metricsOf(shown, await metrics.read()).then(metrics.write),
      ]);
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    },
  };
}

/** Loaded when it is asked for: most runs need no metrics. */
async function metricsOf(report: Report, earlier: string): Promise<string> {
  const { renderMetrics } = await import('../render/metrics.ts');
  return renderMetrics([measuredRun(report, earlier)]);
}
