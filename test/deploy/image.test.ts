import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { complaintOf } from '../support/command-line.ts';
import { instruction, instructions } from '../support/dockerfile.ts';

describe('the Dockerfile', () => {
  it('has both stages on one base, pinned by digest, of the Node.js that the tests run on', () => {
    const bases = instructions('FROM').map((base) => base.replace(/^--platform=\S+ /, '').replace(/ AS \w+$/, ''));
    expect(new Set(bases).size).toBe(1);
    expect(bases).toHaveLength(2);
    expect(bases[0]).toMatch(/^docker\.io\/library\/node:\$\{NODE_TAG\}@\$\{NODE_DIGEST\}$/);
    const { devDependencies } = z
      .object({ devDependencies: z.object({ node: z.string() }) })
      .parse(JSON.parse(readFileSync('package.json', 'utf8')));
    expect(instructions('ARG')).toContain(`NODE_TAG=${devDependencies.node}-trixie-slim`);
    expect(instructions('ARG').filter((argument) => /^NODE_DIGEST=sha256:[0-9a-f]{64}$/.test(argument))).toHaveLength(
      1,
    );
  });

  it('runs no install script of a dependency and keeps no build dependency', () => {
    const installs = instructions('RUN').flatMap((line) => line.match(/npm ci[^&]*/g) ?? []);
    expect(installs.filter((line) => !line.includes('--ignore-scripts'))).toEqual([]);
    expect(installs.at(-1)).toContain('--omit=dev');
  });

  it('runs a command that userdrift takes, and not npm', () => {
    expect(instruction('ENTRYPOINT')).toBe('["node", "/opt/userdrift/bin/userdrift.js"]');
    const words = z.array(z.string()).parse(JSON.parse(instructions('CMD').at(-1) ?? ''));
    expect(complaintOf(words)).toBeNull();
  });

  it('ends as a number that is not root', () => {
    expect(instruction('USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  });
});

describe('the build context', () => {
  const lines = readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const [first, ...allowed] = lines;

  it('leaves everything out but what is named, and all of that exists', () => {
    expect(first).toBe('*');
    expect(allowed.filter((line) => !line.startsWith('!'))).toEqual([]);
    expect(allowed.filter((line) => globSync(line.slice(1)).length === 0)).toEqual([]);
  });

  it('has no secret and no test in it', () => {
    const paths = allowed.map((line) => line.slice(1));
    expect(paths.filter((path) => /^(\.|test|node_modules)/.test(path) || path.includes('env'))).toEqual([]);
  });

  it('has what the Dockerfile copies', () => {
    const named = [...instructions('COPY'), ...instructions('RUN')].join(' ').match(/\b(deploy|scripts)\/\S+/g) ?? [];
    expect(named).toEqual(expect.arrayContaining(['scripts/build.ts', 'deploy/healthcheck.js']));
    expect(named.filter((path) => !existsSync(path) || !allowed.includes(`!${path}`))).toEqual([]);
  });
});

// Each waits for a process of its own, one of them for 4 s.
describe.concurrent('the health check', () => {
  const folder = mkdtempSync(join(tmpdir(), 'userdrift-health-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Its exit code where process 1 was started with these words, against a server that answers like this. */
  async function health(
    words: readonly string[],
    answer: RequestListener,
  ): Promise<{ code: number | null; asked: string[] }> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      answer(request, response);
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const file = join(folder, `cmdline-${port}`);
    writeFileSync(file, words.map((word) => `${word.replace('PORT', String(port))}\0`).join(''));
    const child = spawn(process.execPath, ['deploy/healthcheck.js', file], { stdio: 'ignore' });
    const code = await new Promise<number | null>((resolve) => void child.once('close', resolve));
    server.closeAllConnections();
    server.close();
    return { code, asked };
  }

  const ok: RequestListener = (_, response) => void response.end('ok');
  const sick: RequestListener = (_, response) => void response.writeHead(503).end();
  const silent: RequestListener = () => {};
  const node = ['node', '/opt/userdrift/bin/userdrift.js'];

  it.for([
    ['the schedule answers', [...node, 'schedule', '--host', '0.0.0.0', '--port', 'PORT'], ok, 0],
    [
      'behind an init, other flags before',
      ['/sbin/docker-init', '--', ...node, 'schedule', '--crontab', 'x', '--port=PORT'],
      ok,
      0,
    ],
    ['on the address that it was given', [...node, 'schedule', '--host=127.0.0.1', '--port', 'PORT'], ok, 0],
    ['it answers with 503', [...node, 'schedule', '--port', 'PORT'], sick, 1],
    ['it says nothing', [...node, 'schedule', '--port', 'PORT'], silent, 1],
    ['nobody listens', [...node, 'schedule', '--port', '1'], ok, 1],
  ] as const)('%s', async ([, words, answer, expected]) => {
    const { code, asked } = await health(words, answer);
    expect(code).toBe(expected);
    expect(new Set(asked)).toEqual(new Set(words.includes('1' as never) ? [] : ['/livez']));
  });

  it.for([
    [[...node, 'check', '--quiet']],
    [[...node, 'sync', '--target', 'public.schedule']],
    [[...node, 'check', '--target', 'schedule']],
    [['/sbin/init']],
  ])('a one-shot run is healthy and is not asked: %j', async ([words = []]) => {
    expect(await health(words, sick)).toEqual({ code: 0, asked: [] });
  });
});
