import type { PlannedColumn } from '../proposal.ts';
import { type Look, mark, paint, type Tone } from './look.ts';
import { printable } from './printable.ts';
import { columns, hang } from './wrap.ts';

/** No name of a column needs more room than that beside its value. */
const WIDEST_NAME = 24;
/** An expression may be pasted: it is not cut short. */
export const SQL_MAX = 2000;

const TONES: Readonly<Record<PlannedColumn['plan'], Tone | null>> = {
  key: 'good',
  mapped: 'good',
  left: null,
  open: 'bad',
};

/** Each column with where its value comes from, and why. */
export function planBlock(plans: readonly PlannedColumn[], look: Look): string[] {
  const names = plans.map(({ name }) => columns(printable(name, look.unicode)));
  const room = look.width < 60 ? 0 : Math.min(WIDEST_NAME, Math.max(...names));
  return plans.flatMap((plan) => planLines(plan, room, look));
}

interface Fact {
  text: string;
  dim: boolean;
}

function factsOf({ type, plan, expression, why, trigger, suggestion }: PlannedColumn): Fact[] {
  return [
    ...(expression === null ? [] : [{ text: expression, dim: false }]),
    { text: plan === 'open' ? `${why} (${type})` : why, dim: plan !== 'open' },
    ...(trigger === null ? [] : [{ text: trigger, dim: true }]),
    ...(suggestion === null || suggestion.startsWith('<') ? [] : [{ text: `for example ${suggestion}`, dim: false }]),
  ];
}

function planLines(column: PlannedColumn, room: number, look: Look): string[] {
  const tone = TONES[column.plan];
  const sign = tone === null ? '-' : mark(tone, look);
  const name = printable(column.name, look.unicode);
  const head = `  ${tone === null ? sign : paint(tone, sign, look)}${' '.repeat((look.unicode ? 2 : 3) - sign.length)}`;
  const indent = look.unicode ? 4 : 5;
  const beside = room > 0 && columns(name) <= room;
  // In a narrow window, or beside a long name, what is said of a column stands below it.
  const at = beside ? indent + room + 2 : indent + 2;
  const lines = factsOf(column).flatMap(({ text, dim }) =>
    hang(' '.repeat(at), printable(text, look.unicode, SQL_MAX), look.width, at).map((line) => {
      const shown = line.slice(at);
      return `${' '.repeat(at)}${dim ? paint('dim', shown, look) : shown}`;
    }),
  );
  const [first = '', ...rest] = lines;
  if (!beside) return [`${head}${name}`, ...lines];
  return [`${head}${name.padEnd(room + 2)}${first.slice(at)}`, ...rest];
}
