// What action.yml runs: inputs become a command line, and its report becomes outputs, a summary and one annotation. The
// only file here that prints, exits or listens to signals.
import type { ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { exitCodeOf, USAGE } from '../src/exit-codes.ts';
import { Fault } from '../src/fault.ts';
import { renderNoReport } from '../src/render/summary.ts';
import { alert } from './alert.ts';
import { noReportAnnotation } from './annotation.ts';
import { annotate, forgetMatchers, mask } from './commands.ts';
import { readEnvironment } from './environment.ts';
import { workingFolder } from './folder.ts';
import { planOf } from './inputs.ts';
import { run, tell } from './run.ts';
import { secretsOf } from './variables.ts';
import type { World } from './world.ts';

async function main(world: World): Promise<number> {
  const { inputs, variables } = world.environment;
  // Before anything that could show one of them.
  for (const secret of secretsOf(inputs, variables)) world.say(mask(secret));
  world.say(forgetMatchers());
  const plan = planOf(inputs);
  if (plan.command === 'alert') {
    const cwd = await workingFolder(world.environment);
    return alert(plan, world, { path: resolve(cwd, inputs.report), cwd, level: 'error' });
  }
  const { code, report, path, cwd } = await run(plan, world);
  // An alert that fails is worth a warning, and never another exit code.
  if (plan.alert && report && report.verdict !== 'interrupted') {
    await alert(plan, world, { path, cwd, level: 'warning' });
  }
  return code;
}

/** What stopped the action before there was a run to report. */
async function giveUp(error: unknown, { say, environment }: World): Promise<number> {
  const fault = error instanceof Fault ? error : null;
  const fix = fault?.fix ? ` Fix: ${fault.fix}` : '';
  // The class alone: the message of an unforeseen error could quote a secret.
  const what = fault
    ? `${fault.message}.${fix}`
    : `unexpected ${error instanceof Error ? error.constructor.name : 'error'}`;
  const code = fault?.verdict === 'usage' ? USAGE : exitCodeOf('failed');
  say(annotate(noReportAnnotation(what)));
  await tell({ code, report: null, path: '' }, { environment, summary: renderNoReport(what, '') });
  return code;
}

/** GitHub sends SIGINT on cancelling, and SIGTERM 7.5 seconds later; userdrift settles at the one and hurries at the other. */
function listenToSignals(): (child: ChildProcess) => void {
  let child: ChildProcess | null = null;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (child === null) process.exit(signal === 'SIGTERM' ? 143 : exitCodeOf('interrupted'));
      child.kill(signal);
    });
  }
  return (held) => {
    child = held;
  };
}

// Earned, not assumed: Node exits 0 when a promise never settles.
process.exitCode = 1;
const world: World = {
  environment: readEnvironment(),
  say: (text) => void process.stdout.write(text),
  holds: listenToSignals(),
};
process.exitCode = await main(world).catch((error: unknown) => giveUp(error, world));
