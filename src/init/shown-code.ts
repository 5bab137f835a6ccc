import type { ShownCode } from '../proposal.ts';
import { mayHoldKey } from './keys.ts';
import type { TriggerMapping } from './trigger-mapping.ts';

const LONGEST = 40;

/** The function for a person to read: at most a screen of it, and no line that may hold a key. */
export function shownCode({ code, unread }: TriggerMapping): ShownCode {
  const all = code.text.replaceAll('\r', '').replaceAll('\t', '  ').split('\n');
  const lines = withoutEdges(all).map((line) =>
    mayHoldKey(line) ? `${/^ */.exec(line)?.[0]}-- a line that may hold a key is not shown` : line.trimEnd(),
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
