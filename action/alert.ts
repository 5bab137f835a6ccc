import type { Ended } from './child.ts';
import { annotate, type Level } from './commands.ts';
import { runFenced } from './fenced.ts';
import type { Plan } from './inputs.ts';
import { alertVariables } from './variables.ts';
import { idFlags } from './visibility.ts';
import type { World } from './world.ts';

/** Runs `userdrift alert` on the report at `path`. Returns its exit code; a failure is an annotation of the given level. */
export async function alert(
  plan: Plan,
  world: World,
  { path, cwd, level }: { path: string; cwd: string; level: Level },
) {
  const { inputs, variables, eventFile } = world.environment;
  const argv = ['alert', path, ...plan.alertFlags, ...(await idFlags(plan.ids, eventFile))];
  const ended = await runFenced(argv, world, { cwd, env: alertVariables(inputs, variables) });
  if (ended.code !== 0) world.say(annotate({ level, title: 'userdrift alert', message: endOf(ended) }));
  return ended.code ?? 1;
}

function endOf({ code, signal, said }: Ended): string {
  return said ?? `the alert was not sent (${signal ?? `exit ${code}`})`;
}
