import { INPUTS, type Inputs } from './inputs.ts';

/** What the runner tells this process, and what it wants to be told. A file that it does not name is undefined. */
export interface Environment {
  inputs: Inputs;
  /** payload of the event, JSON */
  eventFile: string | undefined;
  outputFile: string | undefined;
  summaryFile: string | undefined;
  tempFolder: string | undefined;
  /** Somebody asked for debug logs. */
  debug: boolean;
  /** What userdrift itself may see: no inputs, and no token that it has not asked for. */
  variables: Record<string, string>;
}

const HIDDEN = /^(INPUT_.*|ACTIONS_.*|GITHUB_TOKEN|GITHUB_OUTPUT|GITHUB_ENV|GITHUB_PATH|GITHUB_STEP_SUMMARY)$/i;

/** Reads the environment; the only reader of it here. */
export function readEnvironment(): Environment {
  const { env } = process;
  const input = (name: string) => env[`INPUT_${name.replaceAll('-', '_').toUpperCase()}`]?.trim() ?? '';
  const visible = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    inputs: Object.fromEntries(INPUTS.map((name) => [name, input(name)])) as Inputs,
    eventFile: env.GITHUB_EVENT_PATH,
    outputFile: env.GITHUB_OUTPUT,
    summaryFile: env.GITHUB_STEP_SUMMARY,
    tempFolder: env.RUNNER_TEMP,
    debug: env.RUNNER_DEBUG === '1',
    variables: Object.fromEntries(visible.filter(([name]) => !HIDDEN.test(name))),
  };
}
