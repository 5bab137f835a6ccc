import type { Examination } from '../examination.ts';
import { masthead, place } from './header.ts';
import { type Look, mark, paint, type Tone } from './look.ts';
import { printable, printableReport } from './printable.ts';
import { counted, duration } from './units.ts';
import { columns, hang } from './wrap.ts';

type Finding = Examination['findings'][number];

const TONES: Record<Finding['level'], Tone> = { ok: 'good', warning: 'warn', problem: 'bad' };
const WORST_FIRST: readonly Finding['level'][] = ['problem', 'warning', 'ok'];
const NARROWEST = 40;
/** The longest topic and two spaces. */
const LABEL = 12;

/** The findings of doctor for people: the verdict, every finding under its topic with its fix, one line to grep for. */
export function renderExamination(examination: Examination, look: Look): string {
  const page = { ...look, width: Math.max(NARROWEST, look.width) };
  const shown = printableReport(examination, look.unicode);
  const blocks = [
    masthead('userdrift doctor', [tables(shown), place(shown.database)], page),
    verdict(shown, page),
    topics(shown, page),
  ];
  const last = [
    ...nextLines(shown, page),
    ...hang('', closing(shown), page.width, 2).map((line) => paint('dim', line, page)),
  ];
  return `${[...blocks, last].map((block) => block.join('\n')).join('\n\n')}\n`;
}

function tables({ source, target }: Examination): string {
  return target === '' ? source : `${source} -> ${target}`;
}

function verdict(examination: Examination, look: Look): string[] {
  const [tone, word, text] = judge(examination);
  const head = `${mark(tone, look)} ${word}`;
  const [first = '', ...others] = hang(`${head}  `, text, look.width, 2);
  return [`${paint(tone, head, look)}${first.slice(head.length)}`, ...others];
}

function judge({ counts: { warning, problem }, findings }: Examination): [Tone, string, string] {
  const also = warning > 0 ? `; ${counted(warning, 'warning')}` : '';
  const open = findings.filter(({ level, about }) => level === 'problem' && about === 'access').length;
  const exposed = `${counted(open, 'problem')} with who gets at what`;
  if (problem > open) {
    const both = open > 0 ? `; ${exposed}` : '';
    return ['bad', 'NOT READY', `${counted(problem - open, 'problem')} in the way of a sync${both}${also}`];
  }
  if (open > 0)
    return ['bad', 'OPEN', `nothing stops a sync, but there ${open === 1 ? 'is' : 'are'} ${exposed}${also}`];
  if (warning > 0) return ['warn', 'READY', `nothing stops a sync; ${counted(warning, 'warning')}`];
  return ['good', 'READY', 'nothing is in the way of a sync'];
}

/** The findings by topic, in the order in which the topics appear; what is bad leads its topic. */
function topics({ findings }: Examination, look: Look): string[] {
  const abouts = [...new Set(findings.map(({ about }) => about))];
  return abouts.flatMap((about) => {
    const own = WORST_FIRST.flatMap((level) =>
      findings.filter((finding) => finding.about === about && finding.level === level),
    );
    return own.flatMap((finding, index) => drawn(finding, index === 0 ? about : '', look));
  });
}

function drawn(finding: Finding, label: string, look: Look): string[] {
  const tone = TONES[finding.level];
  const sign = mark(tone, look);
  const beside = look.width >= 60;
  const head = beside ? `  ${label.padEnd(LABEL)}` : '  ';
  const at = columns(head) + columns(sign) + 1;
  const [first = '', ...others] = hang(
    `${head}${sign} `,
    `${finding.fact} ${codeOf(finding)}`.trimEnd(),
    look.width,
    at,
  );
  // Never wrapped: it is there to be copied.
  const fix = finding.fix === null ? [] : [`${' '.repeat(at)}fix: ${finding.fix}`];
  const rest = first.slice(head.length + sign.length);
  return [
    ...(beside || label === '' ? [] : [`  ${label}`]),
    `${head}${paint(tone, sign, look)}${rest}`,
    ...others,
    ...fix,
  ];
}

/** What a person searches the documentation for. */
function codeOf({ level, code }: Finding): string {
  return level === 'ok' ? '' : `(${code})`;
}

function nextLines({ counts }: Examination, look: Look): string[] {
  const command = counts.problem > 0 ? 'userdrift doctor, once the problems are fixed' : 'userdrift check';
  const [first = '', ...others] = hang(
    'Next: ',
    `${command}${counts.problem > 0 ? '' : printable(look.again ?? '', look.unicode)}`,
    look.width,
    2,
  );
  return [`${paint('bold', 'Next:', look)}${first.slice('Next:'.length)}`, ...others];
}

/** `doctor, exit 0, 0.2s, read-only, 14 ok, 2 warnings, 0 problems` */
function closing({ exitCode, durationMs, counts }: Examination): string {
  const { ok, warning, problem } = counts;
  const found = [`${ok} ok`, counted(warning, 'warning'), counted(problem, 'problem')];
  return ['doctor', `exit ${exitCode}`, duration(durationMs), 'read-only', ...found].join(', ');
}
