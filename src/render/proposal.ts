import type { PlannedColumn, Proposal, ShownCode } from '../proposal.ts';
import { masthead, place } from './header.ts';
import { type Look, mark, paint, type Tone } from './look.ts';
import { printable } from './printable.ts';
import { columns, hang } from './wrap.ts';

const NARROWEST = 40;
/** No name of a column needs more room than that beside its value. */
const WIDEST_NAME = 24;
const SQL_MAX = 2000;

/** What init proposes, for people: the table, the app's own function, and where each column gets its value. */
export function renderProposal(proposal: Proposal, look: Look): string {
  const page = { ...look, width: Math.max(NARROWEST, look.width) };
  const say = (text: string, max?: number) => printable(text, look.unicode, max);
  const head = masthead(
    'userdrift init',
    [say(`${proposal.source} -> ${proposal.target}`), say(place(proposal.database))],
    page,
  );
  const blocks = [
    head,
    tableBlock(proposal, page, say),
    ...proposal.code.map((code) => codeBlock(code, page, say)),
    columnBlock(proposal, page, say),
    remarkBlock(proposal, page, say),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n\n`;
}

type Say = (text: string, max?: number) => string;

function title(text: string, look: Look): string {
  return paint('bold', text, look);
}

function tableBlock({ target, key, reasons, others }: Proposal, look: Look, say: Say): string[] {
  const facts = [
    ...reasons,
    ...others.slice(0, 4).map((other) => `not ${other.target}: ${other.reasons.join(', ') || 'little speaks for it'}`),
  ];
  return [
    title(`Table ${say(target)}, key ${say(key)}`, look),
    ...facts.flatMap((fact) => hang('  ', say(fact), look.width, 4)),
  ];
}

function codeBlock({ trigger, function: run, lines, unread }: ShownCode, look: Look, say: Say): string[] {
  const who = trigger === null ? `${run}, which no trigger runs` : `Trigger ${trigger} runs ${run}`;
  const bar = look.unicode ? '│' : '|';
  const note = unread === null ? [] : hang('  ', `not taken over: ${say(unread)}`, look.width, 4);
  return [
    title(say(who), look),
    ...lines.map((line) => paint('dim', `  ${bar} ${say(line)}`.trimEnd(), look)),
    ...note,
  ];
}

const TONES: Readonly<Record<PlannedColumn['plan'], Tone | null>> = {
  key: 'good',
  mapped: 'good',
  left: null,
  open: 'bad',
};

function columnBlock(proposal: Proposal, look: Look, say: Say): string[] {
  if (proposal.columns.length === 0) return [];
  const names = proposal.columns.map(({ name }) => columns(say(name)));
  const room = look.width < 60 ? 0 : Math.min(WIDEST_NAME, Math.max(...names));
  return [title('Columns', look), ...proposal.columns.flatMap((column) => columnLines(column, room, look, say))];
}

function columnLines(
  { name, type, plan, expression, why, trigger, suggestion }: PlannedColumn,
  room: number,
  look: Look,
  say: Say,
): string[] {
  const tone = TONES[plan];
  const sign = tone === null ? '-' : mark(tone, look);
  const label = say(name).padEnd(room);
  const head = `  ${sign.padEnd(look.unicode ? 1 : 2)} ${label}  `;
  // In a narrow window, or beside a long name, what is said of a column stands below it.
  const at = room > 0 && columns(say(name)) <= room ? columns(head) : 6;
  const facts = [
    ...(expression === null ? [] : [say(expression, SQL_MAX)]),
    `${say(why, SQL_MAX)}${plan === 'open' ? ` (${say(type)})` : ''}`,
    ...(trigger === null ? [] : [say(trigger, SQL_MAX)]),
    ...(suggestion === null || suggestion.startsWith('<') ? [] : [`for example ${say(suggestion)}`]),
  ];
  const lines = facts.flatMap((fact, index) => {
    const beside = index === 0 && at === columns(head);
    const [first = '', ...rest] = hang(beside ? head : ' '.repeat(at), fact, look.width, at);
    const dim = index > 0 || expression === null;
    const body = beside ? first.slice(head.length) : first;
    const shown = dim && plan !== 'open' ? [body, ...rest].map((line) => paint('dim', line, look)) : [body, ...rest];
    return beside ? [`${painted(head, sign, tone, look)}${shown[0]}`, ...shown.slice(1)] : shown;
  });
  return at === columns(head) ? lines : [painted(head, sign, tone, look).trimEnd(), ...lines];
}

function painted(head: string, sign: string, tone: Tone | null, look: Look): string {
  return tone === null ? head : head.replace(sign, paint(tone, sign, look));
}

function remarkBlock({ remarks }: Proposal, look: Look, say: Say): string[] {
  if (remarks.length === 0) return [];
  const lines = remarks.flatMap(({ level, fact, fix }) => {
    const tone: Tone = level === 'problem' ? 'bad' : 'warn';
    const sign = mark(tone, look);
    const [first = '', ...rest] = hang(`  ${sign} `, say(fact, SQL_MAX), look.width, 4);
    return [
      first.replace(sign, paint(tone, sign, look)),
      ...rest,
      ...(fix === null ? [] : [`    fix: ${say(fix, SQL_MAX)}`]),
    ];
  });
  return [title('Before a sync', look), ...lines];
}
