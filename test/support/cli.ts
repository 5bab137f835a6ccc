import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { type Report, reportSchema } from '../../src/report.ts';
import { expectNoCanary } from './people.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BIN = join(ROOT, 'bin/userdrift.js');
/** Compiling the sources is half of a short run; every run of the suite would do it again. */
const COMPILED = join(ROOT, 'node_modules/.cache/userdrift-tests');

export interface CliOptions {
  /** DATABASE_URL; left out: not set */
  url?: string;
  /** userdrift.config.json: an object, or the text itself */
  config?: object | string;
  /** other files of the working directory */
  files?: Record<string, string>;
  env?: Record<string, string>;
  /** `pipe` (default): open and silent; `closed`: no such file descriptor; a string: sent, then closed */
  stdin?: 'pipe' | 'closed' | { text: string };
  /** `closed`: no such file descriptor; `one byte`: read once and then closed, as `head -c 1` does; a path: written there */
  stdout?: 'pipe' | 'closed' | 'one byte' | { path: string };
  stderr?: 'pipe' | 'closed' | 'one byte';
  /** The process is killed and the test fails after this; default 30 s. */
  timeout?: number;
}

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Lines of stderr that are not log lines: what a person reads there. */
  said: string[];
  /** The log, one object per line. */
  log: Record<string, unknown>[];
  /** Files of the working directory afterwards, without those that the test put there. */
  files: Record<string, string>;
  ms: number;
  /** The report that `--json` printed. */
  json: () => Report;
}

/** The CLI while it runs. */
export interface Running {
  child: ChildProcess;
  kill: (signal: NodeJS.Signals) => void;
  done: Promise<Finished>;
}

/** Spawns the real CLI in a directory of its own and a clean environment; waits for its end and checks what holds for every run. */
export async function run(args: readonly string[], options: CliOptions = {}): Promise<Finished> {
  return (await start(args, options)).done;
}

/** As `run`, for a test that has something to do meanwhile. */
export async function start(args: readonly string[], options: CliOptions = {}): Promise<Running> {
  const directory = await mkdtemp(join(tmpdir(), 'userdrift-cli-'));
  const given = await furnish(directory, options);
  const child = spawnCli(args, directory, options);
  const done = finish(child, options)
    .then(async (end): Promise<Finished> => {
      const files = await leftIn(directory, given);
      const finished = { ...end, files, json: () => reportIn(end.stdout) };
      expectGoodManners(args, finished, options);
      return finished;
    })
    .finally(() => rm(directory, { recursive: true, force: true }));
  done.catch(() => {});
  return { child, kill: (signal) => void child.kill(signal), done };
}

async function furnish(directory: string, { config, files = {} }: CliOptions): Promise<Set<string>> {
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  const given = { ...files, ...(config === undefined ? {} : { 'userdrift.config.json': text }) };
  for (const [name, content] of Object.entries(given)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), content);
  }
  return new Set(Object.keys(given));
}

/** A shell closes or redirects what Node cannot; `exec` makes the CLI itself the child, so that signals reach it. */
function spawnCli(args: readonly string[], cwd: string, options: CliOptions): ChildProcess {
  const { url, env = {}, stdin, stdout, stderr } = options;
  const redirections = [
    ...(stdin === 'closed' ? ['<&-'] : []),
    ...(stdout === 'closed' ? ['>&-'] : typeof stdout === 'object' ? [`>${stdout.path}`] : []),
    ...(stderr === 'closed' ? ['2>&-'] : []),
  ];
  const command = [process.execPath, BIN, ...args];
  const [file, ...rest] =
    redirections.length === 0 ? command : ['/bin/sh', '-c', `exec "$0" "$@" ${redirections.join(' ')}`, ...command];
  return spawn(file ?? '', rest, {
    cwd,
    stdio: 'pipe',
    env: {
      PATH: '/usr/bin:/bin',
      LANG: 'C.UTF-8',
      NODE_COMPILE_CACHE: COMPILED,
      ...(url === undefined ? {} : { DATABASE_URL: url }),
      ...env,
    },
  });
}

type End = Omit<Finished, 'files' | 'json'>;

async function finish(child: ChildProcess, options: CliOptions): Promise<End> {
  const { stdin = 'pipe', timeout = 30_000 } = options;
  const started = performance.now();
  const stdout = collect(child.stdout, options.stdout === 'one byte');
  const stderr = collect(child.stderr, options.stderr === 'one byte');
  child.stdin?.on('error', () => {});
  if (typeof stdin === 'object') child.stdin?.end(stdin.text);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeout);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  clearTimeout(timer);
  const end = { code, signal, stdout: stdout(), stderr: stderr(), ms: performance.now() - started };
  expect(late, `still running after ${timeout} ms: ${end.stdout}${end.stderr}`).toBe(false);
  return { ...end, ...readLog(end.stderr) };
}

