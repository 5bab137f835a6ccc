import { z } from 'zod';
import { readAction } from './action-file.ts';
import { readWorkflow, type Step, stepsOf, type Workflow } from './workflows.ts';

/** What is wrong with a workflow by the rules that this project has beyond actionlint's; one sentence each. */
export function faultsOf(text: string): string[] {
  const parsed = readWorkflow(text);
  return [
    ...pinFaults(text, parsed),
    ...permissionFaults(parsed),
    ...triggerFaults(parsed),
    ...Object.entries(parsed.jobs).flatMap(([name, each]) =>
      each['timeout-minutes'] === undefined ? [`${name}: no timeout-minutes`] : [],
    ),
    ...stepsOf(parsed).flatMap(stepFaults),
  ];
}

/** `uses: owner/name@<full SHA> # v1.2.3`, or an action of this repository. A tag can be moved to other code. */
const PINNED = /^\s*(?:- )?uses: (?:\.\/\S*|[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/;

function pinFaults(text: string, parsed: Workflow): string[] {
  const lines = text.split('\n').filter((line) => /^[^#]*\buses\b['"]?:/.test(line));
  const unpinned = lines.filter((line) => !PINNED.test(line)).map((line) => `not pinned: ${line.trim()}`);
  const used = stepsOf(parsed).filter(({ uses }) => uses !== undefined).length;
  return used === lines.length ? unpinned : [...unpinned, 'a step uses an action in a way that the rules do not see'];
}

function permissionFaults({ permissions, concurrency, jobs }: Workflow): string[] {
  const faults = Object.entries(jobs).flatMap(([name, each]) =>
    typeof each.permissions === 'object' ? [] : [`${name}: no permissions of its own`],
  );
  if (JSON.stringify(permissions) !== '{}') faults.push('permissions: {} is not at the top');
  const limited = [concurrency, ...Object.values(jobs).map((each) => each.concurrency)];
  return limited.some((limit) => limit !== undefined) ? faults : [...faults, 'no concurrency'];
}

function triggerFaults({ on }: Workflow): string[] {
  const faults = 'pull_request_target' in on ? ['pull_request_target runs code of strangers with our secrets'] : [];
  const schedule = z.array(z.strictObject({ cron: z.string() })).parse(on.schedule ?? []);
  // Each minute of the list; `*` and `0` are when everybody runs.
  const busy = schedule.filter(({ cron }) => !/^([1-9]|[1-5]\d)(,([1-9]|[1-5]\d))* /.test(cron));
  return [...faults, ...busy.map(({ cron }) => `schedule ${cron}: not at a minute of its own`)];
}

function stepFaults({ uses = '', run, with: given = {} }: Step): string[] {
  const faults: string[] = [];
  // Whoever may choose a branch name or an input would write a part of the script.
  if (run?.includes('${{')) faults.push('an expression in a script; hand it over by env');
  if (uses.startsWith('actions/checkout@') && given['persist-credentials'] !== false) {
    faults.push('checkout leaves the token in the work tree');
  }
  if (uses !== './' && !uses.startsWith('userdrift/userdrift@')) return faults;
  const { inputs } = readAction();
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(inputs, name));
  return [...faults, ...unknown.map((name) => `action.yml has no input ${name}`)];
}
