import { Fault } from '../src/fault.ts';

const RUNS = ['check', 'sync', 'backfill'] as const;
const WRITING = ['sync', 'backfill'] as const;
const COMMANDS = [...RUNS, 'alert'] as const;

type Run = (typeof RUNS)[number];

/** How an input becomes a flag of the same name. `optional`: `true` is the flag alone, anything else its value. */
interface Flag {
  kind: 'value' | 'boolean' | 'optional' | 'list';
  commands: readonly Run[];
}

const FLAGS = {
  config: { kind: 'value', commands: RUNS },
  target: { kind: 'value', commands: RUNS },
  key: { kind: 'value', commands: RUNS },
  user: { kind: 'list', commands: ['check', 'sync'] },
  since: { kind: 'value', commands: RUNS },
  grace: { kind: 'value', commands: RUNS },
  shard: { kind: 'value', commands: RUNS },
  'max-drift': { kind: 'value', commands: RUNS },
  deadline: { kind: 'value', commands: RUNS },
  'dry-run': { kind: 'boolean', commands: WRITING },
  'fail-on': { kind: 'value', commands: WRITING },
  'max-writes': { kind: 'value', commands: WRITING },
  'allow-share': { kind: 'optional', commands: WRITING },
  'allow-triggers': { kind: 'optional', commands: WRITING },
  concurrency: { kind: 'value', commands: WRITING },
  wait: { kind: 'value', commands: WRITING },
  'busy-ok': { kind: 'boolean', commands: WRITING },
} as const satisfies Record<string, Flag>;

/** Every input of action.yml. */
export const INPUTS = [
  'command',
  'database-url',
  'ca-cert',
  ...(Object.keys(FLAGS) as (keyof typeof FLAGS)[]),
  'ping-url',
  'working-directory',
  'report',
  'ids',
  'summary',
  'alert',
  'environment',
  'older-than',
  'github-token',
  'slack-webhook-url',
] as const;

/** The inputs as they were given, without white space around them; empty: not given. */
export type Inputs = Record<(typeof INPUTS)[number], string>;

/** What the inputs ask for. */
export interface Plan {
  command: (typeof COMMANDS)[number];
  /** flags of the run, without --report and --no-ids */
  flags: string[];
  ids: 'auto' | 'always' | 'never';
  summary: boolean;
  /** Tell the issue or Slack of the report afterwards. */
  alert: boolean;
  alertFlags: string[];
}

/** Reads the inputs. Throws one Fault that names every input that is wrong. */
export function planOf(inputs: Inputs): Plan {
  const faults: string[] = [];
  const choice = <T extends string>(name: keyof Inputs, among: readonly T[], otherwise: T): T => {
    const found = inputs[name] === '' ? otherwise : among.find((each) => each === inputs[name]);
    if (found === undefined) faults.push(`${name}: expected ${either(among)}`);
    return found ?? otherwise;
  };
  const yes = (name: keyof Inputs, otherwise: boolean): boolean => {
    const spelled = inputs[name].toLowerCase();
    if (!['', 'true', 'false'].includes(spelled)) faults.push(`${name}: expected true or false`);
    return spelled === '' ? otherwise : spelled === 'true';
  };
  const command = choice('command', COMMANDS, 'check');
  const plan: Plan = {
    command,
    flags: command === 'alert' ? [] : flagsOf(command, inputs, { yes, faults }),
    ids: choice('ids', ['auto', 'always', 'never'], 'auto'),
    summary: yes('summary', true),
    alert: yes('alert', false),
    alertFlags: (['environment', 'older-than'] as const).flatMap((name) =>
      inputs[name] === '' ? [] : [`--${name}=${inputs[name]}`],
    ),
  };
  if (command === 'alert' && inputs.report === '') faults.push('report: the report that the alert is about is needed');
  if (faults.length > 0) throw new Fault('inputs_invalid', faults.join('; '), { verdict: 'usage' });
  return plan;
}

/** `--name=value`, so that no value is taken for a flag of its own. */
function flagsOf(
  command: Run,
  inputs: Inputs,
  { yes, faults }: { yes: (name: keyof Inputs, otherwise: boolean) => boolean; faults: string[] },
): string[] {
  return (Object.entries(FLAGS) as [keyof typeof FLAGS, Flag][]).flatMap(([name, { kind, commands }]) => {
    const text = inputs[name];
    const alone = kind === 'boolean' ? yes(name, false) : kind === 'optional' && text.toLowerCase() === 'true';
    const off = kind === 'boolean' ? !alone : text === '' || (kind === 'optional' && text.toLowerCase() === 'false');
    if (off) return [];
    if (!commands.includes(command)) faults.push(`${name}: for ${either(commands)} only`);
    if (alone) return [`--${name}`];
    return (kind === 'list' ? text.split(/[\s,]+/) : [text]).map((value) => `--${name}=${value}`);
  });
}

function either(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
