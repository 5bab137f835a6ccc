import { randomBytes } from 'node:crypto';
import { appendFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { renderNoReport, renderSummary } from '../src/render/summary.ts';
import type { Report } from '../src/report.ts';
import { annotationOf, noReportAnnotation } from './annotation.ts';
import type { Ended } from './child.ts';
import { type Annotation, annotate } from './commands.ts';
import type { Environment } from './environment.ts';
import { runFenced } from './fenced.ts';
import { workingFolder } from './folder.ts';
import type { Plan } from './inputs.ts';
import { outputLines, outputsOf } from './outputs.ts';
import { pastRuns } from './past.ts';
import { readReport } from './report.ts';
import { runVariables } from './variables.ts';
import { idFlags } from './visibility.ts';
import type { World } from './world.ts';

/** What became of a run. `report` is null when it left none, and `path` is where it is. */
export interface Outcome {
  code: number;
  report: Report | null;
  path: string;
  cwd: string;
}

/** Runs check, sync or backfill, and tells the runner: outputs, summary, at most one annotation. Throws a Fault before it. */
export async function run(plan: Plan, world: World): Promise<Outcome> {
  const { environment } = world;
  const cwd = await workingFolder(environment);
  const path = resolve(cwd, environment.inputs.report || join(await tempFolder(environment), 'report.json'));
  const argv = [plan.command, ...plan.flags, ...(await idFlags(plan.ids, environment.eventFile)), `--report=${path}`];
  const since = Date.now();
  const ended = await runFenced([...argv, `--log-level=${environment.debug ? 'debug' : 'warn'}`], world, {
    cwd,
    env: runVariables(environment.inputs, environment.variables),
  });
  const outcome = { code: ended.code ?? 1, report: await readReport(path, since), path, cwd };
  const annotation = judge(outcome, ended);
  if (annotation) world.say(annotate(annotation));
  await tell(outcome, { environment, summary: plan.summary ? await summaryOf(outcome, ended, plan, world) : '' });
  return outcome;
}

/** Writes outputs and summary to the files that the runner reads. */
export async function tell(
  { code, report, path }: Pick<Outcome, 'code' | 'report' | 'path'>,
  { environment, summary }: { environment: Environment; summary: string },
): Promise<void> {
  const { outputFile, summaryFile } = environment;
  const outputs = outputLines(outputsOf(code, report, path), randomBytes(16).toString('hex'));
  if (outputFile) await appendFile(outputFile, outputs);
  if (summaryFile && summary !== '') await appendFile(summaryFile, summary);
}

/** A report of success from a process that failed afterwards is not the whole story. */
function judge({ code, report }: Outcome, ended: Ended): Annotation | null {
  if (report === null || report.exitCode !== code) return code === 0 ? null : noReportAnnotation(endOf(ended));
  return annotationOf(report);
}

async function summaryOf({ code, report, cwd }: Outcome, ended: Ended, plan: Plan, world: World): Promise<string> {
  if (report?.exitCode !== code) return renderNoReport(endOf(ended), 'The log has the rest.');
  return renderSummary(report, await pastRuns(report, { flags: plan.flags, cwd }, world));
}

function endOf({ code, signal, said }: Ended): string {
  return said ?? `userdrift ended without a report (${signal ?? `exit ${code}`})`;
}

function tempFolder({ tempFolder: folder }: Environment): Promise<string> {
  return mkdtemp(join(folder ?? tmpdir(), 'userdrift-'));
}
