import type { Parsed } from './parsed.ts';

/** A line `NAME=value` of a crontab. */
export interface Assignment {
  name: string;
  value: string;
}

const ZONES = new Set(['CRON_TZ', 'TZ']);

/** `NAME=value`, `NAME = "value"`; null: the line is none. cron expands nothing in the value, and neither do we. */
export function parseAssignment(line: string): Parsed<Assignment> | null {
  const [, name, rest] = /^([A-Za-z_]\w*)[ \t]*=[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
  if (name === undefined || rest === undefined) return null;
  if (rest === '') return { faults: [`${name}: no value, at which supercronic breaks off; write ${name}=""`] };
  const [, , quoted] = /^(["'])(.*)\1$/.exec(rest) ?? [];
  if (quoted === undefined && /^["']/.test(rest)) return { faults: [`${name}: the quote is not closed`] };
  const value = quoted ?? rest;
  const fault = ZONES.has(name) ? zoneFault(value) : null;
  return fault === null ? { value: { name, value } } : { faults: [`${name}: ${fault}`] };
}

/** The spelling counts: on Linux a zone is a file, and cron takes one that it does not find for UTC, without a word. */
function zoneFault(zone: string): string | null {
  const unknown = 'not a time zone; write UTC, or one such as Europe/Berlin';
  if (!/^[A-Za-z]/.test(zone)) return unknown;
  try {
    const known = new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone;
    return known !== zone && known.toLowerCase() === zone.toLowerCase() ? `write it ${known}` : null;
  } catch {
    return unknown;
  }
}
