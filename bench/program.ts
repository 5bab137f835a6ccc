import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Report, reportSchema } from '../src/report.ts';
import { type Ended, runMeasured } from './child.ts';
import { CONFIG } from './population.ts';

/** userdrift as the package ships it. */
export interface Program {
  run(args: readonly string[], env?: Record<string, string>): Promise<Ended>;
  /** A run with `--json`. Throws when it printed no report. */
  report(args: readonly string[], env?: Record<string, string>): Promise<Ended & { report: Report }>;
  remove(): void;
}

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const COMPILER = fileURLToPath(new URL('bin/tsc', import.meta.resolve('typescript/package.json')));

/** Builds the sources of this clone into a temporary folder that looks like the installed package; it has no sources. */
export function buildProgram(): Program {
  const folder = mkdtempSync(join(tmpdir(), 'userdrift-bench-'));
  const bin = join(folder, 'bin/userdrift.js');
  const cwd = join(folder, 'project');
  for (const path of ['bin', 'project']) mkdirSync(join(folder, path));
  copyFileSync(join(ROOT, 'bin/userdrift.js'), bin);
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const project = join(ROOT, 'tsconfig.build.json');
  execFileSync(process.execPath, [COMPILER, '-p', project, '--outDir', join(folder, 'dist')], { stdio: 'inherit' });
  writeFileSync(join(cwd, 'userdrift.config.json'), JSON.stringify(CONFIG));
  const run: Program['run'] = (args, env = {}) => runMeasured(bin, args, { cwd, env });
  return {
    run,
    async report(args, env) {
      const ended = await run([...args, '--json'], env);
      if (ended.stdout === '') throw new Error(`userdrift ${args.join(' ')}: exit ${ended.code}: ${ended.stderr}`);
      return { ...ended, report: reportSchema.parse(JSON.parse(ended.stdout)) };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