function collect(stream: ChildProcess['stdout'], oneByte: boolean): () => string {
  const chunks: Buffer[] = [];
  stream?.on('error', () => {});
  stream?.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    if (oneByte) stream.destroy();
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function readLog(stderr: string): Pick<Finished, 'said' | 'log'> {
  const lines = stderr.split('\n').filter((line) => line !== '');
  const isLog = (line: string) => line.startsWith('{') && line.endsWith('}');
  return {
    said: lines.filter((line) => !isLog(line)),
    log: lines.filter(isLog).map((line): Record<string, unknown> => JSON.parse(line)),
  };
}

async function leftIn(directory: string, given: ReadonlySet<string>): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(directory, join(parentPath, name)));
  const left = paths.filter((path) => !given.has(path));
  return Object.fromEntries(
    await Promise.all(left.map(async (path) => [path, await readFile(join(directory, path), 'utf8')] as const)),
  );
}

/** The report in the output of `--json` or in a report file: exactly one document, with nothing that the schema does not know. */
export function reportIn(text: string): Report {
  const document: unknown = JSON.parse(text);
  const report = reportSchema.parse(document);
  expect(document, 'the report has what its schema does not know').toEqual(report);
  expect(text, 'the report is one line').toBe(`${text.trimEnd()}\n`);
  const { scanned, inserted, alreadyPresent, vanished, excluded, suppressed, failed, unresolved } = report.repair;
  const accounted = inserted + alreadyPresent + vanished + excluded + suppressed + failed + unresolved;
  expect(accounted, `the accounting identity of ${JSON.stringify(report.repair)}`).toBe(scanned);
  expect(unresolved, 'unresolved users').toBeGreaterThanOrEqual(0);
  return report;
}

/** Commands whose document is no report. */
const OTHERS = new Set(['doctor', 'alert', 'history']);

/** What must hold for every run, whatever the test is about. */
function expectGoodManners(args: readonly string[], end: Finished, options: CliOptions): void {
  expectNoCanary([end.stdout, end.stderr, ...Object.values(end.files)].join('\n'));
  expect(`${end.stdout}${end.stderr}`, 'a password').not.toContain(passwordIn(options.url));
  for (const secret of secretsOf(args, options)) {
    expect([end.stdout, end.stderr, ...Object.values(end.files)].join('\n'), 'a secret').not.toContain(secret);
  }
  expect(end.said.length, `more than one line of plain text on stderr: ${end.stderr}`).toBeLessThanOrEqual(1);
  expect(end.said.join(), 'a stack trace').not.toMatch(/\bat (\S+ \()?(file|node):/);
  expect(Object.keys(end.files).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  const whole = end.signal === null && (options.stdout === undefined || options.stdout === 'pipe');
  if (whole && !OTHERS.has(args[0] ?? '')) expectReports(args, end);
}

function expectReports(args: readonly string[], end: Finished): void {
  const printed = args.includes('--json') && end.stdout !== '' ? [end.json()] : [];
  const written = Object.entries(end.files).filter(([name]) => args[args.indexOf('--report') + 1] === name);
  // --busy-ok is about the process, not about the run; and a report that cannot be kept is a failure after the run.
  const differs = args.includes('--busy-ok') || end.said.some((line) => /--(report|metrics-file)/.test(line));
  for (const report of [...printed, ...written.map(([, text]) => reportIn(text))]) {
    if (!differs) expect(end.code).toBe(report.exitCode);
  }
  if (args.includes('--json') && end.stdout === '') {
    expect(args.includes('--quiet') || end.said.length === 1, 'neither a report nor a reason').toBe(true);
  }
}

/** Values that are nobody's business: a token, and what makes a URL a secret. */
function secretsOf(args: readonly string[], { env = {} }: CliOptions): string[] {
  const flag = args[args.indexOf('--ping-url') + 1];
  const urls = [env.USERDRIFT_PING_URL, env.SLACK_WEBHOOK_URL, ...(args.includes('--ping-url') ? [flag] : [])];
  const paths = urls.map((url) => URL.parse(url ?? '')?.pathname ?? url);
  return [env.GITHUB_TOKEN, ...paths].filter((secret) => secret !== undefined && secret.length > 3) as string[];
}

function passwordIn(url: string | undefined): string {
  const password = /^[a-z]+:\/\/[^:/@]*:([^@]+)@/.exec(url ?? '')?.[1];
  return password === undefined ? '\0' : decodeURIComponent(password);
}
