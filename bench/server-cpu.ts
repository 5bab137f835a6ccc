import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = ticksPerSecond();

/**
 * The CPU seconds that the server with this postmaster has used so far, all its processes together, those that have ended
 * included: the postmaster is told what each of them used when it collects it. 0 where the system does not tell.
 */
export function serverCpuSeconds(postmaster: number): number {
  const all = statsOfAll();
  const own = all.find(({ pid }) => pid === postmaster);
  if (!own) return 0;
  const living = all.filter(({ parent }) => parent === postmaster);
  const ticks = own.used + own.usedByEnded + living.reduce((sum, { used }) => sum + used, 0);
  return ticks / TICKS_PER_SECOND;
}

interface Stat {
  pid: number;
  parent: number;
  /** Ticks, user and system. */
  used: number;
  usedByEnded: number;
}

function statsOfAll(): Stat[] {
  return processes().flatMap((pid) => {
    try {
      return [parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))];
    } catch {
      return [];
    }
  });
}

function processes(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** The fields of /proc/<pid>/stat by their numbers in proc(5); the name of the program may hold blanks and brackets. */
export function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return {
    pid: Number.parseInt(text, 10),
    parent: field(4),
    used: field(14) + field(15),
    usedByEnded: field(16) + field(17),
  };
}

function ticksPerSecond(): number {
  try {
    return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  } catch {
    return 100;
  }
}
