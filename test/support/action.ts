import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type Report, reportSchema } from '../../src/report.ts';
import { type ActionStep, readAction } from './action-file.ts';
import { expectNoCanary } from './people.ts';
import { type RunnerLog, readRunnerLog } from './runner-log.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMPILED = join(ROOT, 'node_modules/.cache/userdrift-tests');

/** Payloads of events, as far as they matter here. */
export const PRIVATE = { repository: { private: true, visibility: 'private' }, schedule: '23 * * * *' };
export const PUBLIC = { repository: { private: false, visibility: 'public' }, schedule: '23 * * * *' };

export interface ActionOptions {
  /** payload of the event; default: of a private repository */
  event?: object | null;
  /** files of the workspace */
  files?: Record<string, string>;
  /** variables of the job */
  env?: Record<string, string>;
}

export interface ActionEnd extends RunnerLog {
  code: number | null;
  signal: NodeJS.Signals | null;
  outputs: Record<string, string>;
  summary: string;
  /** The report that the output of the same name leads to. */
  report: Report | null;
  /** All that anybody can see. */
  all: string;
}

export interface RunningAction {
  child: ChildProcess;
  done: Promise<ActionEnd>;
}

/** Runs the last step of action.yml as the runner does: the script in bash, inputs as its `env` says, files to write to. */
export async function runAction(given: Record<string, string>, options: ActionOptions = {}): Promise<ActionEnd> {
  return (await startAction(given, options)).done;
}

/** As `runAction`, for a test that has something to do meanwhile. */
export async function startAction(given: Record<string, string>, options: ActionOptions = {}): Promise<RunningAction> {
  const folder = await mkdtemp(join(tmpdir(), 'userdrift-action-'));
  const { event = PRIVATE, files = {}, env = {} } = options;
  for (const [name, text] of Object.entries({
    'work/.keep': '',
    'temp/.keep': '',
    output: '',
    summary: '',
    ...prefixed(files),
  })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  await writeFile(join(folder, 'event.json'), event === null ? 'no json' : JSON.stringify(event));
  const { steps } = readAction().runs;
  const step = steps.find(({ id }) => id === 'run');
  if (!step) throw new Error('action.yml has no step with the id run');
  const child = runStep(step, folder, { ...runnerFiles(folder), ...env, ...stepEnv(step, given) });
  const done = finish(child, folder).finally(() => rm(folder, { recursive: true, force: true }));
  done.catch(() => {});
  return { child, done };
}

/** A `run` step as the runner does it for `shell: bash`: from a file, so that bash stays between unless the script says exec. */
export function runStep(step: ActionStep, folder: string, env: Record<string, string>): ChildProcess {
  expect(step.shell).toBe('bash');
  const path = [dirname(process.execPath), '/usr/bin', '/bin'].join(':');
  const script = join(folder, 'script.sh');
  writeFileSync(script, step.run ?? '');
  return spawn('/bin/bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', script], {
    cwd: join(folder, 'work'),
    env: { PATH: path, GITHUB_ACTION_PATH: ROOT, ...env },
    stdio: 'pipe',
  });
}

/** `env` with the inputs in place of the expressions; a default counts where nothing is given. */
function stepEnv(step: ActionStep, given: Record<string, string>): Record<string, string> {
  const { inputs } = readAction();
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(inputs, name));
  if (unknown.length > 0) throw new Error(`action.yml has no input ${unknown.join(', ')}`);
  const value = (name: string) =>
    (given[name] ?? inputs[name]?.default ?? '').replace(/^\$\{\{ github\.token \}\}$/, 'ghs_token');
  const filled = Object.entries(step.env ?? {}).map(([name, text]): [string, string] => {
    const [, input] = /^\$\{\{ inputs\.([\w-]+) \}\}$/.exec(text) ?? [];
    if (input === undefined) throw new Error(`${name} is no input alone: ${text}`);
    return [name, value(input)];
  });
  return Object.fromEntries(filled);
}

function runnerFiles(folder: string): Record<string, string> {
  return {
    LANG: 'C.UTF-8',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_REPOSITORY: 'acme/app',
    // Nobody listens there: an alert fails, and no test talks to GitHub.
    GITHUB_API_URL: 'http://127.0.0.1:1',
    GITHUB_EVENT_PATH: join(folder, 'event.json'),
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    RUNNER_TEMP: join(folder, 'temp'),
    NODE_COMPILE_CACHE: COMPILED,
  };
}

function prefixed(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`work/${name}`, text]));
}

async function finish(child: ChildProcess, folder: string): Promise<ActionEnd> {
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      printed += String(chunk);
    });
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  clearTimeout(timer);
  const log = readRunnerLog(printed);
  const written = await readFile(join(folder, 'output'), 'utf8');
  const summary = await readFile(join(folder, 'summary'), 'utf8');
  const outputs = readOutputs(written);
  const text = outputs.report ? await readFile(outputs.report, 'utf8') : null;
  const all = [log.seen, JSON.stringify(log.annotations), written, summary, text].join('\n');
  expectNoCanary(all);
  expect(log.annotations.filter(({ level }) => level === 'error').length, printed).toBeLessThanOrEqual(1);
  expect([...log.matchers], 'matchers that could take a name for an error').toEqual([]);
  return {
    ...log,
    code,
    signal,
    outputs,
    summary,
    report: text === null ? null : reportSchema.parse(JSON.parse(text)),
    all,
  };
}

/** `name<<delimiter`, lines, delimiter. */
function readOutputs(text: string): Record<string, string> {
  const lines = text.split('\n');
  const outputs: Record<string, string> = {};
  while (lines.length > 0) {
    const [, name, delimiter] = /^([\w-]+)<<(\S+)$/.exec(lines.shift() ?? '') ?? [];
    if (name === undefined || delimiter === undefined) continue;
    const value = lines.splice(0, lines.indexOf(delimiter));
    outputs[name] = value.join('\n');
  }
  return outputs;
}
