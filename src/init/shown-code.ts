import type { ShownCode } from '../proposal.ts';
import type { TriggerMapping } from './trigger-mapping.ts';

const LONGEST = 40;
/** An Authorization header, an API key, a JSON Web Token, and any text that looks made by a machine. */
const KEY = /authorization|api[-_ ]?key|\bbearer\b|sb_secret_|secret|password|\beyJ[\w-]{10,}|'[\w+/=.-]{24,}'/i;

/** The function for a person to read: at most a screen of it, and no line that may hold a key. */
export function shownCode({ code, unread }: TriggerMapping): ShownCode {
  const all = code.text.replaceAll('\r', '').replaceAll('\t', '  ').split('\n');
  const lines = withoutEdges(all).map((line) =>
    KEY.test(line) ? `${/^ */.exec(line)?.[0]}-- a line that may hold a key is not shown` : line.trimEnd(),
  );
  const more = lines.length - LONGEST;
  const shown = more > 0 ? [...lines.slice(0, LONGEST), `-- and ${more} more ${more === 1 ? 'line' : 'lines'}`] : lines;
  return { trigger: code.trigger, function: code.function, lines: shown, unread };
}

function withoutEdges(lines: readonly string[]): string[] {
  const first = lines.findIndex((line) => line.trim() !== '');
  const last = lines.findLastIndex((line) => line.trim() !== '');
  return first < 0 ? [] : lines.slice(first, last + 1);
}
