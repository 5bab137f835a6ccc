import type { Proposal, ShownCode } from '../proposal.ts';
import { masthead, place } from './header.ts';
import { type Look, mark, paint, type Tone } from './look.ts';
import { planBlock, SQL_MAX } from './plan.ts';
import { printable } from './printable.ts';
import { hang } from './wrap.ts';

const NARROWEST = 40;

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
    proposal.columns.length === 0 ? [] : [title('Columns', page), ...planBlock(proposal.columns, page)],
    remarkBlock(proposal, page, say),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n\n`;
}

/** What there is to say of answers that were given after the proposal was shown; empty: nothing. */
export function renderRemarks(remarks: Proposal['remarks'], look: Look): string {
  const page = { ...look, width: Math.max(NARROWEST, look.width) };
  const lines = remarkBlock({ remarks }, page, (text, max) => printable(text, look.unicode, max));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n\n`;
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
  const code = lines.flatMap((line) => codeLine(say(line), bar, look.width));
  const note = unread === null ? [] : hang('  ', `not taken over: ${say(unread)}`, look.width, 4);
  return [title(say(who), look), ...code.map((line) => paint('dim', line, look)), ...note];
}

/** What has no room goes on below, further in. */
function codeLine(line: string, bar: string, width: number): string[] {
  const lead = `  ${bar} ${/^ */.exec(line)?.[0] ?? ''}`;
  const [first = '', ...rest] = hang(lead, line.trimStart(), width, lead.length + 4);
  return [first, ...rest.map((more) => `  ${bar} ${more.slice(4)}`)];
}

function remarkBlock({ remarks }: Pick<Proposal, 'remarks'>, look: Look, say: Say): string[] {
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
