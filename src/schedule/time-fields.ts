import type { Parsed } from './parsed.ts';

/** When a line runs: the values that each of its five fields allows, ascending. Sunday is 0. */
export interface TimeFields {
  minutes: number[];
  hours: number[];
  daysOfMonth: number[];
  months: number[];
  daysOfWeek: number[];
}

interface Kind {
  name: string;
  from: number;
  to: number;
  /** Names of the values, the first one that of `from`. */
  names: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const KINDS: readonly Kind[] = [
  { name: 'minute', from: 0, to: 59, names: [] },
  { name: 'hour', from: 0, to: 23, names: [] },
  { name: 'day of month', from: 1, to: 31, names: [] },
  { name: 'month', from: 1, to: 12, names: MONTHS },
  { name: 'day of week', from: 0, to: 6, names: DAYS },
];

/** The words for five fields that cron and supercronic share. */
export const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const LONGEST_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Parses five fields, or a nickname. Only what every cron reads in one way is taken: cron starts a line when either of two
 * day fields matches, node-cron when both do, so a line names days in one field; `5/15`, `L`, `?`, ranges that run
 * backwards or to day 7 mean something in some of them only.
 */
export function parseTime(text: string): Parsed<TimeFields> {
  if (text.startsWith('@')) return parseNickname(text);
  const words = text.split(/[ \t]+/);
  const fields = KINDS.map((kind, index) => parseField(words[index] ?? '', kind));
  const faults = fields.flatMap((field) => field.faults ?? []);
  const [minutes = [], hours = [], daysOfMonth = [], months = [], daysOfWeek = []] = fields.map(
    ({ value }) => value ?? [],
  );
  if (faults.length > 0) return { faults };
  const value = { minutes, hours, daysOfMonth, months, daysOfWeek };
  const conflict = conflictOf(value, words);
  return conflict === null ? { value } : { faults: [conflict] };
}

function parseNickname(text: string): Parsed<TimeFields> {
  const fields = NICKNAMES[text];
  if (fields !== undefined) return parseTime(fields);
  if (text === '@reboot') {
    return { faults: ['@reboot is not a time; userdrift schedule --run-at-start runs every line once when it starts'] };
  }
  return { faults: [`${text} is not known; write ${Object.keys(NICKNAMES).join(', ')}, or five fields`] };
}

function conflictOf({ daysOfMonth, months }: TimeFields, [, , day, , weekday]: string[]): string | null {
  if (day !== '*' && weekday !== '*') {
    return 'both day fields are set, which cron and others read in two ways; put a * into one of them, or write two lines';
  }
  const possible = months.some((month) => daysOfMonth.some((date) => date <= (LONGEST_MONTH[month - 1] ?? 0)));
  return possible ? null : 'no such day exists in any of these months, so it would never run';
}

function parseField(text: string, kind: Kind): Parsed<number[]> {
  const parts = text.split(',').map((part) => parsePart(part, kind));
  const faults = parts.flatMap((part) => part.faults ?? []);
  if (faults.length > 0) return { faults: faults.slice(0, 1).map((fault) => `${kind.name} "${text}": ${fault}`) };
  return { value: ascending(parts.flatMap((part) => part.value ?? [])) };
}

/** One of `*`, `7`, `1-5`, each range with `/2` or without. */
function parsePart(part: string, kind: Kind): Parsed<number[]> {
  const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d{1,2}))?$/.exec(part);
  if (!match)
    return { faults: [`expected *, a number, a range such as 1-5, a list, or any range with a step such as */5`] };
  const [, all, first = '', second, stepText] = match;
  // Sunday's other number; supercronic takes it alone, and in no range.
  if (part === '7' && kind.names === DAYS) return { value: [0] };
  const from = all ? kind.from : numberOf(first, kind);
  const last = all ? kind.to : numberOf(second ?? first, kind);
  if (from === null || last === null) return { faults: [`expected values from ${kind.from} to ${kind.to}`] };
  if (from > last) return { faults: [`the range runs backwards; write it as two, with a comma between`] };
  if (stepText !== undefined && !all && second === undefined) {
    return { faults: [`a step needs a range; write ${first}-${kind.to}/${stepText}`] };
  }
  const step = Number(stepText ?? 1);
  if (step < 1 || step > kind.to) return { faults: [`a step is from 1 to ${kind.to}`] };
  return { value: Array.from({ length: Math.floor((last - from) / step) + 1 }, (_, index) => from + index * step) };
}

function numberOf(text: string, { from, to, names }: Kind): number | null {
  const named = names.indexOf(text.toLowerCase());
  const value = named >= 0 ? named + from : /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
  return value >= from && value <= to ? value : null;
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}
