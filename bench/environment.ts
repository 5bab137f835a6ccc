import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { SETTINGS } from './settings.ts';
import { table } from './tables.ts';

/** Where and with what a bench ran. */
export interface Environment {
  readonly machine: string;
  readonly system: string;
  readonly versions: string;
  readonly commit: string;
  readonly date: string;
  /** Of the last minute, before the bench began: above 0.5 somebody else was at work. */
  readonly load: string;
}

/** Looks at this machine, now. */
export function lookAround(serverVersion: string): Environment {
  const all = cpus();
  return {
    machine: `${all.length} × ${all[0]?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GB memory`,
    system: `${type()} ${release()}`,
    versions: `PostgreSQL ${serverVersion}, Node.js ${process.versions.node}`,
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
    load: loadavg()[0]?.toFixed(2) ?? 'unknown',
  };
}

function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim();
    const changed = git('status', '--porcelain', '--', 'src', 'bin', 'bench') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' with changes' : ''}`;
  } catch {
    return 'unknown';
  }
}

/** What every region says of its own run, for runs can be merged. */
export function caption(scale: string, { machine, versions, commit, date, load }: Environment): string {
  return `${scale}; ${date}, commit ${commit}, ${machine}, ${versions}, load before the run ${load}.`;
}

/** The machine, the versions and the settings of the server. */
export function environmentTable(environment: Environment): string {
  const settings = Object.entries(SETTINGS).map(([name, value]) => `\`${name} = ${value}\``);
  return table(
    ['What', 'With'],
    [
      ['Machine', environment.machine],
      ['System', environment.system],
      ['Versions', environment.versions],
      ['Commit', environment.commit],
      ['Date', environment.date],
      ['Load before the run', environment.load],
      ['Server settings', settings.join(', ')],
      ['Where', 'client, server and load share the machine; TCP on 127.0.0.1, no TLS'],
    ],
  );
}
