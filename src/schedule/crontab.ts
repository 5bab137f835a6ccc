import { type Assignment, parseAssignment } from './assignment.ts';
import { argumentsIn } from './command-words.ts';
import type { Parsed } from './parsed.ts';
import { parseTime, type TimeFields } from './time-fields.ts';
import { splitWords } from './words.ts';

/** One line of a crontab that runs something. */
export interface Line {
  /** From 1. */
  number: number;
  /** The time as written, blanks made one: five fields, or @hourly and the like. */
  time: string;
  fields: TimeFields;
  /** CRON_TZ, or TZ, of the file; UTC without. */
  timeZone: string;
  /** Arguments of userdrift, the command first. */
  args: string[];
  /** What the assignments of the file set for the command. */
  variables: Readonly<Record<string, string>>;
}

/** A fault of the file: the number of the line, and what is wrong with it. */
export interface LineFault {
  line: number;
  message: string;
}

/** Says what is wrong with the arguments of userdrift; null: nothing. */
export type Judge = (args: readonly string[]) => string | null;

/**
 * Parses a crontab; `judge` knows the flags. Gives its lines, and every fault of the file. What is accepted means the same to
 * cron, supercronic and node-cron.
 */
export function parseCrontab(text: string, judge: Judge): { lines: Line[]; faults: LineFault[] } {
  const variables: Record<string, string> = {};
  const lines: Line[] = [];
  const faults: LineFault[] = [];
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const number = index + 1;
    const read = readLine(raw);
    if (read === null) continue;
    if (read.faults) faults.push(...read.faults.map((message) => ({ line: number, message })));
    else if ('name' in read.value) {
      const fault = misplaced(read.value.name, variables, lines);
      if (fault === null) variables[read.value.name] = read.value.value;
      else faults.push({ line: number, message: fault });
    } else {
      const complaint = judge(read.value.args);
      if (complaint !== null) faults.push({ line: number, message: complaint });
      const timeZone = variables.CRON_TZ ?? variables.TZ ?? 'UTC';
      lines.push({ ...read.value, number, timeZone, variables: { ...variables } });
    }
  }
  return { lines, faults };
}

/** cron lets an assignment hold for the lines below it, supercronic the last one of a name for all lines. */
function misplaced(name: string, before: Readonly<Record<string, string>>, lines: readonly Line[]): string | null {
  if (lines.length > 0) return `${name}: an assignment stands above the first line that runs something`;
  return Object.hasOwn(before, name) ? `${name}: given twice` : null;
}

type Task = Pick<Line, 'time' | 'fields' | 'args'>;

/** null: a comment, or nothing at all. */
function readLine(raw: string): Parsed<Assignment | Task> | null {
  const line = raw.replace(/^[ \t]+|[ \t]+$/g, '');
  if (line === '' || line.startsWith('#')) return null;
  if (line.endsWith('\r'))
    return { faults: ['a Windows line end, which cron hands to the command; save the file with LF'] };
  if (/(?!\t)\p{Cc}/u.test(line)) return { faults: ['a control character'] };
  return parseAssignment(line) ?? readTask(line);
}

function readTask(line: string): Parsed<Task> {
  const [, when, command = ''] = /^(@\S+|\S+(?:[ \t]+\S+){4})(?:[ \t]+(.*))?$/.exec(line) ?? [];
  if (when === undefined)
    return { faults: ['expected five time fields and a command, a line NAME=value, or a # comment'] };
  if (/^[\d*]/.test(command) && !when.startsWith('@')) {
    return { faults: ['six time fields; cron knows no seconds: minute, hour, day of month, month, day of week'] };
  }
  const time = parseTime(when);
  const words = splitWords(command);
  const args = words.value && argumentsIn(words.value);
  if (time.value && args?.value)
    return { value: { time: when.replace(/[ \t]+/g, ' '), fields: time.value, args: args.value } };
  return { faults: [...(time.faults ?? []), ...(words.faults ?? []), ...(args?.faults ?? [])] };
}
